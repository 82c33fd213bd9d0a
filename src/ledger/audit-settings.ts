import { z } from 'zod'
import { duration, settingMeta, wholeNumber } from '../config/index.ts'

/** The `audit` section. Durations are parsed to milliseconds. */
export const auditSettings = z
  .strictObject({
    check_every: duration({ zero: 'never' })
      .prefault('1h')
      .describe('How often upstreams are checked for drift, in seconds or with a unit; 0 = never.'),
    window: duration({ days: 90 })
      .prefault('7d')
      .describe('How far back a check looks, in seconds or with a unit.'),
    minimum: wholeNumber(20, 100_000)
      .prefault(50)
      .describe('Calls of an upstream within the window before anything is said about it.'),
  })
  .prefault({})
  .register(settingMeta, { reloads: true })
  .describe('Tells when an upstream begins to answer otherwise than it did (`tgw audit`).')

export type AuditSettings = z.output<typeof auditSettings>
