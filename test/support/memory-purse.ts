import { createPurse, type Purse } from '../../src/budgets/index.ts'
import { memoryQuota } from '../../src/state/index.ts'

/** Budgets of one process, of which nothing was spent; time stands still. */
export const memoryPurse = (): Purse =>
  createPurse({ quota: memoryQuota(() => 0), spent: { spent: async () => [] }, now: () => 0 })
