import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { describeDatabases } from '../../../test/support/databases.ts'
import { attemptRow, closedRow } from '../../../test/support/ledger-rows.ts'
import { type Database, openDatabase } from '../../storage/index.ts'
import { createLedgerStore } from '../index.ts'
import { batchText, closedLine } from '../ledger-line.ts'
import { matchNames } from './answered-model.ts'
import { begin, callLine, minute, series, usual } from './audit.fixture.ts'
import {
  type AuditStore,
  type CanaryRun,
  canaryId,
  createAuditStore,
  createCanaryStore,
  type UpstreamAudit,
} from './index.ts'

const changed = (index: number): boolean => index >= 180

const lines: readonly string[] = [
  ...series('steady', 300, () => usual),
  ...series('slower', 300, (index) => ({ ...usual, ttftMs: changed(index) ? 900 : 400 })),
  ...series('failing', 300, (index) => ({ ...usual, errors: changed(index) ? 0.4 : 0.02 })),
  ...series('mended', 300, (index) => ({ ...usual, errors: changed(index) ? 0.02 : 0.4 })),
  ...series('downgraded', 300, (index) =>
    changed(index)
      ? { ...usual, answered: 'small-2026-01-01', tokensPerSecond: 200, outputTokens: 120 }
      : usual,
  ),
  ...series('rare', 30, (index) => ({ ...usual, ttftMs: index > 15 ? 4_000 : 400 })),
]

/** Of a model that answers in the words of two protocols. */
const ending = (id: string, index: number, changes: Parameters<typeof callLine>[2]): string =>
  callLine(id, begin + index * minute, { provider: 'ends', modelSent: 'm', ttftMs: null, ...changes })

const endings: readonly string[] = Array.from({ length: 200 }, (_, index) => [
  ending(`end-${index}`, index, {
    protocol: 'openai-chat',
    finishReason: index < 120 || index % 3 === 0 ? 'stop' : 'length',
  }),
  // Whoever speaks the other protocol begins late: no change of the model.
  ...(index < 150
    ? []
    : [ending(`other-${index}`, index, { protocol: 'openai-responses', finishReason: 'completed' })]),
]).flat()

/** Few calls, each one for a rule of what counts. */
const oddities: readonly string[] = [
  // A second call after one that took 5 s: its first token came 200 ms after it began.
  closedLine(
    closedRow('odd-1', { at: begin + 9_000, openedAt: begin, attempts: 2 }),
    [
      attemptRow('odd-1', {
        at: begin + 100,
        provider: 'odd',
        modelSent: 'gpt-4o',
        modelAnswered: null,
        status: 500,
        error: null,
        ttftMs: null,
        usage: null,
        usageSource: null,
      }),
      attemptRow('odd-1', {
        number: 2,
        at: begin + 5_000,
        provider: 'odd',
        modelSent: 'gpt-4o',
        modelAnswered: 'gpt-4o-2024-08-06',
        ttftMs: 5_200,
        latencyMs: 1_200,
        usage: { inputTokens: 1, outputTokens: 100 },
      }),
    ],
    [],
  ),
  callLine(
    'odd-2',
    begin + minute,
    { provider: 'odd', modelSent: 'gpt-4o', modelAnswered: 'gpt-4o', usageSource: 'counted' },
    { outcome: 'client_aborted' },
  ),
  callLine('odd-3', begin + 2 * minute, {
    provider: 'odd',
    modelSent: 'gpt-4o',
    modelAnswered: 'gpt-3.5-turbo',
    usageSource: 'counted',
    ttftMs: null,
  }),
  callLine('odd-4', begin + 3 * minute, {
    provider: 'odd',
    modelSent: 'gpt-4o',
    modelAnswered: null,
    status: 400,
    error: 'invalid_request',
    usage: null,
    usageSource: null,
  }),
  callLine('odd-5', begin + 4 * minute, { provider: 'odd', modelSent: 'gpt-4o' }, { kind: 'canary' }),
  callLine('odd-6', begin + 5 * minute, { provider: 'odd', modelSent: 'gpt-4o' }, { operation: 'embed' }),
]

describeDatabases('the audit', ({ createUrl }) => {
  let database: Database
  let store: AuditStore
  beforeAll(async () => {
    database = await openDatabase(await createUrl())
    await createLedgerStore(database).append(batchText([...lines, ...endings, ...oddities], []))
    store = createAuditStore(database)
  }, 60_000)
  afterAll(() => database.close())

  const upstream = async (model: string): Promise<UpstreamAudit> => {
    const { upstreams } = await store.report({})
    const found = upstreams.find((one) => one.model === model)
    if (found === undefined) throw new Error(`no upstream ${model}`)
    return found
  }
  const drifted = ({ series: all }: UpstreamAudit): readonly string[] =>
    all.flatMap(({ series: name, verdict }) => (verdict === 'drift' ? [name] : []))

  test('finds nothing where nothing changed', async () => {
    const found = await upstream('steady')
    // No tokens were counted here.
    const looked = found.series.filter(({ count }) => count > 0)
    expect(looked.map(({ verdict }) => verdict)).toEqual(Array.from({ length: 6 }, () => 'steady'))
    expect(found.calls).toBe(300)
    expect(found.errorRate.of).toBe(300)
    expect(found.ttftMs.p50).toBeGreaterThan(340)
    expect(found.ttftMs.p50).toBeLessThan(460)
    expect(found.ttftMs.p95).toBeGreaterThan(found.ttftMs.p50 ?? Number.NaN)
    expect(found.outcomes['success']).toBe(found.ttftMs.count)
    expect(found.outcomes['overloaded']).toBe(found.errorRate.hits)
  })

  test('finds what changed, when, and no more than that', async () => {
    const slower = await upstream('slower')
    expect(drifted(slower)).toEqual(['ttft'])
    const { change, pValue } = slower.series.find(({ series: name }) => name === 'ttft') ?? {}
    expect(Math.abs((change?.at ?? 0) - (begin + 180 * minute))).toBeLessThanOrEqual(6 * minute)
    expect(change).toMatchObject({ direction: 'up', meaning: 'worse' })
    expect((change?.before.count ?? 0) + (change?.after.count ?? 0)).toBe(slower.ttftMs.count)
    expect(change?.before.median).toBeLessThan(460)
    expect(change?.after.median).toBeGreaterThan(800)
    expect(pValue).toBeLessThanOrEqual(0.01)
    expect(change?.effect).toBeGreaterThan(0.8)
  })

  test('finds errors, and takes their end for no drift', async () => {
    const failing = await upstream('failing')
    expect(drifted(failing)).toEqual(['error_rate'])
    expect(failing.series[2]?.change?.after.share).toBeGreaterThan(0.3)
    const mended = await upstream('mended')
    expect(drifted(mended)).toEqual([])
    expect(mended.series[2]).toMatchObject({ verdict: 'better', change: { direction: 'down' } })
  })

  test('finds a smaller model that answers in silence, by name, speed and length', async () => {
    const found = await upstream('downgraded')
    expect(drifted(found)).toEqual(['tokens_per_second', 'output_tokens', 'answered_model'])
    const { change } = found.series[4] ?? {}
    expect(change?.before.names).toEqual({ 'large-2026-01-01': expect.any(Number) })
    expect(change?.after.names).toMatchObject({ 'small-2026-01-01': expect.any(Number) })
    expect(change?.effect).toBeGreaterThan(0.95)
    expect(found.answered.names.map(({ name }) => name)).toEqual(['large-2026-01-01', 'small-2026-01-01'])
  })

  test('finds answers that end otherwise than before, each protocol in its own words', async () => {
    const { upstreams } = await store.report({ provider: 'ends' })
    const [found] = upstreams
    expect(found && drifted(found)).toEqual(['finish_reason'])
    expect(found?.finishReasons).toEqual({ stop: 147, length: 53, completed: 50 })
    const { change, count } = found?.series.find(({ series: name }) => name === 'finish_reason') ?? {}
    expect(count).toBe(200)
    expect(Math.abs((change?.at ?? 0) - (begin + 120 * minute))).toBeLessThanOrEqual(6 * minute)
    expect(change).toMatchObject({ direction: 'mix', meaning: 'different' })
    expect(change?.before.names).toMatchObject({ stop: expect.any(Number) })
  })

  test('says nothing about few calls', async () => {
    const { series: all, calls } = await upstream('rare')
    expect(calls).toBe(30)
    expect(all.map(({ verdict }) => verdict)).toEqual(Array.from({ length: 8 }, () => 'too few'))
    const { upstreams } = await store.report({ model: 'rare', minimum: 20 })
    expect(upstreams[0]?.series[0]?.verdict).toBe('drift')
  })

  test('counts what is an upstream’s doing, from the beginning of its own call', async () => {
    const { upstreams } = await store.report({ provider: 'odd' })
    expect(upstreams).toHaveLength(1)
    expect(upstreams[0]).toMatchObject({
      provider: 'odd',
      model: 'gpt-4o',
      calls: 5,
      outcomes: { success: 2, aborted: 1, 'status 500': 1, invalid_request: 1 },
      errorRate: { hits: 1, of: 3 },
      ttftMs: { count: 1, p50: 200, p95: 200 },
      tokensPerSecond: { count: 1, p50: 100 },
      tokenCounts: { reported: 1, counted: 1, estimated: 0, unknown: 0 },
      answered: {
        named: 2,
        mismatches: 1,
        mismatchShare: 0.5,
        names: [
          { name: 'gpt-3.5-turbo', count: 1, match: 'other' },
          { name: 'gpt-4o-2024-08-06', count: 1, match: 'version' },
        ],
      },
    })
  })

  test('keeps to its period, and says when there is more than it reads', async () => {
    const before = await store.report({ model: 'slower', to: begin + 150 * minute })
    expect(before.upstreams[0]?.calls).toBe(150)
    expect(before.upstreams.flatMap(drifted)).toEqual([])
    const after = await store.report({ model: 'slower', from: begin + 200 * minute })
    expect(after.upstreams[0]?.calls).toBe(100)
    const cut = await createAuditStore(database, 50).report({ model: 'slower' })
    expect(cut).toMatchObject({ isComplete: false, upstreams: [{ calls: 50, to: begin + 299 * minute }] })
    expect(before.isComplete).toBe(true)
    expect(await store.report({ provider: 'nobody' })).toMatchObject({ upstreams: [], isComplete: true })
  })

  test('is the same each time', async () => {
    expect(await store.report({})).toEqual(await store.report({}))
  })

  test('a change is announced once, by one of many who find it, and the next one again', async () => {
    const change = { provider: 'p', model: 'm', series: 'ttft', changedAt: 1_000, announcedAt: 2_000 }
    const asked = await Promise.all(Array.from({ length: 8 }, () => store.announce(change)))
    expect(asked.filter(Boolean)).toHaveLength(1)
    // More calls move the estimate.
    expect(await store.announce({ ...change, changedAt: 1_900, announcedAt: 3_000 })).toBe(false)
    expect(await store.announce({ ...change, series: 'error_rate' })).toBe(true)
    expect(await store.announce({ ...change, changedAt: 2_500, announcedAt: 4_000 })).toBe(true)
    expect(await store.announce({ ...change, changedAt: 2_500, announcedAt: 5_000 })).toBe(false)
  })
})

describeDatabases('canaries', ({ createUrl }) => {
  const hour = 60 * minute
  let database: Database
  beforeAll(async () => {
    database = await openDatabase(await createUrl())
  }, 60_000)
  afterAll(() => database.close())

  test('a turn is taken by one of many, and again when its time is over', async () => {
    const store = createCanaryStore(database)
    const take = (at: number) => store.takeTurn({ canary: 'c', at, notSince: at - hour })
    const asked = await Promise.all(Array.from({ length: 8 }, (_, index) => take(begin + index)))
    expect(asked.filter((at, index) => at === begin + index)).toHaveLength(1)
    const [last] = asked.toSorted((one, other) => other - one)
    expect(await take(begin + hour - 1)).toBe(last ?? 0)
    expect(await take(begin + 2 * hour)).toBe(begin + 2 * hour)
    expect(await store.takeTurn({ canary: 'other', at: begin, notSince: 0 })).toBe(begin)
    // Two that ask in the same millisecond do not both have it.
    expect(await take(begin + 2 * hour)).toBeLessThan(begin + 2 * hour)
    // One whose clock was ahead took it.
    expect(await take(begin + 90 * hour)).toBe(begin + 90 * hour)
    expect(await take(begin + 4 * hour)).toBe(begin + 4 * hour)
  })

  test('old turns and runs are forgotten, and so are old announcements', async () => {
    const empty = await openDatabase(await createUrl())
    try {
      const store = createCanaryStore(empty)
      const audits = createAuditStore(empty)
      const known = { provider: 'vendor', model: 'm', result: 'passed', error: null } as const
      for (let index = 0; index < 5; index++) {
        await store.record({ ...known, exchange: `run-${index}`, canary: 'c', at: begin + index * hour })
      }
      const later = begin + 3 * hour
      expect([await store.purge(later, 2), await store.purge(later, 2), await store.purge(later, 2)]).toEqual(
        [2, 1, 0],
      )
      const { canaries } = await audits.report({})
      expect(canaries[0]).toMatchObject({ canary: 'c', runs: 2 })
      // Its next turn is still known, and only that of a canary that is gone for long is not.
      const turn = { canary: 'c', at: begin, notSince: begin - hour }
      expect(await store.takeTurn(turn)).toBe(begin)
      await store.purge(later, 2)
      expect(await store.takeTurn({ ...turn, at: begin + 1 })).toBe(begin)
      await store.purge(begin + 61 * 24 * hour, 9)
      expect(await store.takeTurn({ ...turn, at: begin + 1 })).toBe(begin + 1)

      const change = {
        provider: 'vendor',
        model: 'm',
        series: 'errors',
        changedAt: begin,
        announcedAt: later,
      }
      expect(await audits.announce(change)).toBe(true)
      expect([await audits.purge(later), await audits.announce(change)]).toEqual([0, false])
      expect([await audits.purge(later + 1), await audits.announce(change)]).toEqual([1, true])
    } finally {
      await empty.close()
    }
  }, 60_000)

  test('the audit says how many passed, how sure that is, and since when they fail', async () => {
    const store = createCanaryStore(database)
    const run = (canary: string, index: number, changes: Partial<CanaryRun> = {}): Promise<void> =>
      store.record({
        exchange: `${canary}-${index}`,
        canary,
        at: begin + index * hour,
        provider: 'vendor',
        model: canary === 'alone' ? 'other' : 'm',
        result: 'passed',
        error: null,
        ...changes,
      })
    await Promise.all([
      ...Array.from({ length: 120 }, (_, index) =>
        run('worse', index, index < 80 || index % 4 === 0 ? {} : { result: 'failed' }),
      ),
      ...Array.from({ length: 120 }, (_, index) => run('steady', index)),
      ...Array.from({ length: 20 }, (_, index) =>
        run('steady', 120 + index, { result: 'no_answer', error: 'timeout' }),
      ),
      run('alone', 3, { result: 'failed' }),
    ])
    const audits = createAuditStore(database)
    const { canaries, upstreams } = await audits.report({})
    expect(upstreams).toEqual([])
    expect(canaries.map(({ canary }) => canary)).toEqual(['steady', 'worse', 'alone'])
    const [steady, worse, alone] = canaries
    expect(steady).toMatchObject({
      runs: 140,
      passed: 120,
      failed: 0,
      noAnswer: 20,
      share: { value: 1, high: 1 },
      last: { result: 'no_answer', error: 'timeout' },
      series: { series: 'canary', count: 120, verdict: 'steady', change: null },
    })
    expect(worse).toMatchObject({
      passed: 90,
      failed: 30,
      share: { value: 0.75 },
      series: { verdict: 'drift', change: { direction: 'up', meaning: 'worse', before: { share: 0 } } },
    })
    // Wilson's interval of 90 of 120.
    expect(worse?.share?.low).toBeCloseTo(0.6658, 3)
    expect(worse?.share?.high).toBeCloseTo(0.8191, 3)
    expect(Math.abs((worse?.series.change?.at ?? 0) - (begin + 80 * hour))).toBeLessThanOrEqual(4 * hour)
    expect(alone).toMatchObject({ runs: 1, failed: 1, series: { verdict: 'too few', pValue: null } })
    const some = await audits.report({ model: 'm', from: begin + 10 * hour, to: begin + 20 * hour })
    expect(some.canaries.map(({ canary, runs }) => [canary, runs])).toEqual([
      ['steady', 10],
      ['worse', 10],
    ])
    expect((await createAuditStore(database, 50).report({})).isComplete).toBe(false)
  })

  test('a prompt is another one as soon as anything about it differs', () => {
    const prompt = { provider: 'p', model: 'm', prompt: 'x', max_output_tokens: 10 }
    const others = [
      { prompt: 'y' },
      { expect: '*' },
      { model: 'n' },
      { provider: 'q' },
      { max_output_tokens: 11 },
    ]
    const ids = [prompt, ...others.map((change) => ({ ...prompt, ...change }))].map(canaryId)
    expect(new Set(ids).size).toBe(6)
    expect(canaryId({ ...prompt })).toBe(canaryId(prompt))
  })
})

describe('the model that answered', () => {
  test.each([
    ['gpt-4o', 'gpt-4o', 'same'],
    ['gpt-4o', 'GPT-4o', 'same'],
    ['gemini-2.5-pro', 'models/gemini-2.5-pro', 'same'],
    ['gpt-4o', 'gpt-4o-2024-08-06', 'version'],
    ['claude-sonnet-4-5', 'claude-sonnet-4-5-20250929', 'version'],
    ['claude-3-5-haiku-latest', 'claude-3-5-haiku-20241022', 'version'],
    ['gpt-4', 'gpt-4-0613', 'version'],
    ['gpt-4o', 'gpt-4o-mini', 'other'],
    ['gpt-4o-2024-08-06', 'gpt-4o-2024-05-13', 'other'],
    ['claude-opus-4-1', 'claude-sonnet-4-5-20250929', 'other'],
    ['gemini-2.5-pro', 'gemini-2.5-flash', 'other'],
  ] as const)('%p asked, %p answered: %p', (asked, answered, match) => {
    expect(matchNames(asked, answered)).toBe(match)
  })
})
