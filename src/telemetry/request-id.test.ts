import { expect, test } from 'bun:test'
import { createId, createIdSource } from './request-id.ts'

test('an id is its prefix and 26 characters of base 32', () => {
  expect(createId('req')).toMatch(/^req_[0-9A-HJKMNP-TV-Z]{26}$/)
})

test('ids sort by the time at which they were made', () => {
  let time = 1_763_000_000_000
  const create = createIdSource({ now: () => time })
  const ids = Array.from({ length: 1000 }, (_, index) => {
    if (index % 10 === 0) time += 1
    return create('req')
  })
  expect([...ids].sort()).toEqual(ids)
  expect(new Set(ids).size).toBe(1000)
})

test('ids sort within a millisecond, and when the clock steps back', () => {
  let time = 1_763_000_000_000
  const create = createIdSource({ now: () => time })
  const ids: string[] = []
  for (let index = 0; index < 5000; index += 1) {
    if (index === 2500) time -= 60_000
    ids.push(create('x'))
  }
  expect([...ids].sort()).toEqual(ids)
})

test('more ids than a millisecond has room for still sort and stay distinct', () => {
  const create = createIdSource({ now: () => 5 })
  let last = ''
  for (let index = 0; index < 1_100_000; index += 1) {
    const id = create('x')
    if (id <= last) throw new Error(`${id} does not follow ${last}`)
    last = id
  }
  expect(last.slice(2, 12)).toBe('0000000006')
})

test('the time can be read back from an id', () => {
  const id = createIdSource({ now: () => 1_763_000_000_123 })('x')
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
  let time = 0
  for (const character of id.slice(2, 12)) time = time * 32 + alphabet.indexOf(character)
  expect(time).toBe(1_763_000_000_123)
})
