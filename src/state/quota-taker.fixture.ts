/**
 * A process that takes from shared counters as fast as it can, until the budget is used up, and writes a line of JSON for
 * each grant before it goes on: `{ amount }`, and at the end `{ highest }`, the most that it saw within the slots.
 *
 *   bun quota-taker.fixture.ts redis|supervisor ADDRESS NAME
 */
import { writeSync } from 'node:fs'
import { redisState, supervisorState } from './index.ts'
import { bucket, budget, slot } from './quota-claims.fixture.ts'

const [, , backend, address = '', name = ''] = process.argv
const state =
  backend === 'redis'
    ? redisState({ url: address, keyPrefix: 'race:', patience: 10_000 })
    : supervisorState({ path: address, patience: 10_000 })
for (const deadline = Date.now() + 10_000; state.status() === 'away' && Date.now() < deadline; )
  await Bun.sleep(5)

let highest = 0
const work = async (number: number): Promise<void> => {
  for (let round = 0, refusals = 0; refusals < 20; round++) {
    const holder = `${name}-${number}-${round}`
    const amount = 1 + ((number * 7 + round * 13) % 20)
    const { granted } = await state.quota.take({
      claims: [
        budget('money', holder, amount, { limit: 5_000, holding: 1_000 }),
        bucket('tokens', amount, { capacity: 1_000_000, refill: 1, period: 1_000_000_000 }),
        slot('places', holder, { limit: 40, holding: 60_000 }),
      ],
    })
    if (!granted) {
      refusals++
      await Bun.sleep(1)
      continue
    }
    refusals = 0
    highest = Math.max(highest, await state.increment('inside', 1, 60_000))
    writeSync(1, `${JSON.stringify({ amount })}\n`)
    await state.increment('inside', -1, 60_000)
    await state.quota.give([
      { type: 'slot', key: 'places', holder },
      // Every third is never settled: its process forgot it, and what it held counts in the end.
      ...(round % 3 === 0 ? [] : [{ type: 'budget' as const, key: 'money', holder, spent: amount }]),
    ])
  }
}
await Promise.all(Array.from({ length: 20 }, (_, number) => work(number)))
writeSync(1, `${JSON.stringify({ highest })}\n`)
state.close()
