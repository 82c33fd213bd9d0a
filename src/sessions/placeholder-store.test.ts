import { expect, test } from 'bun:test'
import { onEachDatabase } from '../../test/support/each-database.ts'
import { createPlaceholderStore, type PlaceholderRow } from './placeholder-store.ts'

const row = (id: string, more: Partial<PlaceholderRow> = {}): PlaceholderRow => ({
  ...{ organisation: 'org_a', id, version: 1, sealed: 'sealed', touched: 1_000, expires: 2_000 },
  ...more,
})

onEachDatabase('kept placeholders', (open) => {
  const start = async () => createPlaceholderStore(await open())

  test('are found as they were written, by their organisation, until they expire', async () => {
    const store = await start()
    expect(await store.write(row('resp_1'))).toBe(true)
    expect(await store.find('org_a', ['resp_1', 'resp_2'], 1_999)).toEqual([row('resp_1')])
    expect(await store.find('org_a', ['resp_1'], 2_000)).toEqual([])
    expect(await store.find('org_b', ['resp_1'], 1_000)).toEqual([])
    expect(await store.find('org_a', [], 1_000)).toEqual([])
    expect(await store.write(row('resp_1', { organisation: 'org_b', sealed: 'theirs' }))).toBe(true)
    expect(await store.find('org_a', ['resp_1'], 1_000)).toEqual([row('resp_1')])
  })

  test('are written by one at a time: whoever did not see the last version has to look again', async () => {
    const store = await start()
    await store.write(row('conv_1'))
    expect(await store.write(row('conv_1', { sealed: 'late' }))).toBe(false)
    expect(await store.write(row('conv_1', { version: 3, sealed: 'early' }))).toBe(false)
    const second = row('conv_1', { version: 2, sealed: 'second', expires: 3_000 })
    const both = [store.write(second), store.write({ ...second, sealed: 'other' })]
    expect((await Promise.all(both)).filter(Boolean)).toHaveLength(1)
    expect(await store.find('org_a', ['conv_1'], 2_500)).toMatchObject([{ version: 2, expires: 3_000 }])
  })

  test('begin anew where the old ones have expired and nobody purged them yet', async () => {
    const store = await start()
    await store.write(row('conv_1', { version: 1 }))
    await store.write(row('conv_1', { version: 2 }))
    const anew = row('conv_1', { sealed: 'anew', touched: 2_000, expires: 4_000 })
    expect(await store.write(anew)).toBe(true)
    expect(await store.find('org_a', ['conv_1'], 2_000)).toEqual([anew])
  })

  test('live longer when they are continued, and go when they are deleted', async () => {
    const store = await start()
    await store.write(row('conv_1'))
    await store.touch('org_b', ['conv_1'], 1_500, 9_000)
    await store.touch('org_a', ['conv_1'], 1_500, 5_000)
    await store.touch('org_a', ['conv_1'], 1_500, 3_000)
    expect(await store.find('org_a', ['conv_1'], 4_000)).toMatchObject([{ touched: 1_500, expires: 5_000 }])
    expect(await store.remove('org_b', 'conv_1')).toBe(false)
    expect(await store.remove('org_a', 'conv_1')).toBe(true)
    expect(await store.find('org_a', ['conv_1'], 1_000)).toEqual([])
  })

  test('are purged in portions, and trimmed to what an organisation may keep, oldest first', async () => {
    const store = await start()
    for (let at = 0; at < 5; at++) {
      await store.write(row(`old_${at}`))
      await store.write(row(`new_${at}`, { sealed: 'x'.repeat(100), touched: 1_100 + at, expires: 9_000 }))
    }
    await store.write(row('theirs', { organisation: 'org_b', sealed: 'x'.repeat(100), expires: 9_000 }))
    expect([await store.purge(2_000, 3), await store.purge(2_000, 3), await store.purge(2_000, 3)]).toEqual([
      3, 2, 0,
    ])
    expect(await store.trim(250, 10)).toBe(3)
    expect(await store.trim(250, 10)).toBe(0)
    const ids = ['new_0', 'new_1', 'new_2', 'new_3', 'new_4']
    const left = await store.find('org_a', ids, 2_000)
    expect(left.map(({ id }) => id).sort()).toEqual(['new_3', 'new_4'])
    expect(await store.find('org_b', ['theirs'], 2_000)).toHaveLength(1)
  })
})
