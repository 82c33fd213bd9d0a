import { expect, setDefaultTimeout, test } from 'bun:test'
import fc from 'fast-check'
import { sql } from 'kysely'
import { onEachDatabase } from '../../test/support/each-database.ts'
import type { Database } from '../storage/index.ts'
import { type AuditLogStore, createAuditLogStore, type NewAuditEntry } from './audit-log-store.ts'

const entry = (changes: Partial<NewAuditEntry> = {}): NewAuditEntry => ({
  at: 1_000,
  actorType: 'token',
  actorId: 'token-1',
  actorName: 'alice',
  address: '127.0.0.1',
  organisation: null,
  action: 'POST /keys',
  target: '/keys/key-1',
  status: 201,
  before: null,
  after: '{"name":"ci"}',
  ...changes,
})

/** What somebody with a hand in the database could do. */
const tamper = async ({ kysely, kind }: Database, statement: string): Promise<void> => {
  if (kind === 'sqlite') {
    for (const change of ['update', 'delete'])
      await sql.raw(`drop trigger audit_log_no_${change}`).execute(kysely)
  } else await sql.raw('alter table audit_log disable trigger user').execute(kysely)
  await sql.raw(statement).execute(kysely)
}

onEachDatabase('the audit log', (open) => {
  setDefaultTimeout(60_000)
  const filled = async (): Promise<{ readonly database: Database; readonly log: AuditLogStore }> => {
    const database = await open()
    const log = createAuditLogStore(database)
    for (let number = 1; number <= 5; number += 1)
      await log.append(entry({ at: number * 1_000, target: `/keys/key-${number}` }))
    return { database, log }
  }

  test('chains its entries, whatever is in them, and finds them intact', async () => {
    const database = await open()
    const log = createAuditLogStore(database)
    expect(await log.verify()).toEqual({
      ...{ isIntact: true, entries: 0, head: { number: 0, hash: '' }, broken: null },
    })
    // NUL and halves of surrogate pairs too, which a database may not hold.
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'binary' }),
      fc.constant('\0\ud800'),
    )
    await fc.assert(
      fc.asyncProperty(text, fc.option(text, { nil: null }), fc.nat(), async (name, before, at) => {
        await log.append(entry({ at, actorName: name, address: before, before, organisation: name }))
      }),
      { numRuns: 30 },
    )
    const [newest, second] = await log.list({ limit: 2 })
    expect(newest?.number).toBe(30)
    expect(newest?.previousHash).toBe(second?.hash ?? '')
    expect(await log.verify()).toMatchObject({ isIntact: true, entries: 30, head: { number: 30 } })
  })

  test('is written by several at once without a gap or a fork', async () => {
    const database = await open()
    const logs = Array.from({ length: 4 }, () => createAuditLogStore(database))
    await Promise.all(
      Array.from({ length: 40 }, (_, number) => logs[number % 4]?.append(entry({ target: `/${number}` }))),
    )
    const [log] = logs
    expect(await log?.verify()).toMatchObject({ isIntact: true, entries: 40 })
    expect(new Set((await log?.list({}))?.map(({ target }) => target)).size).toBe(40)
  })

  test('lists by actor, action, target, time and organisation, in pages', async () => {
    const { log } = await filled()
    await log.append(entry({ actorId: 'user-7', actorName: 'bob', organisation: 'org-1', at: 9_000 }))
    const numbers = async (query: Parameters<AuditLogStore['list']>[0]) =>
      (await log.list(query)).map(({ number }) => number)
    expect(await numbers({})).toEqual([6, 5, 4, 3, 2, 1])
    expect(await numbers({ limit: 2, before: 5 })).toEqual([4, 3])
    expect(await numbers({ actor: 'bob' })).toEqual([6])
    expect(await numbers({ actor: 'token-1', from: 2_000, to: 4_000 })).toEqual([3, 2])
    expect(await numbers({ target: '/keys/key-4' })).toEqual([4])
    expect(await numbers({ organisation: 'org-1' })).toEqual([6])
    expect(await numbers({ action: 'DELETE /keys/:id' })).toEqual([])
  })

  test('cannot be changed through the database', async () => {
    const { database } = await filled()
    for (const statement of ["update audit_log set actor_name = 'x'", 'delete from audit_log'])
      await expect(sql.raw(statement).execute(database.kysely)).rejects.toThrow('never changed')
  })

  const tampered: readonly (readonly [string, string, number, string])[] = [
    ['a changed entry', `update audit_log set actor_name = 'mallory' where number = 3`, 3, 'changed after'],
    ['a changed answer', `update audit_log set after = null where number = 1`, 1, 'changed after'],
    ['an entry that was taken out', 'delete from audit_log where number = 2', 2, 'missing'],
    ['a new hash', `update audit_log set hash = 'f00d' where number = 4`, 4, 'changed after'],
    ['entries cut off at the end', 'delete from audit_log where number > 3', 4, 'missing at the end'],
    ['a changed head', `update audit_log_head set hash = 'x'`, 5, 'head names another'],
    ['a lost head', 'delete from audit_log_head', 5, 'head names another'],
  ]
  for (const [what, statement, number, reason] of tampered) {
    test(`names the first entry that is broken by ${what}`, async () => {
      const { database, log } = await filled()
      await tamper(database, statement)
      const verdict = await log.verify()
      expect(verdict).toMatchObject({ isIntact: false, broken: { number } })
      expect(verdict.broken?.reason).toContain(reason)
    })
  }

  test('finds by a head that was noted earlier that the whole log was written anew', async () => {
    const { database, log } = await filled()
    const { head } = await log.verify()
    expect(await log.verify(head)).toMatchObject({ isIntact: true })
    await log.append(entry())
    expect(await log.verify(head)).toMatchObject({ isIntact: true })
    await tamper(database, 'delete from audit_log')
    await sql`update audit_log_head set number = 0, hash = ''`.execute(database.kysely)
    for (let number = 1; number <= 3; number += 1) await log.append(entry())
    expect(await log.verify()).toMatchObject({ isIntact: true })
    expect(await log.verify(head)).toMatchObject({ isIntact: false, broken: { number: 4 } })
    for (let number = 4; number <= 6; number += 1) await log.append(entry())
    expect(await log.verify(head)).toMatchObject({ isIntact: false, broken: { number: 5 } })
  })
})
