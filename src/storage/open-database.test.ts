import { afterAll, expect, test } from 'bun:test'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { describeDatabases, temporaryFolder } from '../../test/support/databases.ts'
import { GatewayError } from '../errors.ts'
import { type Database, openDatabase, storageFailure } from './index.ts'

const instance = (name: string, more: object = {}) => ({
  instance: name,
  started_at: 1,
  lease_until: 2n,
  open_since: 3,
  ...more,
})

describeDatabases('a database', ({ kind, createEmptyUrl, createUrl }) => {
  const opened: Database[] = []
  const open = async (url: string, options = {}) => {
    const database = await openDatabase(url, options)
    opened.push(database)
    return database
  }
  afterAll(async () => {
    await Promise.all(opened.map((database) => database.close()))
  })

  test('has the schema after it was opened, and keeps its rows when opened again', async () => {
    const url = await createEmptyUrl()
    const first = await open(url)
    await first.kysely.insertInto('instances').values(instance('a')).execute()
    const second = await open(url)
    expect(second.kind).toBe(kind)
    expect(await second.kysely.selectFrom('instances').select('instance').execute()).toEqual([
      { instance: 'a' },
    ])
  })

  test('keeps every digit of a 64-bit integer and answers integers as bigint', async () => {
    const { kysely } = await open(await createUrl())
    const largest = 2n ** 63n - 1n
    await kysely
      .insertInto('instances')
      .values(instance('a', { lease_until: largest }))
      .execute()
    const row = await kysely.selectFrom('instances').selectAll().executeTakeFirstOrThrow()
    expect(row).toEqual({ instance: 'a', started_at: 1n, lease_until: largest, open_since: 3n })
  })

  test('takes times of today as plain numbers', async () => {
    const { kysely } = await open(await createUrl())
    const now = 1_763_700_000_123
    await kysely
      .insertInto('instances')
      .values(instance('a', { lease_until: now }))
      .execute()
    const found = await kysely
      .selectFrom('instances')
      .select('lease_until')
      .where('lease_until', '=', BigInt(now))
      .execute()
    expect(found).toEqual([{ lease_until: BigInt(now) }])
  })

  test('commits a transaction whole', async () => {
    const { kysely } = await open(await createUrl())
    await kysely.transaction().execute(async (transaction) => {
      await transaction.insertInto('instances').values(instance('a')).execute()
      await transaction.insertInto('instances').values(instance('b')).execute()
    })
    expect(await kysely.selectFrom('instances').selectAll().execute()).toHaveLength(2)
  })

  test('rolls a transaction back whole, and works on', async () => {
    const { kysely } = await open(await createUrl())
    const broken = kysely.transaction().execute(async (transaction) => {
      await transaction.insertInto('instances').values(instance('a')).execute()
      await transaction.insertInto('instances').values(instance('a')).execute()
    })
    const error = await broken.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(storageFailure(error)).toBe('unique')
    expect(await kysely.selectFrom('instances').selectAll().execute()).toEqual([])
  })

  test('rolls back what ran below the query builder too', async () => {
    const database = await open(await createUrl())
    const fail = () => Promise.reject(new Error('no'))
    const insert = sql`insert into instances values ('a', 1, 2, 3)`
    const broken =
      database.kind === 'sqlite'
        ? database.transaction(async ({ kysely }) => {
            await insert.execute(kysely)
            return fail()
          })
        : database.transaction(async ({ kysely }) => {
            await insert.execute(kysely)
            return fail()
          })
    await expect(broken).rejects.toThrow('no')
    expect(await database.kysely.selectFrom('instances').selectAll().execute()).toEqual([])
  })

  test('counts the rows that a statement changed', async () => {
    const { kysely } = await open(await createUrl())
    await kysely
      .insertInto('instances')
      .values([instance('a'), instance('b')])
      .execute()
    const { numUpdatedRows } = await kysely
      .updateTable('instances')
      .set({ started_at: 9 })
      .executeTakeFirstOrThrow()
    expect(numUpdatedRows).toBe(2n)
  })

  test('serves many queries at once', async () => {
    const { kysely } = await open(await createUrl())
    const names = Array.from({ length: 50 }, (_, number) => `i-${number}`)
    await Promise.all(names.map((name) => kysely.insertInto('instances').values(instance(name)).execute()))
    expect(await kysely.selectFrom('instances').selectAll().execute()).toHaveLength(50)
  })

  test('opened for reading refuses to write', async () => {
    const url = await createEmptyUrl()
    await open(url)
    const { kysely } = await open(url, { readOnly: true })
    expect(await kysely.selectFrom('instances').selectAll().execute()).toEqual([])
    await expect(kysely.insertInto('instances').values(instance('a')).execute()).rejects.toThrow()
  })

  test('is made once by four processes that start together', async () => {
    const url = await createEmptyUrl()
    const program = join(import.meta.dir, '../../test/support/open-and-insert.ts')
    const children = ['a', 'b', 'c', 'd'].map((name) =>
      Bun.spawn([process.execPath, program, url, name], { stdout: 'ignore', stderr: 'pipe' }),
    )
    const results = await Promise.all(
      children.map(async (child) => ({
        code: await child.exited,
        error: await new Response(child.stderr).text(),
      })),
    )
    expect(results).toEqual(children.map(() => ({ code: 0, error: '' })))
    const { kysely } = await open(url)
    const names = await kysely.selectFrom('instances').select('instance').orderBy('instance').execute()
    expect(names.map((row) => row.instance)).toEqual(['a', 'b', 'c', 'd'])
  }, 60_000)

  test('made by a newer version is refused with a reason', async () => {
    const url = await createEmptyUrl()
    const { kysely } = await open(url)
    await sql`insert into tollgate_migrations (name, timestamp) values ('9999-future', '2030-01-01')`.execute(
      kysely,
    )
    const error = await openDatabase(url).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(GatewayError)
    expect(error).toMatchObject({ code: 'config_invalid' })
    expect(String(error)).toContain('newer version')
  })
})

const folder = temporaryFolder()

test('a database file is readable by its owner only, its side files too', async () => {
  const path = join(folder.path(), 'deep', 'private.db')
  const database = await openDatabase(`sqlite:${path}`)
  await database.kysely.insertInto('instances').values(instance('a')).execute()
  for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(file).mode & 0o777).toBe(0o600)
  await database.close()
})

test('a write that finds the database locked for too long is told apart', async () => {
  const url = `sqlite:${join(folder.path(), 'busy.db')}`
  const [holder, waiter] = [await openDatabase(url), await openDatabase(url, { busyTimeoutMs: 20 })]
  const held = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const holding = holder.kysely.transaction().execute(() => {
    begun.resolve()
    return held.promise
  })
  await begun.promise
  const error = await waiter.kysely
    .insertInto('instances')
    .values(instance('a'))
    .execute()
    .catch((reason: unknown) => reason)
  expect(storageFailure(error)).toBe('busy')
  held.resolve()
  await holding
  await waiter.kysely.insertInto('instances').values(instance('a')).execute()
  await Promise.all([holder.close(), waiter.close()])
})

test.each(['mysql://host/db', '/path/file.db', ''])('the url %p is refused', async (url) => {
  await expect(openDatabase(url)).rejects.toMatchObject({ code: 'config_invalid' })
})

test('a refused url is not repeated: it may hold a password', async () => {
  const error = await openDatabase('mysql://user:hunter2@host/db').catch(String)
  expect(error).not.toContain('hunter2')
})
