import { describe, expect, test } from 'bun:test'
import { type BudgetRun, limit, slice, startBudgets } from '../support/budget-run.ts'

const told = (name: string, run: BudgetRun): void =>
  console.log(
    `${name}: ${run.exchanges} exchanges, ${run.orphans} orphans, spent ${run.spent}, counted ${run.counted}, ${JSON.stringify(run.statuses)}`,
  )

describe('200 clients on one budget of 1 USD', () => {
  test('a hard one is never overshot, and the counters say what the ledger says', async () => {
    const stage = await startBudgets([{ config: [] }], 'hard')
    try {
      const run = await stage.run({ mode: 'hard', seed: 1, requests: 1_200 })
      told('hard', run)
      expect(run.spent).toBeLessThanOrEqual(limit)
      expect(run.counted).toBeLessThanOrEqual(limit)
      expect(run.counted).toBeGreaterThanOrEqual(run.spent)
      expect(run.statuses['402']).toBeGreaterThan(0)
      expect(run.statuses['200']).toBeGreaterThan(0)
    } finally {
      await stage.stop()
    }
  }, 120_000)

  test('a hard one is not overshot either when the worker is killed in the middle', async () => {
    const stage = await startBudgets([{ config: [] }], 'hard')
    try {
      const run = await stage.run({ mode: 'hard', seed: 2, requests: 1_200, killAfter: 450 })
      told('hard, killed', run)
      expect(run.spent).toBeLessThanOrEqual(limit)
      expect(run.counted).toBeLessThanOrEqual(limit)
    } finally {
      await stage.stop()
    }
  }, 120_000)

  test('a metered one is overshot by at most a slice for each open stream', async () => {
    const stage = await startBudgets([{ config: [] }], 'metered')
    try {
      const run = await stage.run({ mode: 'metered', seed: 3, requests: 1_200 })
      told('metered', run)
      expect(run.spent).toBeLessThanOrEqual(limit + 200n * slice)
      expect(run.statuses['402']).toBeGreaterThan(0)
    } finally {
      await stage.stop()
    }
  }, 120_000)
})
