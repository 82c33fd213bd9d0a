import { expect, test } from 'bun:test'
import { createDriftCheck } from './drift-check.ts'
import type { HookEvent } from './hooks/index.ts'
import type { AuditReport, SeriesAudit, SeriesChange } from './ledger/index.ts'
import { createMetrics } from './telemetry/index.ts'

const side = { count: 60, median: 400, share: null, names: null }
const worse: SeriesChange = {
  at: 5_000,
  direction: 'up',
  meaning: 'worse',
  effect: 0.6,
  before: side,
  after: { ...side, median: 900 },
}

const reportOf = (verdict: SeriesAudit['verdict'], change: SeriesChange | null): AuditReport => {
  const spread = { count: 0, p50: null, p95: null }
  const counts = {
    calls: 0,
    reportedTokens: 0,
    countedTokens: 0,
    beyondTokens: 0,
    ratio: { ...spread, p5: null },
    furthest: [],
  }
  return {
    level: 0.01,
    isComplete: true,
    canaries: [],
    upstreams: [
      {
        provider: 'p',
        model: 'm',
        calls: 120,
        from: 0,
        to: 9_000,
        outcomes: {},
        finishReasons: {},
        errorRate: { hits: 0, of: 0, share: null },
        ttftMs: spread,
        tokensPerSecond: spread,
        outputTokens: spread,
        tokenCounts: {
          ...{ reported: 0, counted: 0, estimated: 0, unknown: 0 },
          checked: { method: null, input: counts, output: counts },
        },
        answered: { named: 0, mismatches: 0, mismatchShare: null, names: [] },
        series: [{ series: 'ttft', count: 120, verdict, pValue: 0.001, change }],
      },
    ],
  }
}

const setUp = (settings = { check_every: 1_000, window: 60_000, minimum: 50 }) => {
  const { registry } = createMetrics({ version: 'test' })
  const state = { now: 100_000, report: reportOf('drift', worse), settings, isAway: false }
  const [events, queries, warnings]: [HookEvent[], object[], string[]] = [[], [], []]
  let announced = -1
  const check = createDriftCheck({
    async report(query) {
      if (state.isAway) throw new Error('the database is away')
      queries.push(query)
      return state.report
    },
    async announce({ changedAt, announcedAt }) {
      if (announced >= changedAt) return false
      announced = announcedAt
      return true
    },
    emit: (event) => void events.push(event),
    registry,
    logger: { warn: (message) => void warnings.push(message) },
    settings: () => state.settings,
    now: () => state.now,
  })
  const drift = async () => (await registry.render()).match(/tollgate_upstream_drift\{[^}]*\} (\d)/)?.[1]
  return { check, state, events, queries, warnings, drift }
}

test('a new finding is told once and shown for as long as it is found', async () => {
  const { check, state, events, warnings, drift } = setUp()
  await check.tick()
  expect(events).toEqual([
    {
      type: 'drift',
      data: {
        provider: 'p',
        model: 'm',
        series: 'ttft',
        changedAt: 5_000,
        direction: 'up',
        meaning: 'worse',
        effect: 0.6,
        before: worse.before,
        after: worse.after,
        pValue: 0.001,
      },
    },
  ])
  expect(warnings).toHaveLength(1)
  state.now += 1_000
  await check.tick()
  expect(events).toHaveLength(1)
  expect(await drift()).toBe('1')
  state.now += 1_000
  state.report = { ...state.report, upstreams: [] }
  await check.tick()
  expect(await drift()).toBe('0')
})

test('it looks as often and as far back as configured', async () => {
  const { check, state, queries } = setUp()
  await check.tick()
  state.now += 999
  await check.tick()
  expect(queries).toEqual([{ from: 40_000, minimum: 50 }])
  state.now += 1
  state.settings = { check_every: 1_000, window: 1_000, minimum: 20 }
  await check.tick()
  expect(queries[1]).toEqual({ from: 100_000, minimum: 20 })
})

test('a canary that begins to fail is told as well, apart from the others of its model', async () => {
  const { check, state, events, drift } = setUp()
  const failing = { ...side, median: null, share: 0.5 }
  state.report = {
    ...state.report,
    upstreams: [],
    canaries: [
      {
        canary: 'abc',
        provider: 'p',
        model: 'm',
        runs: 120,
        passed: 90,
        failed: 30,
        noAnswer: 0,
        share: null,
        from: 0,
        to: 9_000,
        last: { result: 'failed', error: null },
        series: {
          series: 'canary',
          count: 120,
          verdict: 'drift',
          pValue: 0.001,
          change: { ...worse, after: failing },
        },
      },
    ],
  }
  await check.tick()
  expect(events).toMatchObject([{ type: 'drift', data: { series: 'canary abc', after: { share: 0.5 } } }])
  expect(await drift()).toBe('1')
})

test('with 0 it never looks', async () => {
  const { check, queries } = setUp({ check_every: 0, window: 60_000, minimum: 50 })
  await check.tick()
  expect(queries).toEqual([])
})

test('what became better is shown to nobody who sleeps', async () => {
  const { check, state, events, drift } = setUp()
  state.report = reportOf('better', { ...worse, meaning: 'better' })
  await check.tick()
  expect(events).toEqual([])
  expect(await drift()).toBe('0')
})

test('what has had too few calls all along has no metric', async () => {
  const { check, state, drift } = setUp()
  state.report = reportOf('too few', null)
  await check.tick()
  expect(await drift()).toBeUndefined()
})

test('a check that fails is told, and the next one comes in its time', async () => {
  const { check, state, events, warnings } = setUp()
  state.isAway = true
  await check.tick()
  expect(warnings).toEqual(['the check for drift failed'])
  state.isAway = false
  state.now += 1_000
  await check.tick()
  expect(events).toHaveLength(1)
})

test('where it is switched off, a finding does not stand for ever', async () => {
  const { check, state, drift } = setUp()
  await check.tick()
  expect(await drift()).toBe('1')
  state.settings = { ...state.settings, check_every: 0 }
  await check.tick()
  expect(await drift()).toBe('0')
})
