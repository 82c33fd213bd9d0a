/** Runs one suite on every database that the gateway supports. */
import { afterAll, beforeAll, describe } from 'bun:test'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '../../src/storage/index.ts'
import { postgresAvailable, sharedPostgres } from './postgres.ts'

export interface TestDatabases {
  readonly kind: 'sqlite' | 'postgres'
  /** The URL of a new database with the schema of today and no rows: migrated once, and copied for every test. */
  readonly createUrl: () => Promise<string>
  /** The URL of a new database with nothing in it. */
  readonly createEmptyUrl: () => Promise<string>
}

/** `describe` once for SQLite and once for PostgreSQL; the latter is skipped, loudly, where there is none. */
export const describeDatabases = (title: string, suite: (databases: TestDatabases) => void): void => {
  describe(`${title} on SQLite`, () => {
    const folder = temporaryFolder()
    let count = 0
    const createEmptyUrl = async () => {
      count += 1
      return `sqlite:${join(folder.path(), `test-${count}.db`)}`
    }
    const migrated = once(() => migrate(createEmptyUrl))
    suite({
      kind: 'sqlite',
      createEmptyUrl,
      createUrl: async () => {
        const [template, url] = [await migrated(), await createEmptyUrl()]
        copyFileSync(pathOf(template), pathOf(url))
        return url
      },
    })
  })
  describe.skipIf(!postgresAvailable(title))(`${title} on PostgreSQL`, () => {
    const used: string[] = []
    beforeAll(async () => {
      const { dropDatabases } = await sharedPostgres()
      await dropDatabases(left.splice(0))
      await postgresTemplate()
    }, 60_000)
    afterAll(() => {
      left.push(...used)
    })
    const create = async (template?: string) => {
      const { createDatabase } = await sharedPostgres()
      const url = await createDatabase(template)
      used.push(url)
      return url
    }
    suite({
      kind: 'postgres',
      createEmptyUrl: () => create(),
      createUrl: async () => create(await postgresTemplate()),
    })
  })
}

/** Databases of suites that are over; a suite closes its connections to them after it, so the next removes them. */
const left: string[] = []

const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}

/** Answers the URL of a database that has the schema of today; closed again. */
const migrate = async (create: () => Promise<string>): Promise<string> => {
  const url = await create()
  const database = await openDatabase(url)
  await database.close()
  return url
}

const postgresTemplate = once(() => migrate(async () => (await sharedPostgres()).createDatabase()))

const pathOf = (url: string): string => url.slice('sqlite:'.length)

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
