import { expect, test } from 'bun:test'
import { GatewayError } from '../errors.ts'
import {
  type BucketClaim,
  memoryQuota,
  type Quota,
  type SlotClaim,
  type StateStatus,
} from '../state/index.ts'
import { createSharedQuota, type SharedQuotaSettings } from './shared-quota.ts'

const setUp = (overrides: Partial<SharedQuotaSettings> = {}, gateways = 4) => {
  const clock = { time: 1_000_000 }
  const now = () => clock.time
  const shared = memoryQuota(now)
  const local = memoryQuota(now)
  const told: string[] = []
  const state: { quota: Quota; is: StateStatus } = { quota: shared, is: 'connected' }
  const quota = createSharedQuota({
    state: {
      get quota() {
        return state.quota
      },
      status: () => state.is,
    },
    local,
    gateways: () => gateways,
    settings: () => ({ whenAway: 'local', longestWait: 20, ...overrides }),
    onChange: (isAlone, reason) => void told.push(isAlone ? reason : 'together'),
    now,
  })
  return { clock, shared, local, state, told, quota }
}

const bucket = (amount: number): BucketClaim => ({
  type: 'bucket',
  key: 'b',
  capacity: 100,
  refill: 100,
  period: 60_000,
  amount,
})
const slot = (holder: string): SlotClaim => ({ type: 'slot', key: 's', holder, limit: 8, holding: 60_000 })

const leftIn = async (quota: Quota): Promise<number> => {
  const { levels } = await quota.take({ claims: [bucket(0)] })
  return levels[0]?.type === 'bucket' ? levels[0].left : -1
}

test('while the others can be reached, all is taken from what they share', async () => {
  const { shared, local, told, quota } = setUp()
  const from = await quota.take([bucket(30), slot('a')])
  expect(from.taken.granted).toBe(true)
  expect(from.quota).toBe(shared)
  expect(await leftIn(shared)).toBe(70)
  expect(await leftIn(local)).toBe(100)
  expect(told).toEqual([])
})

test('while they are away each takes its share alone, says so once, and says when it is over', async () => {
  const { clock, state, told, quota, local } = setUp()
  state.is = 'away'
  let granted = 0
  for (let time = 0; time < 100; time++) if ((await quota.take([bucket(1)])).taken.granted) granted++
  expect(granted).toBe(25)
  // A quarter of what flows in as well.
  clock.time += 60_000
  for (let time = 0; time < 100; time++) if ((await quota.take([bucket(1)])).taken.granted) granted++
  expect(granted).toBe(50)
  let places = 0
  for (let time = 0; time < 10; time++) if ((await quota.take([slot(`h${time}`)])).taken.granted) places++
  expect(places).toBe(2)
  state.is = 'connected'
  const from = await quota.take([bucket(1)])
  expect(from.quota).not.toBe(local)
  expect(told).toEqual(['it cannot be reached', 'together'])
})

test('a limit is never divided to nothing', async () => {
  const { state, quota } = setUp({}, 50)
  state.is = 'away'
  const tiny: BucketClaim = { ...bucket(1), capacity: 3, refill: 3 }
  expect((await quota.take([tiny, { ...slot('a'), limit: 2 }])).taken.granted).toBe(true)
})

test('`refuse` refuses limits, and still counts alone who repeats itself', async () => {
  const { state, quota } = setUp({ whenAway: 'refuse' })
  state.is = 'away'
  const refused = await quota.take([bucket(1)]).catch((error: unknown) => error)
  expect(refused instanceof GatewayError && refused.code).toBe('gateway_state_unavailable')
  const repeat = { type: 'repeat' as const, key: 'r', limit: 2, period: 1_000 }
  const granted = []
  for (let time = 0; time < 3; time++) granted.push((await quota.take([repeat])).taken.granted)
  expect(granted).toEqual([true, true, false])
})

test('an answer that comes too late is not waited for by others, and what it took goes back', async () => {
  const { clock, shared, state, told, quota } = setUp()
  const slow = Promise.withResolvers<void>()
  let asked = 0
  state.quota = {
    ...shared,
    async take(take) {
      asked++
      const taken = await shared.take(take)
      await slow.promise
      return taken
    },
  }
  expect((await quota.take([bucket(10), slot('a')])).taken.granted).toBe(true)
  expect((await quota.take([bucket(10)])).taken.granted).toBe(true)
  expect(asked).toBe(1)
  expect(told).toEqual(['it is too slow'])
  expect(await leftIn(shared)).toBe(90)
  slow.resolve()
  await Bun.sleep(1)
  expect(await leftIn(shared)).toBe(100)
  const { levels } = await shared.take({ claims: [{ ...slot('look'), limit: 0 }] })
  expect(levels[0]).toEqual({ type: 'slot', ok: false, taken: 0 })
  // After a rest they are asked again.
  clock.time += 1_000
  expect((await quota.take([bucket(10)])).quota).toBe(state.quota)
  expect(told).toEqual(['it is too slow', 'together'])
})

test('a lost connection in the middle of a decision is the same as none', async () => {
  const { local, shared, state, quota } = setUp()
  state.quota = {
    ...shared,
    take: () => Promise.reject(new GatewayError('gateway_state_unavailable', 'redis is away')),
  }
  expect((await quota.take([bucket(1)])).quota).toBe(local)
})
