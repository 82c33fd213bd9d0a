import { expect, test } from 'bun:test'
import { createRetention } from './retention.ts'

const day = 86_400_000

const bench = () => {
  const clock = { time: 1000 * day }
  const asked: string[] = []
  let left = 2500
  const state = { shadow: { retention: 90 * day }, audit: { retention: 365 * day, window: 7 * day } }
  const days = (at: number): number => (clock.time - at) / day
  const retention = createRetention({
    shadow: {
      async purge(at, limit) {
        asked.push(`shadow ${days(at)}`)
        const count = Math.min(left, limit)
        left -= count
        return count
      },
    },
    audit: {
      async purge(at) {
        asked.push(`audit ${days(at)}`)
        return 1
      },
    },
    canaries: {
      async purge(at) {
        asked.push(`canaries ${days(at)}`)
        return 2
      },
    },
    countChecks: {
      async purge(at) {
        asked.push(`counts ${days(at)}`)
        return 3
      },
    },
    settings: () => state,
    now: () => clock.time,
  })
  return { clock, asked, state, retention }
}

test('what is too old goes, in pieces, once an hour', async () => {
  const { clock, asked, retention } = bench()
  expect(await retention.purge()).toBe(2506)
  expect(asked).toEqual(['shadow 90', 'shadow 90', 'shadow 90', 'audit 365', 'canaries 365', 'counts 365'])
  clock.time += day / 24 - 1
  expect(await retention.purge()).toBe(0)
  clock.time += 1
  expect(await retention.purge()).toBe(6)
})

test('nothing that a budget or the window of the audit still needs goes, and nothing where all is kept', async () => {
  const { clock, asked, state, retention } = bench()
  state.shadow.retention = 1
  state.audit = { retention: 1, window: 30 * day }
  await retention.purge()
  expect(new Set(asked)).toEqual(new Set(['shadow 2', 'audit 30', 'canaries 30', 'counts 30']))
  asked.length = 0
  state.shadow.retention = 0
  state.audit.retention = 0
  clock.time += day
  expect(await retention.purge()).toBe(0)
  expect(asked).toEqual([])
})
