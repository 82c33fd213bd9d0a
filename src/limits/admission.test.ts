import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { memoryQuota, type Quota } from '../state/index.ts'
import { type Admitted, createAdmission, type Demand } from './admission.ts'
import type { Bound } from './limit-table.ts'
import { createSharedQuota } from './shared-quota.ts'
import { createSlotKeeper } from './slot-keeper.ts'

const setUp = () => {
  const clock = { time: 1_000_000 }
  const now = () => clock.time
  const quota: Quota = memoryQuota(now)
  const keeper = createSlotKeeper()
  const shared = createSharedQuota({
    state: { quota, status: () => 'alone' },
    local: memoryQuota(now),
    gateways: () => 1,
    settings: () => ({ whenAway: 'local', longestWait: 250 }),
    onChange: () => undefined,
    now,
  })
  return { clock, quota, keeper, admit: createAdmission({ quota: shared, keeper }) }
}

const bucket = (unit: Bound['unit'], limit: number, capacity = limit, period = 60_000): Bound => ({
  level: 'key',
  subject: 'k',
  unit,
  per: 'minute',
  limit,
  capacity,
  period,
  key: `limit/key/k/${unit}/${period}`,
})
const places = (limit: number): Bound => ({ ...bucket('concurrent', limit), per: null, period: 0 })

const one: Demand = { requests: 1, inputTokens: 0, outputTokens: 0 }

test('over any time no more is let in than what the bucket holds and what flows in', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 50 }),
      fc.constantFrom(1_000, 60_000),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 1, max: 30 })), {
        minLength: 1,
        maxLength: 120,
      }),
      async (limit, capacity, period, steps) => {
        const { clock, admit } = setUp()
        const bound = bucket('input_tokens', limit, capacity, period)
        const granted: { at: number; amount: number }[] = []
        for (const [passed, amount] of steps) {
          clock.time += passed
          const demand = { requests: 1, inputTokens: amount, outputTokens: 0 }
          const admission = await admit({ bounds: [bound], demand, holder: 'h' })
          if (admission.type !== 'admitted') {
            expect(admission.wait).toBeGreaterThan(0)
            continue
          }
          granted.push({ at: clock.time, amount: Math.min(amount, capacity) })
          await admission.settle(demand)
        }
        for (const [from, { at: start }] of granted.entries()) {
          let sum = 0
          for (const { at, amount } of granted.slice(from)) {
            sum += amount
            expect(sum).toBeLessThanOrEqual(capacity + ((at - start) * limit) / period + 1e-6)
          }
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('a refusal takes nothing from the limits that had room, and the wait that it names is enough', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 2, max: 40 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 60 }),
      async (requests, tokens, amount) => {
        const { clock, admit } = setUp()
        const bounds = [bucket('requests', requests), bucket('tokens', tokens)]
        const demand: Demand = { requests: 1, inputTokens: amount, outputTokens: 0 }
        const first = await admit({ bounds, demand, holder: 'a' })
        expect(first.type).toBe('admitted')
        const second = await admit({ bounds, demand, holder: 'b' })
        if (second.type === 'admitted') return
        const left = second.standings[0]?.level
        expect(left?.type === 'bucket' && left.left).toBe(requests - 1)
        clock.time += second.wait
        expect((await admit({ bounds, demand, holder: 'c' })).type).toBe('admitted')
      },
    ),
    { numRuns: 300 },
  )
})

test('whatever was expected, in the end exactly what was used is missing, however often it is settled', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          expectedInput: fc.integer({ min: 0, max: 900 }),
          expectedOutput: fc.integer({ min: 0, max: 900 }),
          input: fc.integer({ min: 0, max: 900 }),
          output: fc.integer({ min: 0, max: 900 }),
          counted: fc.boolean(),
          twice: fc.boolean(),
          later: fc.boolean(),
        }),
        { maxLength: 40 },
      ),
      async (exchanges) => {
        const { quota, admit } = setUp()
        const capacity = 100_000
        const bounds = [
          bucket('requests', capacity),
          bucket('input_tokens', capacity),
          bucket('output_tokens', capacity),
          bucket('tokens', capacity),
        ]
        const used = { requests: 0, input_tokens: 0, output_tokens: 0, tokens: 0 }
        const open: (() => Promise<void>)[] = []
        for (const [at, one] of exchanges.entries()) {
          const demand = { requests: 1, inputTokens: one.expectedInput, outputTokens: one.expectedOutput }
          const admission = await admit({ bounds, demand, holder: String(at) })
          if (admission.type !== 'admitted') throw new Error('there was room')
          const end = { requests: one.counted ? 1 : 0, inputTokens: one.input, outputTokens: one.output }
          used.requests += end.requests
          used.input_tokens += one.input
          used.output_tokens += one.output
          used.tokens += one.input + one.output
          const settle = async (): Promise<void> => {
            await admission.settle(end)
            if (one.twice) await admission.settle({ requests: 5, inputTokens: 5, outputTokens: 5 })
          }
          if (one.later) open.push(settle)
          else await settle()
        }
        for (const settle of open) await settle()
        const { levels } = await quota.take({
          claims: bounds.map(({ key, limit, period }) => ({
            ...{ type: 'bucket' as const, key, capacity, refill: limit, period, amount: 0 },
          })),
        })
        const left = levels.map((level) => (level.type === 'bucket' ? level.left : -1))
        expect(left).toEqual(Object.values(used).map((sum) => capacity - sum))
      },
    ),
    { numRuns: 150 },
  )
})

test('an answer that used more than the bucket holds leaves a debt, which is paid by what flows in', async () => {
  const { clock, admit } = setUp()
  const bounds = [bucket('output_tokens', 100)]
  const demand: Demand = { requests: 1, inputTokens: 0, outputTokens: 10 }
  const first = await admit({ bounds, demand, holder: 'a' })
  if (first.type !== 'admitted') throw new Error('there was room')
  await first.settle({ requests: 1, inputTokens: 0, outputTokens: 150 })
  const second = await admit({ bounds, demand, holder: 'b' })
  // 50 in debt and 10 wanted, at 100 a minute.
  expect(second.type === 'refused' && second.wait).toBe(36_000)
  clock.time += 36_000
  expect((await admit({ bounds, demand, holder: 'c' })).type).toBe('admitted')
})

test('never more are under way than places, and every place comes free: at its end, or when its process died', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.array(
        fc.oneof(fc.constant('begin' as const), fc.constant('end' as const), fc.constant('abort' as const)),
        {
          maxLength: 100,
        },
      ),
      async (limit, events) => {
        const { clock, keeper, admit } = setUp()
        const open: Admitted[] = []
        let number = 0
        for (const event of events) {
          clock.time += 10
          if (event === 'begin') {
            const admission = await admit({ bounds: [places(limit)], demand: one, holder: `h${number++}` })
            expect(admission.type).toBe(open.length < limit ? 'admitted' : 'refused')
            if (admission.type === 'admitted') open.push(admission)
          } else {
            const ended = event === 'end' ? open.shift() : open.pop()
            await ended?.settle(one)
            await ended?.settle(one)
          }
          expect(open.length).toBeLessThanOrEqual(limit)
          expect(keeper.held).toBe(open.length)
        }
        keeper.close()
        // Nobody keeps them any more.
        clock.time += 60_000
        for (let place = 0; place < limit; place++) {
          expect((await admit({ bounds: [places(limit)], demand: one, holder: `n${place}` })).type).toBe(
            'admitted',
          )
        }
        keeper.close()
      },
    ),
    { numRuns: 200 },
  )
})

test('what was let in before is counted and not refused', async () => {
  const { keeper, admit } = setUp()
  const bounds = [places(1), bucket('tokens', 100)]
  const demand: Demand = { requests: 0, inputTokens: 90, outputTokens: 0 }
  expect((await admit({ bounds, demand, holder: 'client' })).type).toBe('admitted')
  expect((await admit({ bounds, demand, holder: 'background', isKnown: true })).type).toBe('admitted')
  const third = await admit({ bounds, demand: one, holder: 'other' })
  expect(third.type === 'refused' && third.by.map(({ level }) => level)).toEqual([
    { type: 'slot', ok: false, taken: 2 },
  ])
  keeper.close()
})
