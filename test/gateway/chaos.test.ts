import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type ChaosStage, everything, oneAtATime, startChaos } from '../support/chaos-run.ts'
import { allEntries } from '../support/gateway.ts'

let stage: ChaosStage

beforeAll(async () => {
  stage = await startChaos('round-robin')
})
afterAll(() => stage.stop())

describe('three providers of which one at a time fails', () => {
  test('serve every exchange that had not begun when its provider failed, each with one row', async () => {
    const result = await stage.run({ exchanges: 540, concurrent: 16, broken: oneAtATime })
    console.log(
      `chaos: ${result.exchanges} exchanges, ${result.complete} complete, ${result.late} broke after they had begun, ${result.upstreamCalls} upstream calls, ${result.seconds.toFixed(1)} s`,
    )
    expect(result.early).toEqual([])
    expect(result.complete + result.late).toBe(540)
    const entries = await allEntries(stage.gateway)
    expect(entries.length).toBe(540)
    expect(new Set(entries.map((entry) => entry.exchange)).size).toBe(540)
    const attempts = entries.reduce((total, entry) => total + Number(entry['attempts']), 0)
    // A refused connection is an attempt that no upstream counts.
    expect(attempts).toBeGreaterThanOrEqual(result.upstreamCalls)
  })
})

test('an outage of everything is hardly amplified, and over as soon as it is over', async () => {
  const before = (await allEntries(stage.gateway)).length
  const result = await stage.run({ exchanges: 1500, concurrent: 16, broken: () => everything('error-500') })
  const amplification = result.upstreamCalls / result.exchanges
  console.log(
    `outage: ${result.exchanges} exchanges, ${result.upstreamCalls} upstream calls (${amplification.toFixed(3)})`,
  )
  expect(result.complete).toBe(0)
  expect(result.early.every((one) => one.startsWith('500 '))).toBe(true)
  expect(amplification).toBeLessThanOrEqual(1.2)
  const healed = await stage.run({ exchanges: 50, concurrent: 4, broken: () => [] })
  expect(healed.complete).toBe(50)
  expect((await allEntries(stage.gateway)).length - before).toBe(1550)
})
