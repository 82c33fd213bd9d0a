import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { sql } from 'kysely'
import { type PostgresServer, postgresAvailable, startPostgres } from '../../test/support/postgres.ts'
import { type Database, openDatabase, storageFailure } from './index.ts'

describe.skipIf(!postgresAvailable('a lost server'))('a PostgreSQL server', () => {
  let server: PostgresServer
  let database: Database
  beforeAll(async () => {
    server = await startPostgres()
    database = await openDatabase(await server.createDatabase(), { deadlineMs: 300, connections: 2 })
  }, 60_000)
  afterAll(async () => {
    await database.close()
    await server.stop()
  })

  const ask = () => sql<{ answer: number }>`select 1 as answer`.execute(database.kysely)
  const failure = () =>
    ask().then(
      () => 'none',
      (error: unknown) => storageFailure(error),
    )

  test('that freezes fails every query at the deadline, and serves again when it thaws', async () => {
    await ask()
    server.freeze()
    const started = performance.now()
    expect(await Promise.all([failure(), failure(), failure(), failure()])).toEqual([
      'away',
      'away',
      'away',
      'away',
    ])
    expect(performance.now() - started).toBeLessThan(8_000)
    server.thaw()
    expect((await ask()).rows).toEqual([{ answer: 1 }])
  }, 20_000)

  test('that crashes fails queries as away, and serves again when it is back', async () => {
    await ask()
    await server.crash()
    expect(await failure()).toBe('away')
    await server.restart()
    expect((await ask()).rows).toEqual([{ answer: 1 }])
  }, 60_000)

  test('that crashes within a transaction fails it as away', async () => {
    const broken = database.kysely.transaction().execute(async (transaction) => {
      await sql`insert into instances values ('lost', 1, 2, 3)`.execute(transaction)
      await server.crash()
      await sql`select 1`.execute(transaction)
    })
    const error = await broken.catch((reason: unknown) => reason)
    expect(storageFailure(error)).toBe('away')
    await server.restart()
    expect(await database.kysely.selectFrom('instances').selectAll().execute()).toEqual([])
  }, 60_000)
})
