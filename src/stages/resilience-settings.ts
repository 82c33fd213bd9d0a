import { z } from 'zod'
import { duration, settingMeta } from '../config/index.ts'

const share = () => z.number().min(0).max(1)
const count = () => z.int().min(0).max(1_000_000)

/** The `retry` section, durations in milliseconds. */
export const retrySettings = z
  .strictObject({
    tries: z
      .int()
      .min(1)
      .max(20)
      .prefault(3)
      .describe('Calls to one target before the next one is tried; 1 never asks again.'),
    backoff: duration()
      .prefault('250ms')
      .describe(
        'The first wait is drawn between 0 and this, each further one between 0 and twice as much, in seconds or with a unit.',
      ),
    longest_wait: duration()
      .prefault('8s')
      .describe('No wait is longer; a provider that asks for more is left alone; in seconds or with a unit.'),
    deadline: duration()
      .prefault('120s')
      .describe('So long after a request came no further call is begun for it, in seconds or with a unit.'),
    budget: share()
      .prefault(0.1)
      .describe('Repeated calls as a share of the requests, so that an outage is not made worse.'),
  })
  .prefault({})
  .register(settingMeta, { reloads: true })
  .describe('What happens when a provider fails before its answer has begun.')

/** The `circuits` section, durations in milliseconds. */
export const circuitsSettings = z
  .strictObject({
    failures: count()
      .prefault(5)
      .describe('Failures in a row after which an upstream is left alone; 0 never does that.'),
    error_rate: share()
      .prefault(0.5)
      .describe('Share of failures within `window` after which an upstream is left alone.'),
    minimum: count().prefault(20).describe('Calls within `window` before `error_rate` counts.'),
    window: duration()
      .prefault('30s')
      .describe('How far back `error_rate` looks, in seconds or with a unit.'),
    open_for: duration()
      .prefault('1s')
      .describe(
        'How long an upstream is left alone before one call probes it; doubled after each failed probe; in seconds or with a unit.',
      ),
    longest_open: duration()
      .prefault('30s')
      .describe('The longest time between two probes, in seconds or with a unit.'),
  })
  .prefault({})
  .register(settingMeta, { reloads: true })
  .describe('When an upstream (provider, model and key) that fails is left alone.')

export type RetrySectionSettings = z.output<typeof retrySettings>
export type CircuitsSectionSettings = z.output<typeof circuitsSettings>
