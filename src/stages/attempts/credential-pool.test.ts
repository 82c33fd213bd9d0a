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
