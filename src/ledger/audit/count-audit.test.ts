import { describe, expect, test } from 'bun:test'
import type { AuditCall } from './audit-call.ts'
import { auditReport } from './audit-report.ts'
import type { CountCheck, CountMethod } from './count-check.ts'
import { createRandomSource } from './random-source.ts'

const minute = 60_000

const callAt = (index: number): AuditCall => ({
  at: index * minute,
  provider: 'p',
  model: 'm',
  answered: 'm',
  protocol: 'openai-chat',
  finishReason: 'stop',
  status: 200,
  error: null,
  isAborted: false,
  latencyMs: 1_000,
  ttftMs: null,
  outputTokens: null,
  usageSource: 'reported',
})

interface Provider {
  readonly method?: CountMethod
  /** Of what is reported to what is counted. */
  readonly ratioAt: (index: number) => number
  /** Of the ratio, to both sides. */
  readonly noise?: number
  readonly calls?: number
  readonly changes?: (index: number) => Partial<CountCheck>
}

const checksOf = ({ method = 'counted', ratioAt, noise = 0.02, calls = 160, changes }: Provider) => {
  const random = createRandomSource('counts')
  const pair = (counted: number, ratio: number) => ({
    counted,
    reported: Math.round(counted * ratio * (1 + noise * (2 * random() - 1))),
  })
  return Array.from(
    { length: calls },
    (_, index): CountCheck => ({
      exchange: `call-${index}`,
      attempt: 1,
      at: index * minute,
      provider: 'p',
      model: 'm',
      protocol: 'openai-chat',
      method,
      edition: 1,
      input: pair(200 + Math.round(3_000 * random()), ratioAt(index)),
      output: pair(100 + Math.round(400 * random()), ratioAt(index)),
      hiddenReasoning: 0,
      ...changes?.(index),
    }),
  )
}

const auditOf = (checks: readonly CountCheck[]) => {
  const calls = Array.from({ length: 160 }, (_, index) => callAt(index))
  const { upstreams } = auditReport({ calls, runs: [], checks }, { minimum: 50, level: 0.01 }, true)
  const [upstream] = upstreams
  if (upstream === undefined) throw new Error('there are calls')
  const [input, output] = ['input_count', 'output_count'].map((name) =>
    upstream.series.find(({ series }) => series === name),
  )
  return { checked: upstream.tokenCounts.checked, input, output }
}

const changed = (index: number): boolean => index >= 90

describe('reported against counted tokens', () => {
  test('are told in numbers, with what was reported beyond', () => {
    const pairs = [
      { reported: 110, counted: 100 },
      { reported: 1_000, counted: 1_000 },
      // Too short for a ratio, and in the sums all the same.
      { reported: 30, counted: 10 },
      { reported: 450, counted: 500 },
    ]
    const checks = checksOf({ ratioAt: () => 1, calls: 5 }).map((check, index) => ({
      ...check,
      input: pairs[index] ?? null,
      output: null,
    }))
    const { checked } = auditOf(checks)
    expect(checked).toEqual({
      method: 'counted',
      input: {
        calls: 4,
        reportedTokens: 1_590,
        countedTokens: 1_610,
        beyondTokens: -20,
        ratio: { count: 3, p5: 0.9, p50: 1, p95: 1.1 },
        furthest: [
          { exchange: 'call-0', attempt: 1, reported: 110, counted: 100 },
          { exchange: 'call-1', attempt: 1, reported: 1_000, counted: 1_000 },
          { exchange: 'call-3', attempt: 1, reported: 450, counted: 500 },
        ],
      },
      output: {
        calls: 0,
        reportedTokens: 0,
        countedTokens: 0,
        beyondTokens: 0,
        ratio: { count: 0, p5: null, p50: null, p95: null },
        furthest: [],
      },
    })
    expect(auditOf([]).checked.method).toBeNull()
  })

  test('of a provider that begins to report 30 % more make an alarm with its place', () => {
    for (const method of ['counted', 'estimated'] as const) {
      const { input, output, checked } = auditOf(
        checksOf({ method, noise: 0.1, ratioAt: (index) => (changed(index) ? 1.3 : 1) }),
      )
      for (const series of [input, output]) {
        expect(series).toMatchObject({
          verdict: 'drift',
          count: 160,
          change: { direction: 'up', meaning: 'worse' },
        })
        expect(Math.abs((series?.change?.at ?? 0) - 90 * minute)).toBeLessThanOrEqual(5 * minute)
        expect(series?.change?.before.median).toBeCloseTo(1, 1)
        expect(series?.change?.after.median).toBeCloseTo(1.3, 1)
      }
      expect(checked.input.beyondTokens / checked.input.countedTokens).toBeCloseTo(0.13, 1)
    }
  })

  test('that stay as they are make none, also where the estimate is wrong by a fixed share', () => {
    for (const ratio of [1, 0.8, 1.4]) {
      const { input, output, checked } = auditOf(
        checksOf({ method: 'estimated', noise: 0.15, ratioAt: () => ratio }),
      )
      expect([input?.verdict, output?.verdict]).toEqual(['steady', 'steady'])
      expect(checked.output.ratio.p50).toBeCloseTo(ratio, 1)
    }
  })

  test('that shift by less than a fair count may make none, however sure that is', () => {
    const shift = (method: CountMethod, by: number) =>
      auditOf(checksOf({ method, noise: 0.003, ratioAt: (index) => (changed(index) ? by : 1) })).input
    expect(shift('counted', 1.01)).toMatchObject({ verdict: 'steady', change: null })
    expect(shift('counted', 1.01)?.pValue).toBeLessThanOrEqual(0.01)
    expect(shift('counted', 1.08)?.verdict).toBe('steady')
    expect(shift('counted', 1.12)?.verdict).toBe('drift')
    expect(shift('estimated', 1.12)?.verdict).toBe('steady')
    expect(shift('estimated', 1.18)?.verdict).toBe('drift')
  })

  test('that fall are better, and wake nobody', () => {
    const { input } = auditOf(checksOf({ ratioAt: (index) => (changed(index) ? 1 : 1.3) }))
    expect(input).toMatchObject({ verdict: 'better', change: { direction: 'down', meaning: 'better' } })
  })

  test('of another edition of the counting, or of another protocol, are no change of the provider', () => {
    const [edition, protocol] = (
      [{ edition: 2 }, { protocol: 'openai-responses' }] satisfies Partial<CountCheck>[]
    ).map((changes) =>
      auditOf(
        checksOf({
          ratioAt: (index) => (changed(index) ? 1.3 : 1),
          changes: (index) => (changed(index) ? changes : {}),
        }),
      ),
    )
    expect(edition?.input).toMatchObject({ verdict: 'steady', count: 70 })
    expect(protocol?.input).toMatchObject({ verdict: 'steady', count: 90 })
    expect(protocol?.checked.input.calls).toBe(160)
  })

  test('of few calls say nothing', () => {
    const { input } = auditOf(checksOf({ calls: 40, ratioAt: (index) => (index >= 20 ? 2 : 1) }))
    expect(input).toMatchObject({ verdict: 'too few', count: 40, pValue: null })
  })
})
