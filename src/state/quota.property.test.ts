import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { waitFor } from '../../test/support/gateway.ts'
import { type RedisServer, redisAvailable, startRedis } from '../../test/support/redis.ts'
import type { Change, Claim, Holder, Level, Quota, Seed, Take } from './index.ts'
import { memoryQuota, redisState, type State, serveState, supervisorState } from './index.ts'
import { bucket, budget, repeat, slot } from './quota-claims.fixture.ts'
import { quotaModel } from './quota-model.fixture.ts'

setDefaultTimeout(60_000)

/** One thing that a process does to the counters, or time that passes. */
type Step =
  | { readonly type: 'take'; readonly take: Take }
  | { readonly type: 'give'; readonly changes: readonly Change[] }
  | { readonly type: 'keep'; readonly holders: readonly Holder[]; readonly holding: number }
  | { readonly type: 'seed'; readonly seed: Omit<Seed, 'version'>; readonly age: number | undefined }
  | { readonly type: 'wait'; readonly time: number }

/** How fast time passes for the counters: the model's clock is exact, that of others is their own. */
interface Pace {
  /** Of every period and holding, in milliseconds. */
  readonly period: number
  readonly waits: boolean
}

const holders = fc.constantFrom('a', 'b', 'c', 'd')
const amounts = fc.integer({ min: 0, max: 12 })

const stepsOf = ({ period, waits }: Pace): fc.Arbitrary<readonly Step[]> => {
  const times = fc.integer({ min: 1, max: 3 }).map((factor) => factor * period)
  const wide = { capacity: 10, refill: 7, period: 3 * period }
  const narrow = { capacity: 3, refill: 1, period }
  const bucketClaims = fc
    .tuple(fc.boolean(), amounts)
    .map(([isWide, amount]) => bucket(isWide ? 'wide' : 'narrow', amount, isWide ? wide : narrow))
  const slotClaims = fc.tuple(holders, times).map(([holder, holding]) => slot('slots', holder, { holding }))
  const repeatClaims = fc.constant(repeat('repeats', { limit: 3, period }))
  const budgetClaims = fc
    .record({
      key: fc.constantFrom('month', 'rolling', 'counted'),
      holder: holders,
      base: amounts,
      step: fc.integer({ min: 0, max: 4 }),
      holding: times,
      slice: fc.integer({ min: -1, max: 3 }),
      ttl: times,
    })
    .map(({ key, holder, base, slice, ...more }) =>
      budget(key, holder, base, {
        ...more,
        limit: key === 'counted' ? null : 60,
        slice: key === 'rolling' ? slice : 0,
        oldest: key === 'rolling' ? slice - 1 : 0,
      }),
    )
  const several = (one: fc.Arbitrary<Claim>, maxLength: number): fc.Arbitrary<readonly Claim[]> =>
    fc.uniqueArray(one, { maxLength, selector: ({ key }) => key })
  const claims = fc.oneof(
    several(fc.oneof(bucketClaims, slotClaims, repeatClaims, budgetClaims), 5),
    // Where no time passes, the others are soon used up and refuse everything.
    several(budgetClaims, 2),
    several(budgetClaims, 1),
  )
  const take = fc
    .record({ claims, least: fc.integer({ min: 0, max: 3 }), more: fc.integer({ min: 0, max: 9 }) })
    .map(({ claims, least, more }) => ({
      type: 'take' as const,
      take: { claims, steps: { least, most: least + more } },
    }))
  const change: fc.Arbitrary<Change> = fc.oneof(
    fc
      .tuple(bucketClaims, fc.integer({ min: -9, max: 40 }))
      .map(([{ type, key, capacity, refill, period }, amount]) => ({
        ...{ type, key, capacity, refill, period },
        amount,
      })),
    holders.map((holder) => ({ type: 'slot' as const, key: 'slots', holder })),
    fc
      .tuple(fc.constantFrom('month', 'rolling', 'counted'), holders, fc.integer({ min: 0, max: 8 }))
      .map(([key, holder, spent]) => ({ type: 'budget' as const, key, holder, spent })),
  )
  const all: readonly fc.WeightedArbitrary<Step>[] = [
    { weight: 6, arbitrary: take },
    {
      weight: 3,
      arbitrary: fc
        .array(change, { minLength: 1, maxLength: 4 })
        .map((changes) => ({ type: 'give' as const, changes })),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant('keep' as const),
        holders: fc.array(fc.record({ key: fc.constantFrom('slots', 'month', 'rolling'), holder: holders }), {
          minLength: 1,
          maxLength: 3,
        }),
        holding: times,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constant('seed' as const),
        seed: fc.record({
          key: fc.constantFrom('month', 'rolling', 'counted'),
          spent: fc.uniqueArray(fc.tuple(fc.integer({ min: -2, max: 3 }), amounts), {
            maxLength: 3,
            selector: ([slice]) => slice,
          }),
          ttl: times,
        }),
        age: fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined }),
      }),
    },
  ]
  const waiting: readonly fc.WeightedArbitrary<Step>[] = waits
    ? [
        {
          weight: 3,
          arbitrary: fc.integer({ min: 1, max: 3 * period }).map((time) => ({ type: 'wait' as const, time })),
        },
      ]
    : []
  return fc.array(fc.oneof(...all, ...waiting), { maxLength: 60, size: 'max' })
}

/** Seeds first, so that budgets are known, then the steps; whatever is said must be what the model says. */
const follow = async (
  quota: Quota,
  steps: readonly Step[],
  { clock, shown }: { readonly clock: { time: number }; readonly shown: (level: Level) => unknown },
): Promise<void> => {
  const model = quotaModel(() => clock.time)
  /** Versions of a budget as they were seen, newest first: theirs, and the model's. */
  const seen = new Map<string, (readonly [number, number])[]>()
  const known = ['month', 'rolling', 'counted'].map(
    (key): Step => ({ type: 'seed', seed: { key, spent: [[0, 3]], ttl: 1_000_000 }, age: undefined }),
  )
  for (const step of [...known, ...steps]) {
    switch (step.type) {
      case 'take': {
        const [expected, got] = [model.take(step.take), await quota.take(step.take)]
        expect({ ...got, levels: got.levels.map(shown) }).toEqual({
          ...expected,
          levels: expected.levels.map(shown),
        })
        for (const [at, { key }] of step.take.claims.entries()) {
          const [theirs, ours] = [got.levels[at], expected.levels[at]]
          if (theirs?.type !== 'budget' || ours?.type !== 'budget') continue
          seen.set(key, [[theirs.version, ours.version], ...(seen.get(key) ?? [])])
        }
        break
      }
      case 'give':
        model.give(step.changes)
        await quota.give(step.changes)
        break
      case 'keep':
        model.keep(step.holders, step.holding)
        await quota.keep(step.holders, step.holding)
        break
      case 'seed': {
        const versions = step.age === undefined ? undefined : seen.get(step.seed.key)?.[step.age]
        const [theirs, ours] = versions ?? []
        const expected = model.seed({ ...step.seed, ...(ours === undefined ? {} : { version: ours }) })
        const got = await quota.seed({ ...step.seed, ...(theirs === undefined ? {} : { version: theirs }) })
        expect(got).toBe(expected)
        break
      }
      case 'wait':
        clock.time += step.time
    }
  }
}

test('counters in memory do what the model does, at every moment', async () => {
  await fc.assert(
    fc.asyncProperty(stepsOf({ period: 100, waits: true }), async (steps) => {
      const clock = { time: 1_000 }
      await follow(
        memoryQuota(() => clock.time),
        steps,
        { clock, shown: (level) => level },
      )
    }),
    { numRuns: 1_000 },
  )
})

test('what a bucket gives is never more than it held and what flowed in, and it waits for nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        capacity: fc.integer({ min: 1, max: 1_000 }),
        refill: fc.integer({ min: 1, max: 1_000 }),
        period: fc.integer({ min: 1, max: 100_000 }),
      }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 1_200 }), fc.integer({ min: 0, max: 5_000 })), {
        maxLength: 50,
        size: 'max',
      }),
      async (shape, steps) => {
        let time = 0
        const quota = memoryQuota(() => time)
        let given = 0
        for (const [amount, pause] of steps) {
          time += pause
          const claim = bucket('b', amount, shape)
          const { granted, levels } = await quota.take({ claims: [claim] })
          const [level] = levels
          if (level?.type !== 'bucket') throw new Error('no bucket')
          expect(level.left).toBeGreaterThanOrEqual(0)
          if (granted) given += Math.min(amount, shape.capacity)
          expect(given).toBeLessThanOrEqual(shape.capacity + (time * shape.refill) / shape.period + 1e-3)
          if (granted) continue
          expect(level.wait).toBeGreaterThan(0)
          time += level.wait - 1
          expect((await quota.take({ claims: [claim] })).granted).toBe(false)
          time += 1
          expect((await quota.take({ claims: [claim] })).granted).toBe(true)
          given += Math.min(amount, shape.capacity)
        }
      },
    ),
    { numRuns: 300 },
  )
})

/** What does not depend on how much time passes between two calls. */
const untimed = (level: Level): unknown => {
  switch (level.type) {
    case 'bucket':
      return { type: level.type, ok: level.ok, left: level.left }
    case 'slot':
      return level
    case 'repeat':
      return { type: level.type, ok: level.ok }
    case 'budget': {
      const { version: _, ...rest } = level
      return rest
    }
  }
}

test('counters of the supervisor do what the model does', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-quota-'))
  await fc.assert(
    fc.asyncProperty(stepsOf({ period: 1_000_000_000, waits: false }), async (steps) => {
      const server = serveState({ folder })
      const state = supervisorState({ path: server.path })
      await waitFor(() => (state.status() === 'away' ? undefined : true))
      await follow(state.quota, steps, { clock: { time: 1_000 }, shown: untimed })
      state.close()
      server.stop()
    }),
    { numRuns: 40 },
  )
  rmSync(folder, { recursive: true, force: true })
})

describe.skipIf(!redisAvailable('counters against their model'))('counters in Redis', () => {
  let redis: RedisServer
  let state: State
  beforeAll(async () => {
    redis = await startRedis()
    state = redisState({ url: redis.url, keyPrefix: 'p:', patience: 5_000 })
    await waitFor(() => (state.status() === 'away' ? undefined : true))
  })
  afterAll(async () => {
    state.close()
    await redis.stop()
  })

  test('do what the model does', async () => {
    const operator = new Bun.RedisClient(redis.url)
    await fc.assert(
      fc.asyncProperty(stepsOf({ period: 1_000_000_000, waits: false }), async (steps) => {
        await operator.send('FLUSHALL', [])
        await follow(state.quota, steps, { clock: { time: 1_000 }, shown: untimed })
      }),
      { numRuns: 150 },
    )
    operator.close()
  })
})
