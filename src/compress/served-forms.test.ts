import { expect, test } from 'bun:test'
import { createServedForms, type SharedForms } from './served-forms.ts'

const sharedBy = (words: Map<string, string>, changes: Partial<SharedForms> = {}): SharedForms => ({
  get: (key) => Promise.resolve(words.get(key)),
  set: (key, value) => Promise.resolve(void words.set(key, value)),
  status: () => 'connected',
  ...changes,
})

test('one organisation’s texts say nothing of another’s', async () => {
  const forms = createServedForms({ now: () => 0 })
  forms.note('a', 'p', '1')
  forms.note('a', 'q', 'raw')
  expect(await forms.find('a', ['q', 'p', 'r'])).toEqual(['raw', '1', undefined])
  expect(await forms.find('b', ['p'])).toEqual([undefined])
})

test('it is bounded: what was not noted for longest goes first', async () => {
  const forms = createServedForms({ now: () => 0, most: 2 })
  for (const print of ['a', 'b', 'a', 'c']) forms.note('o', print, '1d')
  expect(await forms.find('o', ['a', 'b', 'c'])).toEqual(['1d', undefined, '1d'])
})

test('processes that share a memory serve one conversation in one form', async () => {
  const words = new Map<string, string>()
  const one = createServedForms({ shared: sharedBy(words), now: () => 0 })
  const two = createServedForms({ shared: sharedBy(words), now: () => 0 })
  one.note('o', 'p', '1d')
  expect(await two.find('o', ['p', 'q'])).toEqual(['1d', undefined])
  words.set('compress:o:z', 'something else')
  expect(await two.find('o', ['z'])).toEqual([undefined])
})

test('the others are told once in a while, not each time', () => {
  let time = 0
  let told = 0
  const shared = sharedBy(new Map(), {
    set: () => {
      told++
      return Promise.resolve()
    },
  })
  const forms = createServedForms({ shared, now: () => time })
  for (let turn = 0; turn < 10; turn++) forms.note('o', 'p', '1')
  expect(told).toBe(1)
  time += 7 * 60 * 60_000
  forms.note('o', 'p', '1')
  forms.note('o', 'p', 'raw')
  expect(told).toBe(3)
})

test('nobody waits for a memory that is away, or fails with it', async () => {
  const away = () => Promise.reject(new Error('away'))
  for (const status of ['away', 'alone', 'connected'] as const) {
    const forms = createServedForms({
      shared: { get: away, set: away, status: () => status },
      now: () => 0,
    })
    expect(await forms.find('o', ['p'])).toEqual([undefined])
    forms.note('o', 'p', '1')
    expect(await forms.find('o', ['p'])).toEqual(['1'])
  }
})

test('who could not be told is told the next time', async () => {
  const words = new Map<string, string>()
  const there = sharedBy(words)
  let state: 'away' | 'failing' | 'connected' = 'away'
  const forms = createServedForms({
    shared: {
      ...there,
      set: (key, value, ttl) =>
        state === 'failing' ? Promise.reject(new Error('away')) : there.set(key, value, ttl),
      status: () => (state === 'away' ? 'away' : 'connected'),
    },
    now: () => 0,
  })
  const note = () => forms.note('o', 'p', '1')
  note()
  state = 'failing'
  // The second finds the first still on its way.
  for (let again = 0; again < 2; again++) note()
  await Bun.sleep(0)
  expect(words.size).toBe(0)
  state = 'connected'
  note()
  expect(words.get('compress:o:p')).toBe('1')
  words.clear()
  note()
  expect(words.size).toBe(0)
})
