import { expect, test } from 'bun:test'
import type { AuditCall } from './audit-call.ts'
import { auditReport } from './audit-report.ts'
import { createRandomSource } from './random-source.ts'

/** Calls of one upstream whose behaviour never changes. */
const stationary = (seed: string, model: string, count: number): readonly AuditCall[] => {
  const random = createRandomSource(`${seed} ${model}`)
  return Array.from({ length: count }, (_, index) => {
    const hasFailed = random() < 0.05
    const ttftMs = 300 * Math.exp(2 * random() * random())
    return {
      at: index * 1_000,
      provider: 'p',
      model,
      answered: random() < 0.8 ? 'one' : 'other',
      protocol: 'openai-chat',
      finishReason: random() < 0.7 ? 'stop' : 'length',
      status: hasFailed ? 500 : 200,
      error: null,
      isAborted: false,
      latencyMs: ttftMs + 500 + 4_000 * random(),
      ttftMs,
      outputTokens: Math.ceil(600 * random() ** 2),
      usageSource: 'reported' as const,
    }
  })
}

test('a report on ten upstreams that never change makes an alarm no more often than its level says', () => {
  const reports = 150
  const level = 0.05
  const alarms = Array.from({ length: reports }, (_, run) => {
    const calls = Array.from({ length: 10 }, (_, index) => stationary(`run ${run}`, `m${index}`, 120)).flat()
    const { upstreams } = auditReport({ calls, runs: [], checks: [] }, { minimum: 50, level }, true)
    return upstreams.some(({ series }) => series.some(({ pValue }) => pValue !== null && pValue <= level))
  }).filter(Boolean).length
  // Without a correction for 50 series nine reports of ten would make one.
  expect(alarms).toBeLessThanOrEqual(reports * level + 3.3 * Math.sqrt(reports * level * (1 - level)))
})

test('one upstream of a hundred that changes is found among all the others', () => {
  const others = Array.from({ length: 99 }, (_, index) => stationary('crowd', `m${index}`, 100)).flat()
  const changed = stationary('crowd', 'changed', 200).map((call, index) =>
    index < 120 ? call : { ...call, ttftMs: (call.ttftMs ?? 0) * 4, latencyMs: call.latencyMs + 5_000 },
  )
  const { upstreams } = auditReport(
    { calls: [...others, ...changed], runs: [], checks: [] },
    { minimum: 50, level: 0.01 },
    true,
  )
  const found = upstreams.flatMap(({ model, series }) =>
    series.flatMap(({ series: name, verdict }) => (verdict === 'drift' ? [`${model} ${name}`] : [])),
  )
  expect(found).toContain('changed ttft')
  expect(found.filter((name) => !name.startsWith('changed'))).toEqual([])
})

test('a change too small to matter is no drift, however sure it is', () => {
  const calls = stationary('small', 'm', 30_000).map((call, index) =>
    index < 15_000 || call.ttftMs === null ? call : { ...call, ttftMs: call.ttftMs * 1.05 },
  )
  const [upstream] = auditReport(
    { calls, runs: [], checks: [] },
    { minimum: 50, level: 0.01 },
    true,
  ).upstreams
  const [ttft] = upstream?.series ?? []
  expect(ttft?.pValue).toBeLessThanOrEqual(0.01)
  expect(ttft).toMatchObject({ verdict: 'steady', change: null })
})
