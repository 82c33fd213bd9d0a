import { expect, test } from 'bun:test'
import { createCredentialPool } from './credential-pool.ts'

const origin = 'https://example.com'
const credentials = new Map([['p', ['a', 'b', 'c'].map((id) => ({ id, origin }))]])

test('credentials are used in turn, and a refused one rests for a minute', () => {
  let time = 0
  const pool = createCredentialPool(credentials, () => time)
  const first = () => pool.order('p')[0]?.id
  expect([first(), first(), first(), first()]).toEqual(['a', 'b', 'c', 'a'])
  pool.refuse({ id: 'b', origin })
  expect(new Set([first(), first(), first(), first()])).toEqual(new Set(['a', 'c']))
  time = 60_001
  expect(
    pool
      .order('p')
      .map((one) => one.id)
      .sort(),
  ).toEqual(['a', 'b', 'c'])
})

test('a credential that works again is back at once, and an unknown provider has none', () => {
  const pool = createCredentialPool(credentials, () => 0)
  for (const id of ['a', 'b', 'c']) pool.refuse({ id, origin })
  expect(pool.order('p')).toEqual([])
  pool.accept({ id: 'c', origin })
  expect(pool.order('p').map((one) => one.id)).toEqual(['c'])
  expect(pool.order('q')).toEqual([])
  expect(pool.byId('p', 'b')?.id).toBe('b')
})
