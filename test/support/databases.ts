/** Runs one suite on every database that the gateway supports. */
import { afterAll, beforeAll, describe } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PostgresServer, postgresAvailable, startPostgres } from './postgres.ts'

export interface TestDatabases {
  readonly kind: 'sqlite' | 'postgres'
  /** The URL of a new, empty database. */
  readonly createUrl: () => Promise<string>
}

/** `describe` once for SQLite and once for PostgreSQL; the latter is skipped, loudly, where there is none. */
export const describeDatabases = (title: string, suite: (databases: TestDatabases) => void): void => {
  describe(`${title} on SQLite`, () => {
    const folder = temporaryFolder()
    let count = 0
    suite({
      kind: 'sqlite',
      createUrl: async () => {
        count += 1
        return `sqlite:${join(folder.path(), `test-${count}.db`)}`
      },
    })
  })
  describe.skipIf(!postgresAvailable(title))(`${title} on PostgreSQL`, () => {
    let server: PostgresServer | undefined
    beforeAll(async () => {
      server = await startPostgres()
    }, 60_000)
    afterAll(async () => {
      await server?.stop()
    })
    suite({
      kind: 'postgres',
      createUrl: () => server?.createDatabase() ?? Promise.reject(new Error('no server')),
    })
  })
}

/** A folder that exists while the tests of the enclosing `describe` run. */
export const temporaryFolder = (): { readonly path: () => string } => {
  let path: string | undefined
  beforeAll(() => {
    path = mkdtempSync(join(tmpdir(), 'tollgate-test-'))
  })
  afterAll(() => {
    if (path !== undefined) rmSync(path, { recursive: true, force: true })
  })
  return {
    path: () => {
      if (path === undefined) throw new Error('the temporary folder exists only while tests run')
      return path
    },
  }
}
