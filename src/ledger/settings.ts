import { z } from 'zod'
import { wholeNumber } from '../config/index.ts'

/** The `ledger` section. */
export const ledgerSettings = z
  .strictObject({
    durability: z
      .enum(['sync', 'async'])
      .prefault('sync')
      .describe(
        '`sync`: the end of an answer waits until its entry is on disk. `async`: it does not wait, and a power loss may cost the last entries.',
      ),
    max_pending: wholeNumber(100, 10_000_000)
      .prefault(10_000)
      .describe('Entries that may wait to be written; beyond, new exchanges are refused with 503.'),
  })
  .prefault({})
  .describe('How usage is recorded.')

export type LedgerSettings = z.output<typeof ledgerSettings>
