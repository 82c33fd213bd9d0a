import { describe, expect, test } from 'bun:test'
import { onEachDatabase } from '../../test/support/each-database.ts'
import type { ShadowCopy, ShadowEnd, ShadowMeasures } from './shadow-copy.ts'
import { createShadowStore, hourOf } from './shadow-store.ts'

const copyOf = (copy: string, changes: Partial<ShadowCopy> = {}): ShadowCopy => ({
  copy,
  exchange: `primary of ${copy}`,
  at: 1_000,
  tenant: { organisation: 'org-1', team: null, user: null, key: 'key-1' },
  route: 'gpt-*',
  primary: { provider: 'openai', model: 'gpt-5', latencyMs: 900, costNanoUsd: 500n },
  provider: 'groq',
  model: 'llama',
  reservedNanoUsd: 100n,
  ...changes,
})

const measures: ShadowMeasures = {
  sameStop: true,
  sameToolCalls: null,
  primaryJson: null,
  copyJson: null,
  primaryLength: 100,
  copyLength: 50,
  similarity: 0.123456,
}

const endOf = (changes: Partial<ShadowEnd> = {}): ShadowEnd => ({
  result: 'compared',
  error: null,
  latencyMs: 400,
  costNanoUsd: 80n,
  measures,
  ...changes,
})

onEachDatabase('the shadow store', (open) => {
  test('says of each copy what it came to', async () => {
    const store = createShadowStore(await open())
    await store.begin(copyOf('compared'), null)
    await store.finish('compared', endOf())
    await store.begin(copyOf('tools'), null)
    await store.finish('tools', endOf({ measures: { ...measures, sameToolCalls: false, similarity: null } }))
    await store.begin(copyOf('failed'), null)
    await store.finish('failed', endOf({ result: 'failed', error: 'gateway_upstream_died', measures: null }))
    await store.begin(copyOf('unfinished'), null)
    const { pairs, isComplete } = await store.report({})
    expect(isComplete).toBe(true)
    expect(pairs).toHaveLength(1)
    expect(pairs[0]).toMatchObject({
      route: 'gpt-*',
      primary: { provider: 'openai', model: 'gpt-5' },
      shadow: { provider: 'groq', model: 'llama' },
      copies: { compared: 2, failed: 1, unreadable: 0, unfinished: 1 },
      answered: { hits: 2, of: 3 },
      equivalent: { hits: 1, of: 2 },
      sameStop: { hits: 2, of: 2 },
      sameToolCalls: { hits: 0, of: 1 },
      primaryJson: { of: 0, share: null },
      similarity: { copies: 1, mean: null },
      lengthRatio: { copies: 2, median: 0.5 },
      latency: { copies: 2, primaryP50: 900, shadowP50: 400, differenceP50: null },
      cost: { copies: 2, primaryNanoUsd: 1_000n, shadowNanoUsd: 160n, savedPerThousand: { value: 420_000n } },
    })
  })

  test('keeps to a period and a rule, and says when it read only the newest', async () => {
    const store = createShadowStore(await open(), 2)
    for (const [copy, at, route] of [
      ['a', 1_000, 'one'],
      ['b', 2_000, 'one'],
      ['c', 3_000, 'two'],
    ] as const) {
      await store.begin(copyOf(copy, { at, route }), null)
    }
    const routes = async (query: object) => (await store.report(query)).pairs.map(({ route }) => route)
    expect(await routes({ from: 2_000, to: 3_000 })).toEqual(['one'])
    expect(await routes({ route: 'two' })).toEqual(['two'])
    expect(await routes({ route: 'three' })).toEqual([])
    expect((await store.report({ from: 2_000 })).isComplete).toBe(true)
    expect((await store.report({})).isComplete).toBe(false)
    expect((await store.report({})).pairs.map(({ route, copies }) => [route, copies.unfinished])).toEqual([
      ['two', 1],
      ['one', 1],
    ])
  })

  test('adds up what was dropped by rule and reason', async () => {
    const store = createShadowStore(await open())
    const hour = hourOf(7_300_000)
    expect(hour).toBe(7_200_000)
    await store.drop([])
    await store.drop([
      { route: 'one', hour, reason: 'budget', count: 2 },
      { route: 'one', hour: 0, reason: 'budget', count: 1 },
      { route: 'one', hour, reason: 'concurrent', count: 5 },
    ])
    await store.drop([{ route: 'one', hour, reason: 'budget', count: 3 }])
    expect((await store.report({})).dropped).toEqual([
      { route: 'one', reason: 'budget', count: 6 },
      { route: 'one', reason: 'concurrent', count: 5 },
    ])
    expect((await store.report({ from: 7_300_000 })).dropped).toMatchObject([{ count: 5 }, { count: 5 }])
    expect((await store.report({ route: 'two' })).dropped).toEqual([])
  })

  describe('the budget of a day', () => {
    test('counts what copies cost, and what they may cost until that is known', async () => {
      const store = createShadowStore(await open())
      const budget = { since: 1_000, nanoUsd: 250n }
      expect(await store.begin(copyOf('yesterday', { at: 999 }), budget)).toBe(true)
      expect(await store.begin(copyOf('elsewhere', { route: 'another' }), budget)).toBe(true)
      expect(await store.begin(copyOf('one'), budget)).toBe(true)
      expect(await store.begin(copyOf('two'), budget)).toBe(true)
      expect(await store.begin(copyOf('three'), budget)).toBe(false)
      await store.finish('one', endOf({ costNanoUsd: 50n }))
      expect(await store.begin(copyOf('three'), budget)).toBe(true)
      await store.finish('two', endOf({ result: 'failed', costNanoUsd: null, measures: null }))
      expect(await store.begin(copyOf('four'), budget)).toBe(false)
    })

    test('admits nothing whose cost has no bound', async () => {
      const store = createShadowStore(await open())
      const unbounded = copyOf('one', { reservedNanoUsd: null })
      expect(await store.begin(unbounded, { since: 0, nanoUsd: 1_000_000n })).toBe(false)
      expect(await store.begin(unbounded, null)).toBe(true)
    })

    test('is never shared by copies that begin at once, on several connections', async () => {
      const database = await open()
      const stores = [createShadowStore(database), createShadowStore(database)]
      const budget = { since: 0, nanoUsd: 750n }
      const begun = await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          (stores[index % 2] ?? createShadowStore(database)).begin(copyOf(`copy ${index}`), budget),
        ),
      )
      expect(begun.filter(Boolean)).toHaveLength(7)
    })
  })

  test('forgets what is too old, some at a time', async () => {
    const store = createShadowStore(await open())
    for (let copy = 0; copy < 5; copy++) await store.begin(copyOf(`old-${copy}`, { at: 1_000 + copy }), null)
    await store.begin(copyOf('new', { at: 8_000_000 }), null)
    await store.drop([
      { route: 'gpt-*', hour: hourOf(1_000), reason: 'busy', count: 3 },
      { route: 'gpt-*', hour: hourOf(8_000_000), reason: 'busy', count: 4 },
    ])
    expect(await store.purge(8_000_000, 3)).toBe(3)
    expect(await store.purge(8_000_000, 3)).toBe(2)
    expect(await store.purge(8_000_000, 3)).toBe(0)
    const { pairs, dropped } = await store.report({})
    expect(pairs[0]?.copies).toMatchObject({ unfinished: 1 })
    expect(dropped).toEqual([{ route: 'gpt-*', reason: 'busy', count: 4 }])
  })
})
