/** Reading and syncing spool files, in the storage Worker. */
import { closeSync, fdatasyncSync, fsyncSync, openSync, readdirSync } from 'node:fs'
import { appendFile, mkdir, open, readFile, rename } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type Batch, columnOrder, parseSpool } from './ledger-line.ts'

/** Makes what was written to these files, and their names, survive power loss. Throws when the disk refuses. */
export const syncFiles = (paths: readonly string[]): void => {
  for (const path of paths) withFile(path, fdatasyncSync)
  for (const folder of new Set(paths.map(dirname))) withFile(folder, fsyncSync)
}

const withFile = (path: string, use: (file: number) => void): void => {
  const file = openSync(path, 'r')
  try {
    use(file)
  } finally {
    closeSync(file)
  }
}

/** Some lines of a spool file, and how to read any of them. */
export interface SpoolPart {
  readonly lines: readonly string[]
  /** Broken lines are left out, and reported when `report` is true. */
  readonly parse: (lines: readonly string[], report: boolean) => Batch
}

/** A spool file in order, in parts of at most `size` lines. */
export const readSpool = async function* (
  path: string,
  size: number,
  onProblem: (message: string) => void,
): AsyncGenerator<SpoolPart> {
  const text = await readFile(path, 'utf8')
  // What follows the last newline is a line that is being written, or was never finished.
  const [header, ...lines] = text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1)
  if (header === undefined) return
  const order = columnOrder(header)
  if (order === undefined) {
    const kept = join(dirname(dirname(path)), `rejected-${basename(dirname(path))}-${basename(path)}`)
    await rename(path, kept)
    onProblem(`a spool file without a header cannot be read: it is kept as ${kept}`)
    return
  }
  const onBroken = (line: string) =>
    onProblem(`skipped a broken line of ${line.length} characters in ${path}`)
  const parse: SpoolPart['parse'] = (part, report) => parseSpool(part, order, report ? onBroken : () => {})
  for (let start = 0; start < lines.length; start += size) {
    yield { lines: lines.slice(start, start + size), parse }
  }
}

/** The files of one instance's spool folder, oldest first. */
export const spoolFiles = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .map((name) => join(folder, name))

/** Keeps a line that no database takes, for a person to look at: nothing is thrown away. */
export const keepRejected = async (folder: string, line: string): Promise<string> => {
  const path = join(folder, 'rejected.jsonl')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await appendFile(path, `${line}\n`, { mode: 0o600 })
  const file = await open(path, 'r')
  try {
    await file.datasync()
  } finally {
    await file.close()
  }
  return path
}
