import { expect, test } from 'bun:test'
import { createCredentialPool } from './credential-pool.ts'

const origin = 'https://example.com'
const credentials = new Map([['p', ['a', 'b', 'c'].map((id) => ({ id, origin }))]])

const poolAt = (clock: { time: number }) => {
  const pool = createCredentialPool(credentials, () => clock.time)
  const ids = (model = 'm', preferred?: string): readonly string[] =>
    pool.order('p', model, preferred).map((one) => one.id)
  return { pool, ids, first: () => ids()[0] }
}

test('credentials are used in turn, and a refused one rests for a minute', () => {
  const clock = { time: 0 }
  const { pool, ids, first } = poolAt(clock)
  expect([first(), first(), first(), first()]).toEqual(['a', 'b', 'c', 'a'])
  pool.refuse({ id: 'b', origin })
  expect(new Set([first(), first(), first(), first()])).toEqual(new Set(['a', 'c']))
  clock.time = 60_001
  expect([...ids()].sort()).toEqual(['a', 'b', 'c'])
})

test('a credential that is refused again and again is tried ever less often, at most once an hour', () => {
  const clock = { time: 0 }
  const { pool, ids } = poolAt(clock)
  const rests: number[] = []
  for (let refusal = 0; refusal < 9; refusal++) {
    pool.refuse({ id: 'b', origin })
    // Calls that were under way at the same time are the same refusal.
    pool.refuse({ id: 'b', origin })
    const since = clock.time
    while (!ids().includes('b')) clock.time += 60_000
    rests.push((clock.time - since) / 60_000)
  }
  expect(rests).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60])
})

test('a credential that works again is back at once, and an unknown provider has none', () => {
  const { pool, ids } = poolAt({ time: 0 })
  for (const id of ['a', 'b', 'c']) pool.refuse({ id, origin })
  expect(pool.order('p', 'm')).toEqual([])
  pool.accept({ id: 'c', origin })
  expect(ids()).toEqual(['c'])
  expect(pool.order('q', 'm')).toEqual([])
  expect(pool.byId('p', 'b')?.id).toBe('b')
})

test('a limited credential rests until its reset, for that model alone', () => {
  const clock = { time: 0 }
  const { pool, ids } = poolAt(clock)
  pool.limit({ id: 'a', origin }, 'm', 5000)
  expect([...ids()].sort()).toEqual(['b', 'c'])
  expect([...ids('other')].sort()).toEqual(['a', 'b', 'c'])
  clock.time = 5000
  expect([...ids()].sort()).toEqual(['a', 'b', 'c'])
})

test('where all rest they are still known, the one that rests shortest first', () => {
  const { pool, ids } = poolAt({ time: 0 })
  pool.refuse({ id: 'a', origin })
  pool.limit({ id: 'b', origin }, 'm', 7000)
  pool.limit({ id: 'c', origin }, 'm', 3000)
  expect(ids()).toEqual([])
  expect(pool.anyway('p', 'm').map((one) => one.id)).toEqual(['c', 'b', 'a'])
})

test('the preferred credential goes first while it is usable', () => {
  const { pool, ids } = poolAt({ time: 0 })
  expect([ids('m', 'b')[0], ids('m', 'b')[0]]).toEqual(['b', 'b'])
  pool.refuse({ id: 'b', origin })
  expect(ids('m', 'b')).not.toContain('b')
})

test('a new pool knows what the one before learned, but not of what has another secret since', () => {
  const clock = { time: 0 }
  const versions = (a: number, b: number) => new Map([['p', [one('a', a), one('b', b), { id: 'c', origin }]]])
  const one = (id: string, version: number) => ({ id, version, origin })
  const before = createCredentialPool(versions(1, 1), () => clock.time)
  for (const id of ['a', 'b']) expect(before.refuse(one(id, 1))).toBe(true)
  before.limit({ id: 'c', origin }, 'm', 5000)
  before.limit(one('b', 1), 'm', 5000)
  const ids = (pool: typeof before, model = 'm') =>
    pool
      .order('p', model)
      .map(({ id }) => id)
      .toSorted()
  expect(ids(before)).toEqual([])

  const after = createCredentialPool(versions(1, 2), () => clock.time, before.memory())
  expect(ids(after)).toEqual(['b'])
  expect(ids(after, 'other')).toEqual(['b', 'c'])
  // The secret that was refused is an older one: its refusal still doubles its rest.
  clock.time = 60_001
  after.refuse(one('a', 1))
  clock.time += 60_001
  expect(ids(after)).toEqual(['b', 'c'])
  expect(after.accept(one('a', 1))).toBe(true)
  expect(after.accept(one('a', 1))).toBe(false)

  // One that was removed and came back is not the one of then.
  const without = createCredentialPool(new Map(), () => clock.time, before.memory())
  const back = createCredentialPool(versions(1, 1), () => clock.time, without.memory())
  expect(ids(back)).toEqual(['a', 'b', 'c'])
})
