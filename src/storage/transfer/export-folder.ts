/** An export as a folder: `manifest.json`, and a file of JSON lines for each table. */
import {
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../../errors.ts'
import type { Database } from '../database.ts'
import type { Manifest, TableLines, TableSummary } from './manifest.ts'
import { pageSize } from './read-rows.ts'
import { type ImportOptions, importDatabase, readDatabase, type TransferSource } from './transfer.ts'

const manifestName = 'manifest.json'

/**
 * Writes everything into a folder that is empty or not there yet, readable by its owner only. The manifest comes
 * last: without it an export is not whole. Throws `conflict` for a folder with something in it.
 */
export const exportToFolder = async (database: Database, folder: string): Promise<Manifest> => {
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new GatewayError('conflict', `${folder} is not empty: name a new folder`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const manifest = await readDatabase(database, async ({ schema, tables, summaries }): Promise<Manifest> => {
    for await (const { table, lines } of tables) {
      const file = openSync(join(folder, `${table.name}.jsonl`), 'wx', 0o600)
      try {
        for await (const page of lines) writeWhole(file, page.map((line) => `${line}\n`).join(''))
        fsyncSync(file)
      } finally {
        closeSync(file)
      }
    }
    return { format: 'tollgate-export', version: 1, schema, tables: summaries() }
  })
  writeFileSync(join(folder, manifestName), `${JSON.stringify(manifest, undefined, 2)}\n`, { mode: 0o600 })
  return manifest
}

const writeWhole = (file: number, text: string): void => {
  const bytes = Buffer.from(text)
  for (let place = 0; place < bytes.length; ) place += writeSync(file, bytes, place)
}

/** Reads such a folder into a database. Throws as `importDatabase`, and `config_invalid` for what is no export. */
export const importFromFolder = async (
  database: Database,
  folder: string,
  options?: ImportOptions,
): Promise<readonly TableSummary[]> => {
  const manifest = readManifest(folder)
  const tables = async function* (): AsyncGenerator<TableLines> {
    for (const table of manifest.tables) yield { table, lines: linesOf(join(folder, `${table.name}.jsonl`)) }
  }
  const source: TransferSource = {
    schema: manifest.schema,
    tables: tables(),
    summaries: () => manifest.tables,
  }
  return importDatabase(database, source, options)
}

/** Ends at line feeds only: a JSON text may hold other characters that end lines elsewhere. */
const linesOf = async function* (path: string): AsyncGenerator<readonly string[]> {
  let page: string[] = []
  let rest = ''
  for await (const text of createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 18 })) {
    const lines = `${rest}${text}`.split('\n')
    rest = lines.pop() ?? ''
    page.push(...lines)
    for (; page.length >= pageSize; page = page.slice(pageSize)) yield page.slice(0, pageSize)
  }
  if (rest !== '') page.push(rest)
  if (page.length > 0) yield page
}

const readManifest = (folder: string): Manifest => {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(join(folder, manifestName), 'utf8'))
  } catch (error) {
    throw new GatewayError(
      'config_invalid',
      `${folder} has no readable ${manifestName}: it is no export, or one that did not come to its end`,
      { cause: error },
    )
  }
  if (isManifest(value)) return value
  throw new GatewayError('config_invalid', `${join(folder, manifestName)} is not one of this release`)
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string')

const isManifest = (value: unknown): value is Manifest =>
  isObject(value) &&
  value['format'] === 'tollgate-export' &&
  value['version'] === 1 &&
  isTexts(value['schema']) &&
  Array.isArray(value['tables']) &&
  value['tables'].every(
    (table: unknown) =>
      isObject(table) &&
      typeof table['name'] === 'string' &&
      // A name is a file's: it must not lead elsewhere.
      /^[a-z_]{1,60}$/.test(table['name']) &&
      typeof table['rows'] === 'number' &&
      typeof table['sha256'] === 'string' &&
      isTexts(table['key']) &&
      Array.isArray(table['columns']) &&
      table['columns'].every(
        (column: unknown) =>
          isObject(column) &&
          typeof column['name'] === 'string' &&
          (column['type'] === 'text' || column['type'] === 'integer'),
      ),
  )
