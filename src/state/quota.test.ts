import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitFor } from '../../test/support/gateway.ts'
import { type RedisServer, redisAvailable, startRedis } from '../../test/support/redis.ts'
import type { BudgetLevel, Level, Quota, State, Taken } from './index.ts'
import {
  memoryQuota,
  memoryState,
  redisState,
  type StateServer,
  serveState,
  supervisorState,
} from './index.ts'
import { bucket, budget, repeat, slot } from './quota-claims.fixture.ts'

setDefaultTimeout(90_000)
const hasRedis = redisAvailable('counters shared by processes')

const most = Number.MAX_SAFE_INTEGER

const first = (taken: Taken): Level => {
  const [level] = taken.levels
  if (level === undefined) throw new Error('a take without levels')
  return level
}
const look = async (quota: Quota, key: string): Promise<BudgetLevel> => {
  const level = first(await quota.take({ claims: [budget(key, 'nobody', 0)] }))
  if (level.type !== 'budget') throw new Error('no budget')
  return level
}
/** A budget with so much spent. */
const seeded = async (quota: Quota, key: string, spent = 0, ttl = 60_000): Promise<void> => {
  expect(await quota.seed({ key, spent: spent === 0 ? [] : [[0, spent]], ttl })).toBe(true)
}

/** What holds for every backend. `open` gives another process's view of the same counters; clocks are real. */
const conformance = (open: () => Promise<State>, close: (state: State) => void): void => {
  const using = async (work: (quota: Quota, other: Quota) => Promise<void>): Promise<void> => {
    const [one, two] = [await open(), await open()]
    try {
      await work(one.quota, two.quota)
    } finally {
      close(one)
      close(two)
    }
  }
  const granted = async (quota: Quota, claim: Parameters<Quota['take']>[0]['claims'][number]) =>
    (await quota.take({ claims: [claim] })).granted

  describe('a bucket', () => {
    test('gives what it holds, to whoever comes, and then says how long to wait', () =>
      using(async (quota, other) => {
        expect(await quota.take({ claims: [bucket('b', 4)] })).toMatchObject({
          granted: true,
          steps: 0,
          levels: [{ type: 'bucket', ok: true, left: 6, wait: 0 }],
        })
        const second = first(await other.take({ claims: [bucket('b', 6)] }))
        expect(second).toMatchObject({ ok: true, left: 0 })
        const refused = await quota.take({ claims: [bucket('b', 1)] })
        expect(refused).toMatchObject({ granted: false, levels: [{ ok: false, left: 0 }] })
        const level = first(refused)
        if (level.type !== 'bucket') throw new Error('no bucket')
        expect(level.wait).toBeGreaterThan(3_000)
        expect(level.wait).toBeLessThanOrEqual(6_000)
        expect(level.full).toBeGreaterThan(50_000)
        expect(level.full).toBeLessThanOrEqual(60_000)
      }))

    test('gives again after the time that it said, and never more than its capacity', () =>
      using(async (quota, other) => {
        const small = (amount: number) => bucket('b', amount, { capacity: 5, refill: 50, period: 1_000 })
        expect(await granted(quota, small(5))).toBe(true)
        const refused = first(await quota.take({ claims: [small(2)] }))
        if (refused.type !== 'bucket') throw new Error('no bucket')
        expect(refused.ok).toBe(false)
        await Bun.sleep(refused.wait + 2)
        expect(await granted(other, small(2))).toBe(true)
        await Bun.sleep(250)
        expect(first(await quota.take({ claims: [small(0)] }))).toMatchObject({ left: 5, full: 0 })
        expect(await granted(quota, small(5))).toBe(true)
        expect(await granted(quota, small(1))).toBe(false)
      }))

    test('takes at most its capacity for what is larger, so that it can be granted at all', () =>
      using(async (quota) => {
        expect(await granted(quota, bucket('b', 25))).toBe(true)
        expect(await granted(quota, bucket('b', 1))).toBe(false)
      }))

    test('lends to what used more than it took, up to its capacity, and shows no debt', () =>
      using(async (quota, other) => {
        const fast = (amount: number) => bucket('b', amount, { refill: 100, period: 1_000 })
        const { type: _, amount: __, ...named } = fast(0)
        await quota.give([{ type: 'bucket', ...named, amount: 1_000_000 }])
        const level = first(await other.take({ claims: [fast(0)] }))
        if (level.type !== 'bucket') throw new Error('no bucket')
        expect(level).toMatchObject({ ok: false, left: 0 })
        // Ten below: a fifth of a second to be full.
        expect(level.full).toBeGreaterThan(100)
        expect(level.full).toBeLessThanOrEqual(200)
        await Bun.sleep(level.full + 5)
        expect(first(await quota.take({ claims: [fast(0)] }))).toMatchObject({ left: 10 })
      }))

    test('takes back what was not used, and is never more than full', () =>
      using(async (quota) => {
        const { type: _, amount: __, ...named } = bucket('b', 0)
        await quota.take({ claims: [bucket('b', 8)] })
        await quota.give([{ type: 'bucket', ...named, amount: -5 }])
        expect(first(await quota.take({ claims: [bucket('b', 0)] }))).toMatchObject({ left: 7 })
        await quota.give([{ type: 'bucket', ...named, amount: -500 }])
        expect(first(await quota.take({ claims: [bucket('b', 0)] }))).toMatchObject({ left: 10, full: 0 })
      }))

    test('counts to the largest whole number, and for a hundred years', () =>
      using(async (quota) => {
        const vast = (amount: number) =>
          bucket('vast', amount, { capacity: most, refill: 1, period: 3_000_000_000_000 })
        expect(await granted(quota, vast(most - 1))).toBe(true)
        expect(first(await quota.take({ claims: [vast(1)] }))).toMatchObject({ ok: true, left: 0 })
        expect(await granted(quota, vast(1))).toBe(false)
      }))
  })

  describe('slots', () => {
    test('are as many as the limit, whoever takes them, until they are given back', () =>
      using(async (quota, other) => {
        expect(first(await quota.take({ claims: [slot('s', 'a')] }))).toMatchObject({ ok: true, taken: 1 })
        expect(first(await other.take({ claims: [slot('s', 'b')] }))).toMatchObject({ ok: true, taken: 2 })
        const refused = await quota.take({ claims: [slot('s', 'c')] })
        expect(refused).toMatchObject({ granted: false, levels: [{ ok: false, taken: 2 }] })
        await other.give([{ type: 'slot', key: 's', holder: 'a' }])
        await other.give([{ type: 'slot', key: 's', holder: 'a' }])
        expect(await granted(quota, slot('s', 'c'))).toBe(true)
        expect(await granted(quota, slot('s', 'a'))).toBe(false)
      }))

    test('count once for a holder that takes again', () =>
      using(async (quota) => {
        await quota.take({ claims: [slot('s', 'a')] })
        await quota.take({ claims: [slot('s', 'b')] })
        expect(first(await quota.take({ claims: [slot('s', 'a')] }))).toMatchObject({ ok: true, taken: 2 })
        expect(await granted(quota, slot('s', 'c'))).toBe(false)
      }))

    test('of somebody who is gone end by themselves, and those that are kept do not', () =>
      using(async (quota, other) => {
        const short = { holding: 200 }
        await quota.take({ claims: [slot('s', 'gone', short)] })
        await quota.take({ claims: [slot('s', 'kept', short)] })
        await other.keep([{ key: 's', holder: 'kept' }], 60_000)
        await other.keep([{ key: 's', holder: 'nobody' }], 60_000)
        await waitFor(async () => ((await granted(quota, slot('s', 'next'))) ? true : undefined), 3_000)
        expect(await granted(quota, slot('s', 'third'))).toBe(false)
        // A short holder must not shorten what another holds.
        await quota.give([{ type: 'slot', key: 's', holder: 'next' }])
        await quota.take({ claims: [slot('s', 'brief', { holding: 20 })] })
        await Bun.sleep(1_300)
        expect(first(await quota.take({ claims: [slot('s', 'x', { limit: 1 })] }))).toMatchObject({
          ok: false,
          taken: 1,
        })
      }))
  })

  describe('repeats', () => {
    test('are refused above the limit within the period, and allowed again after it', () =>
      using(async (quota, other) => {
        const claim = repeat('r', { limit: 3, period: 400 })
        for (const view of [quota, other, quota]) expect(await granted(view, claim)).toBe(true)
        const refused = first(await other.take({ claims: [claim] }))
        if (refused.type !== 'repeat') throw new Error('no repeat')
        expect(refused.ok).toBe(false)
        expect(refused.wait).toBeGreaterThan(0)
        expect(refused.wait).toBeLessThanOrEqual(400)
        await Bun.sleep(refused.wait + 5)
        expect(await granted(quota, claim)).toBe(true)
      }))

    test('that are refused for another reason are not counted', () =>
      using(async (quota) => {
        await quota.take({ claims: [slot('s', 'a', { limit: 1 })] })
        for (let time = 0; time < 5; time++) {
          const refused = await quota.take({ claims: [repeat('r'), slot('s', 'b', { limit: 1 })] })
          expect(refused.levels).toMatchObject([{ ok: true }, { ok: false }])
        }
        expect(await granted(quota, repeat('r'))).toBe(true)
      }))
  })

  describe('a budget', () => {
    test('grants nothing until somebody said what was spent, and that counts once', () =>
      using(async (quota, other) => {
        expect(await quota.take({ claims: [budget('m', 'a', 1)] })).toMatchObject({
          granted: false,
          levels: [{ type: 'budget', ok: false, known: false }],
        })
        const seeds = await Promise.all(
          [quota, other, quota, other].map((view, at) =>
            view.seed({ key: 'm', spent: [[0, 10 + at]], ttl: 60_000 }),
          ),
        )
        expect(seeds.filter(Boolean)).toHaveLength(1)
        const { spent, known, reserved } = await look(quota, 'm')
        expect([known, reserved]).toEqual([true, 0])
        expect(spent).toBe(10 + seeds.indexOf(true))
      }))

    test('is never overrun by what is spent and reserved together', () =>
      using(async (quota, other) => {
        await seeded(quota, 'm', 40)
        expect(await granted(quota, budget('m', 'a', 35))).toBe(true)
        expect(await granted(other, budget('m', 'b', 26))).toBe(false)
        expect(await granted(other, budget('m', 'b', 25))).toBe(true)
        expect(await look(quota, 'm')).toMatchObject({ ok: true, spent: 40, reserved: 60 })
        await quota.give([{ type: 'budget', key: 'm', holder: 'a', spent: 5 }])
        expect(await look(other, 'm')).toMatchObject({ spent: 45, reserved: 25 })
        expect(await granted(other, budget('m', 'c', 30))).toBe(true)
      }))

    test('grants as many steps as fit into all budgets, and none without the fewest', () =>
      using(async (quota) => {
        await seeded(quota, 'wide', 0)
        await seeded(quota, 'narrow', 60)
        const both = (holder: string, step: number) => [
          budget('wide', holder, 10, { step }),
          budget('narrow', holder, 10, { step }),
        ]
        expect(await quota.take({ claims: both('a', 7), steps: { least: 1, most: 100 } })).toMatchObject({
          granted: true,
          steps: 4,
          levels: [
            { ok: true, reserved: 38 },
            { ok: true, reserved: 38 },
          ],
        })
        const refused = await quota.take({ claims: both('b', 1), steps: { least: 1, most: 100 } })
        expect(refused).toMatchObject({ granted: false, steps: 0, levels: [{ ok: true }, { ok: false }] })
        expect(await look(quota, 'wide')).toMatchObject({ reserved: 38 })
        expect(
          await quota.take({ claims: [budget('wide', 'c', 0, { step: 9 })], steps: { least: 0, most: 2 } }),
        ).toMatchObject({ granted: true, steps: 2 })
      }))

    test('that is overspent refuses what wants anything, and tells whoever only looks', () =>
      using(async (quota) => {
        await seeded(quota, 'm', 150)
        const looked = await quota.take({
          claims: [budget('m', 'a', 0, { step: 5 })],
          steps: { least: 0, most: 9 },
        })
        expect(looked).toMatchObject({ granted: true, steps: 0, levels: [{ ok: true, spent: 150 }] })
        expect(await look(quota, 'm')).toMatchObject({ ok: true, reserved: 0 })
        const refused = await quota.take({
          claims: [budget('m', 'a', 0, { step: 5 })],
          steps: { least: 1, most: 9 },
        })
        expect(refused).toMatchObject({ granted: false, steps: 0, levels: [{ ok: false }] })
      }))

    test('without a limit counts and never refuses', () =>
      using(async (quota) => {
        await seeded(quota, 'm', 0)
        const taken = await quota.take({
          claims: [budget('m', 'a', 1_000_000, { limit: null, step: 2 })],
          steps: { least: 1, most: 50 },
        })
        expect(taken).toMatchObject({ granted: true, steps: 50, levels: [{ ok: true, reserved: 1_000_100 }] })
      }))

    test('is settled once, whoever tries again', () =>
      using(async (quota, other) => {
        await seeded(quota, 'm', 0)
        await quota.take({ claims: [budget('m', 'a', 30)] })
        await Promise.all(
          [quota, other, quota, other].map((view) =>
            view.give([{ type: 'budget', key: 'm', holder: 'a', spent: 12 }]),
          ),
        )
        await other.give([{ type: 'budget', key: 'm', holder: 'never took', spent: 9 }])
        await other.give([{ type: 'budget', key: 'never was', holder: 'a', spent: 9 }])
        expect(await look(quota, 'm')).toMatchObject({ spent: 12, reserved: 0 })
      }))

    test('may cost more than was reserved, and that is spent', () =>
      using(async (quota) => {
        await seeded(quota, 'm', 0)
        await quota.take({ claims: [budget('m', 'a', 30)] })
        await quota.give([{ type: 'budget', key: 'm', holder: 'a', spent: 300 }])
        expect(await look(quota, 'm')).toMatchObject({ spent: 300, reserved: 0 })
        expect(await granted(quota, budget('m', 'b', 1))).toBe(false)
      }))

    test('holds more for a holder that takes again, and ends all of it at once', () =>
      using(async (quota) => {
        await seeded(quota, 'm', 0)
        await quota.take({ claims: [budget('m', 'a', 30)] })
        await quota.take({ claims: [budget('m', 'a', 40)] })
        expect(await look(quota, 'm')).toMatchObject({ spent: 0, reserved: 70 })
        await quota.give([{ type: 'budget', key: 'm', holder: 'a', spent: 50 }])
        expect(await look(quota, 'm')).toMatchObject({ spent: 50, reserved: 0 })
      }))

    test('takes what the dead had reserved for spent, and not what is kept', () =>
      using(async (quota, other) => {
        await seeded(quota, 'm', 0)
        const short = { holding: 200 }
        await quota.take({ claims: [budget('m', 'dead', 30, short)] })
        await quota.take({ claims: [budget('m', 'kept', 20, short)] })
        await other.keep([{ key: 'm', holder: 'kept' }], 60_000)
        await waitFor(async () => ((await look(other, 'm')).spent === 30 ? true : undefined), 3_000)
        expect(await look(quota, 'm')).toMatchObject({ spent: 30, reserved: 20 })
        await quota.give([{ type: 'budget', key: 'm', holder: 'dead', spent: 1 }])
        expect(await look(quota, 'm')).toMatchObject({ spent: 30, reserved: 20 })
      }))

    test('is known for its time after the last use, and longer while somebody holds a part', () =>
      using(async (quota, other) => {
        await seeded(quota, 'm', 5, 300)
        await seeded(quota, 'idle', 5, 300)
        const brief = { ttl: 300, holding: 300 }
        await quota.take({ claims: [budget('m', 'a', 30, brief)] })
        for (let time = 0; time < 8; time++) {
          await other.keep([{ key: 'm', holder: 'a' }], 300)
          await Bun.sleep(100)
        }
        expect((await look(quota, 'idle')).known).toBe(false)
        await other.give([{ type: 'budget', key: 'm', holder: 'a', spent: 7 }])
        await Bun.sleep(150)
        // A look is a use as well, with the time that it says.
        const claims = [budget('m', 'nobody', 0, brief)]
        expect(first(await quota.take({ claims }))).toMatchObject({ known: true, spent: 12, reserved: 0 })
        await Bun.sleep(450)
        expect(first(await quota.take({ claims }))).toMatchObject({ known: false, ok: false })
        await seeded(quota, 'm', 12)
      }))

    test('of rolling parts counts those from the oldest on', () =>
      using(async (quota) => {
        await quota.seed({
          key: 'm',
          spent: [
            [-3, 10],
            [7, 20],
            [8, 30],
          ],
          ttl: 60_000,
        })
        const at = (slice: number, oldest: number, base = 0) =>
          quota.take({ claims: [budget('m', `h${slice}`, base, { slice, oldest })] })
        expect(first(await at(8, -3))).toMatchObject({ spent: 60 })
        expect(first(await at(9, 7, 50))).toMatchObject({ ok: true, spent: 50, reserved: 50 })
        await quota.give([{ type: 'budget', key: 'm', holder: 'h9', spent: 40 }])
        expect(first(await at(9, 8))).toMatchObject({ spent: 70 })
        expect(first(await at(10, 9))).toMatchObject({ spent: 40 })
        // What was too old once is gone.
        expect(first(await at(10, -3))).toMatchObject({ spent: 40 })
      }))

    test('is corrected only by whoever knows its version, and not while something is reserved', () =>
      using(async (quota, other) => {
        await seeded(quota, 'm', 10)
        const { version } = await look(other, 'm')
        const correct = (at: number, spent: number) =>
          other.seed({ key: 'm', spent: [[0, spent]], ttl: 60_000, version: at })
        expect(await correct(version + 1, 11)).toBe(false)
        await quota.take({ claims: [budget('m', 'a', 1)] })
        expect(await correct(version, 11)).toBe(false)
        expect(await correct((await look(quota, 'm')).version, 11)).toBe(false)
        await quota.give([{ type: 'budget', key: 'm', holder: 'a', spent: 1 }])
        expect(await correct(version, 12)).toBe(false)
        const now = (await look(quota, 'm')).version
        expect(await correct(now, 12)).toBe(true)
        expect(await correct(now, 13)).toBe(false)
        expect(await look(quota, 'm')).toMatchObject({ spent: 12 })
        expect(await quota.seed({ key: 'unknown', spent: [], ttl: 60_000, version: 1 })).toBe(false)
      }))

    test('that was forgotten in between is not corrected by an old version', () =>
      using(async (quota) => {
        await seeded(quota, 'm', 10, 50)
        const { version } = first(
          await quota.take({ claims: [budget('m', 'x', 0, { ttl: 50 })] }),
        ) as BudgetLevel
        await waitFor(async () =>
          (await quota.seed({ key: 'm', spent: [[0, 20]], ttl: 60_000 })) ? true : undefined,
        )
        expect(await quota.seed({ key: 'm', spent: [[0, 1]], ttl: 60_000, version })).toBe(false)
        expect(await look(quota, 'm')).toMatchObject({ spent: 20 })
      }))

    test('is exact up to the largest whole number', () =>
      using(async (quota, other) => {
        await seeded(quota, 'm', most - 10)
        const claim = (holder: string, base: number) => budget('m', holder, base, { limit: most })
        expect(await granted(quota, claim('a', 11))).toBe(false)
        expect(await granted(quota, claim('a', 7))).toBe(true)
        expect(await granted(other, claim('b', 4))).toBe(false)
        expect(await granted(other, claim('b', 3))).toBe(true)
        expect(await look(quota, 'm')).toMatchObject({ spent: most - 10, reserved: 10 })
        await quota.give([
          { type: 'budget', key: 'm', holder: 'a', spent: 7 },
          { type: 'budget', key: 'm', holder: 'b', spent: 3 },
        ])
        expect(await look(other, 'm')).toMatchObject({ spent: most, reserved: 0 })
      }))
  })

  test('a take that one claim refuses changes none of them, and says which', () =>
    using(async (quota, other) => {
      await seeded(quota, 'm', 0)
      await quota.take({ claims: [slot('full', 'a', { limit: 1 })] })
      const claims = [
        bucket('b', 3),
        slot('free', 'x'),
        repeat('r'),
        budget('m', 'x', 10),
        slot('full', 'x', { limit: 1 }),
      ]
      const refused = await quota.take({ claims })
      expect(refused.granted).toBe(false)
      expect(refused.levels.map(({ ok }) => ok)).toEqual([true, true, true, true, false])
      expect(refused.levels).toMatchObject([{ left: 10 }, { taken: 0 }, {}, { reserved: 0 }, { taken: 1 }])
      await other.give([{ type: 'slot', key: 'full', holder: 'a' }])
      const taken = await other.take({ claims })
      expect(taken.granted).toBe(true)
      expect(taken.levels.map(({ ok }) => ok)).toEqual([true, true, true, true, true])
      expect(taken.levels).toMatchObject([{ left: 7 }, { taken: 1 }, {}, { reserved: 10 }, { taken: 1 }])
    }))

  test('a granted take is never said to be refused by what it used up', () =>
    using(async (quota) => {
      await seeded(quota, 'm', 90)
      const taken = await quota.take({
        claims: [
          bucket('b', 10),
          slot('s', 'a', { limit: 1 }),
          repeat('r', { limit: 1 }),
          budget('m', 'a', 10),
        ],
      })
      expect(taken.granted).toBe(true)
      expect(taken.levels.map(({ ok }) => ok)).toEqual([true, true, true, true])
    }))

  test('nothing asked is granted, and nothing given changes nothing', () =>
    using(async (quota) => {
      expect(await quota.take({ claims: [], steps: { least: 0, most: 3 } })).toEqual({
        granted: true,
        steps: 3,
        levels: [],
      })
      await quota.give([])
      await quota.keep([], 1_000)
    }))

  test('keys and holders may be any text', () =>
    using(async (quota, other) => {
      const odd = 'a|b/held "ü" \n\u0001 *[x] spent:1'
      await seeded(quota, odd, 1)
      expect(await granted(quota, budget(odd, odd, 5))).toBe(true)
      await other.keep([{ key: odd, holder: odd }], 60_000)
      await other.give([{ type: 'budget', key: odd, holder: odd, spent: 2 }])
      expect(await look(quota, odd)).toMatchObject({ spent: 3, reserved: 0 })
    }))

  test('many at once are granted exactly what there is', () =>
    using(async (quota, other) => {
      await seeded(quota, 'm', 1)
      const takes = await Promise.all(
        Array.from({ length: 300 }, (_, at) =>
          (at % 2 === 0 ? quota : other).take({
            claims: [
              budget('m', `h${at}`, 1),
              bucket('b', 1, { capacity: 200, refill: 1, period: 3_600_000 }),
              slot('s', `h${at}`, { limit: 150 }),
            ],
          }),
        ),
      )
      expect(takes.filter((taken) => taken.granted)).toHaveLength(99)
      expect(await look(quota, 'm')).toMatchObject({ spent: 1, reserved: 99 })
    }))
}

/**
 * Several processes take from one budget, bucket, and few places, and one of them is killed in the middle. What all were
 * granted together, as they said before they went on, stays within every limit.
 */
const race = async (backend: 'redis' | 'supervisor', address: string, state: State): Promise<void> => {
  await seeded(state.quota, 'money', 0, 600_000)
  const start = (name: string) =>
    Bun.spawn([process.execPath, join(import.meta.dir, 'quota-taker.fixture.ts'), backend, address, name], {
      stdout: 'pipe',
      stderr: 'inherit',
    })
  const takers = ['a', 'b', 'c', 'd'].map(start)
  const [victim, ...others] = takers
  if (victim === undefined) throw new Error('nobody takes')
  await waitFor(async () => ((await look(state.quota, 'money')).spent > 1_000 ? true : undefined), 20_000)
  victim.kill('SIGKILL')
  const lines: { readonly amount?: number; readonly highest?: number }[] = (
    await Promise.all(takers.map(({ stdout }) => new Response(stdout).text()))
  ).flatMap((text) =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line)),
  )
  expect(await Promise.all(others.map(({ exited }) => exited))).toEqual([0, 0, 0])
  const granted = lines.reduce((sum, { amount = 0 }) => sum + amount, 0)
  // What the victim was granted last, nobody heard of.
  expect(granted).toBeGreaterThan(0)
  expect(granted).toBeLessThanOrEqual(5_000)
  // The dead and the forgetful: within their time everything that they held is spent.
  const end = await waitFor(async () => {
    const level = await look(state.quota, 'money')
    return level.reserved === 0 ? level : undefined
  }, 5_000)
  expect(end.spent).toBeGreaterThanOrEqual(Math.max(granted, 4_500))
  expect(end.spent).toBeLessThanOrEqual(5_000)
  const [tokens] = (await state.quota.take({ claims: [bucket('tokens', 0, { capacity: 1_000_000 })] })).levels
  expect(tokens?.type === 'bucket' && 1_000_000 - tokens.left).toBe(end.spent)
  // The victim was killed with what it had counted: at most all of its twenty were inside, and held their places.
  const highest = Math.max(...lines.map(({ highest: seen = 0 }) => seen))
  expect(highest).toBeGreaterThan(1)
  expect(highest).toBeLessThanOrEqual(40 + 20)
}

describe('counters in memory', () => {
  let state: State
  let opened = 0
  conformance(
    // Both views of one test, and no test's leavings.
    async () => {
      if (opened++ % 2 === 0) state = memoryState()
      return state
    },
    () => undefined,
  )

  test('are forgotten when they say nothing any more', async () => {
    let time = 0
    const quota = memoryQuota(() => time)
    for (let at = 0; at < 6_000; at++) {
      await quota.take({ claims: [bucket(`b${at}`, 1), slot(`s${at}`, 'a'), repeat(`r${at}`)] })
      time += 1_000
    }
    // Each is over after a minute.
    const before = process.memoryUsage().heapUsed
    for (let at = 0; at < 60_000; at++) {
      await quota.take({ claims: [bucket(`c${at}`, 1), slot(`t${at}`, 'a'), repeat(`q${at}`)] })
      time += 1_000
    }
    Bun.gc(true)
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(20_000_000)
  })
})

describe('counters of the supervisor', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-quota-'))
  let server: StateServer | undefined
  afterEach(() => {
    server?.stop()
    server = undefined
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const open = async (): Promise<State> => {
    server ??= serveState({ folder })
    const state = supervisorState({ path: server.path })
    await waitFor(() => (state.status() === 'away' ? undefined : true))
    return state
  }
  conformance(open, (state) => state.close())

  test('stay within their limits whatever several processes do', async () => {
    const state = await open()
    await race('supervisor', server?.path ?? '', state)
    state.close()
  })
})

describe.skipIf(!hasRedis)('counters in Redis', () => {
  let redis: RedisServer
  let opened = 0
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())
  const connected = async (keyPrefix: string): Promise<State> => {
    const state = redisState({ url: redis.url, keyPrefix, patience: 2_000 })
    await waitFor(() => (state.status() === 'away' ? undefined : true))
    return state
  }
  conformance(
    () => connected(`q${Math.floor(opened++ / 2)}:`),
    (state) => state.close(),
  )

  test('take one command for each call, and go on where Redis forgot its scripts', async () => {
    const state = await connected('flush:')
    const operator = new Bun.RedisClient(redis.url)
    const { quota } = state
    const calls = async (): Promise<number> => {
      const stats = String(await operator.send('INFO', ['commandstats']))
      const count = (name: string) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0)
      return count('evalsha') + count('eval')
    }
    const work = async () => {
      await quota.take({ claims: [bucket('b', 1), slot('s', 'a'), repeat('r', { limit: 99 })] })
      await quota.give([{ type: 'slot', key: 's', holder: 'a' }])
      await quota.keep([{ key: 's', holder: 'a' }], 1_000)
      await quota.seed({ key: 'm', spent: [], ttl: 1_000 })
    }
    await work()
    const before = await calls()
    await work()
    expect((await calls()) - before).toBe(4)
    await operator.send('SCRIPT', ['FLUSH'])
    await work()
    await Promise.all([work(), work(), work()])
    expect((await quota.take({ claims: [bucket('b', 0)] })).levels).toMatchObject([{ left: 4 }])
    operator.close()
    state.close()
  })

  test('stay within their limits whatever several processes do', async () => {
    const state = await connected('race:')
    await race('redis', redis.url, state)
    state.close()
  })

  test('leave nothing behind when they are over', async () => {
    const state = await connected('gone:')
    const operator = new Bun.RedisClient(redis.url)
    const { quota } = state
    const short = { holding: 50, ttl: 50 }
    await quota.seed({ key: 'm', spent: [[0, 1]], ttl: 50 })
    await quota.take({
      claims: [
        bucket('b', 1, { period: 100, refill: 10 }),
        slot('s', 'a', short),
        repeat('r', { period: 50 }),
        budget('m', 'a', 1, short),
      ],
    })
    const left = async (): Promise<readonly unknown[]> => {
      const keys: unknown = await operator.send('KEYS', ['gone:*'])
      return Array.isArray(keys) ? keys : []
    }
    expect((await left()).length).toBe(6)
    await waitFor(async () => ((await left()).length === 0 ? true : undefined), 5_000)
    operator.close()
    state.close()
  })
})
