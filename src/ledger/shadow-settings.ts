import { z } from 'zod'
import { duration, settingMeta } from '../config/index.ts'

/** The `shadow` section. Durations are parsed to milliseconds. */
export const shadowSectionSettings = z
  .strictObject({
    retention: duration({ days: 3650, zero: 'for ever' })
      .prefault('90d')
      .describe(
        'How long comparisons of shadow copies are kept, in seconds or with a unit, but never shorter than two days, for which budgets need them; 0 = for ever. The ledger is not touched.',
      ),
  })
  .prefault({})
  .register(settingMeta, { reloads: true })
  .describe('What is kept of shadow copies (`routes[].shadow`, `tgw shadow report`).')
