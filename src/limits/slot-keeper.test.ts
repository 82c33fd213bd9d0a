import { afterEach, expect, jest, test } from 'bun:test'
import { memoryQuota } from '../state/index.ts'
import { createSlotKeeper, holding } from './slot-keeper.ts'

afterEach(() => void jest.useRealTimers())

test('one timer keeps all that is held, and ends when nothing is', async () => {
  jest.useFakeTimers()
  let time = 1_000_000
  const quota = memoryQuota(() => time)
  let calls = 0
  const kept: typeof quota = {
    ...quota,
    keep(holders, span) {
      calls++
      return quota.keep(holders, span)
    },
  }
  const keeper = createSlotKeeper()
  const slots = Array.from({ length: 600 }, (_, at) => ({
    ...{ type: 'slot' as const, key: 's', holder: `h${at}`, limit: 1_000, holding },
  }))
  for (const slot of slots) {
    await quota.take({ claims: [slot] })
    keeper.hold(kept, slot)
  }
  const taken = async (): Promise<number> => {
    const { levels } = await quota.take({
      claims: [{ type: 'slot', key: 's', holder: 'look', limit: 0, holding: 1 }],
    })
    return levels[0]?.type === 'slot' ? levels[0].taken : -1
  }
  const pass = (milliseconds: number): void => {
    for (let passed = 0; passed < milliseconds; passed += 1_000) {
      time += 1_000
      jest.advanceTimersByTime(1_000)
    }
  }
  pass(10 * holding)
  // 600 in two calls, four times as often as needed.
  expect(calls).toBe(80)
  expect(await taken()).toBe(600)
  for (const slot of slots.slice(0, 599)) keeper.release(kept, slot)
  pass(holding)
  expect(await taken()).toBe(1)
  const last = slots.at(-1)
  if (last !== undefined) keeper.release(kept, last)
  calls = 0
  pass(holding)
  expect(calls).toBe(0)
  expect(await taken()).toBe(0)
  keeper.close()
})
