/** What an export says of itself. */
import { createHash } from 'node:crypto'
import type { CatalogTable } from './catalog.ts'

export interface TableSummary {
  readonly name: string
  readonly rows: number
  /** SHA-256 of its lines, each with its line end. */
  readonly sha256: string
}

export interface ExportedTable extends TableSummary, CatalogTable {}

export interface Manifest {
  readonly format: 'tollgate-export'
  readonly version: 1
  /** Names of the migrations that made the schema. */
  readonly schema: readonly string[]
  /** A table comes after those that its rows refer to. */
  readonly tables: readonly ExportedTable[]
}

/** Rows of one table as lines: JSON arrays in the order of its columns, integers as decimal strings. */
export interface TableLines {
  readonly table: CatalogTable
  readonly lines: AsyncIterable<readonly string[]>
}

/** Adds up what a table's lines come to. */
export const createTally = () => {
  const hash = createHash('sha256')
  let rows = 0
  return {
    add: (lines: readonly string[]): void => {
      rows += lines.length
      for (const line of lines) hash.update(`${line}\n`)
    },
    summary: (name: string): TableSummary => ({ name, rows, sha256: hash.digest('hex') }),
  }
}
