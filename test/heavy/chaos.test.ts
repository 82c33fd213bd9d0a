import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type ChaosStage, everything, oneAtATime, startChaos } from '../support/chaos-run.ts'
import { allEntries } from '../support/gateway.ts'

/** Ten thousand exchanges over three providers of which one at a time is killed, and as many in a total outage. */
let stage: ChaosStage

beforeAll(async () => {
  stage = await startChaos('round-robin')
})
afterAll(() => stage.stop())

const exchanges = 10_000

test('one provider at a time fails: nothing that a healthy one could have served fails before its first byte', async () => {
  const result = await stage.run({ exchanges, concurrent: 32, broken: oneAtATime })
  console.log(
    `chaos: ${result.exchanges} exchanges, ${result.complete} complete, ${result.late} broke after they had begun, ${result.upstreamCalls} upstream calls, ${result.seconds.toFixed(1)} s`,
  )
  expect(result.early).toEqual([])
  expect(result.complete + result.late).toBe(exchanges)
  const entries = await allEntries(stage.gateway)
  expect(new Set(entries.map((entry) => entry.exchange)).size).toBe(exchanges)
  expect(entries.length).toBe(exchanges)
}, 600_000)

for (const fault of ['error-500', 'refuse', 'error-event', 'rate-limit'] as const) {
  test(`an outage of everything (${fault}) brings at most 1.2 calls for each exchange`, async () => {
    const result = await stage.run({ exchanges, concurrent: 32, broken: () => everything(fault) })
    const attempts = (await allEntries(stage.gateway))
      .slice(0, exchanges)
      .reduce((total, entry) => total + Number(entry['attempts']), 0)
    console.log(
      `outage ${fault}: ${(attempts / exchanges).toFixed(3)} calls for each exchange, ${result.seconds.toFixed(1)} s`,
    )
    expect(result.complete).toBe(0)
    expect(attempts / exchanges).toBeLessThanOrEqual(1.2)
  }, 600_000)
}
