import { expect, test } from 'bun:test'
import { onEachDatabase } from '../../test/support/each-database.ts'
import { createReasoningStore, type ReasoningRow } from './reasoning-store.ts'

const row = (key: string, more: Partial<ReasoningRow> = {}): ReasoningRow => ({
  organisation: 'org_a',
  key,
  sealed: `sealed ${key}`,
  created: 1_000,
  expires: 2_000,
  ...more,
})

onEachDatabase('remembered reasoning', (open) => {
  test('is found as it was written, until it expires', async () => {
    const store = createReasoningStore(await open())
    await store.write([row('one'), row('two'), row('three')])
    const found = await store.find('org_a', ['one', 'three', 'four'], 1_999)
    expect(found.toSorted((a, b) => (a.key < b.key ? -1 : 1))).toEqual([row('one'), row('three')])
    expect(await store.find('org_a', ['one'], 2_000)).toEqual([])
    expect(await store.find('org_a', [], 1_000)).toEqual([])
  })

  test('belongs to one organisation, and no other can overwrite it', async () => {
    const store = createReasoningStore(await open())
    await store.write([row('one')])
    await store.write([row('one', { organisation: 'org_b', sealed: 'theirs' })])
    expect(await store.find('org_a', ['one'], 1_000)).toEqual([row('one')])
    expect((await store.find('org_b', ['one'], 1_000))[0]?.sealed).toBe('theirs')
  })

  test('is what was written last, also within one write', async () => {
    const store = createReasoningStore(await open())
    await store.write([row('one')])
    await store.write([row('one', { sealed: 'second' }), row('one', { sealed: 'third', expires: 9_000 })])
    expect(await store.find('org_a', ['one'], 5_000)).toEqual([
      row('one', { sealed: 'third', expires: 9_000 }),
    ])
  })

  test('is written in large numbers at once', async () => {
    const store = createReasoningStore(await open())
    const rows = Array.from({ length: 2_500 }, (_, number) => row(`key ${number}`))
    await store.write(rows)
    expect(
      await store.find(
        'org_a',
        rows.slice(0, 500).map(({ key }) => key),
        1_000,
      ),
    ).toHaveLength(500)
  })

  test('goes in batches when it has expired, and when there is too much of it', async () => {
    const store = createReasoningStore(await open())
    const rows = Array.from({ length: 10 }, (_, number) =>
      row(`key ${number}`, { created: number, expires: number < 4 ? 100 : 5_000 }),
    )
    await store.write(rows)
    expect(await store.purge(99, 3)).toBe(0)
    expect(await store.purge(100, 3)).toBe(3)
    expect(await store.purge(100, 3)).toBe(1)
    expect(await store.trim(2, 3)).toBe(3)
    expect(await store.trim(2, 3)).toBe(1)
    expect(await store.trim(2, 3)).toBe(0)
    const left = await store.find(
      'org_a',
      rows.map(({ key }) => key),
      200,
    )
    expect(left.map(({ key }) => key).toSorted()).toEqual(['key 8', 'key 9'])
  })
})
