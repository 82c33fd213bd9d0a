import { z } from 'zod'
import { byteSize, settingMeta } from '../config/index.ts'

/** What is done about marks of the prompt cache on the way to a provider that takes them. */
export const markPolicies = ['auto', 'client', 'off'] as const

export type MarkPolicy = (typeof markPolicies)[number]

/** The policy as a rule, a target or a provider gives it. */
export const markPolicySetting = z
  .enum(markPolicies)
  .optional()
  .describe(
    'Marks of the prompt cache (`cache_control`): `auto` sets some where the client set none, `client` leaves them to the client, `off` takes them out.',
  )

export const promptCacheSettings = z
  .strictObject({
    marks: z
      .enum(markPolicies)
      .optional()
      .describe(
        'Marks of the prompt cache (`cache_control`) for models that want them: `auto` sets some where the client set none, `client` leaves them to the client, `off` takes them out. Without it: `auto` where a request is translated, `client` where it is not.',
      ),
    ttl: z
      .enum(['5m', '1h'])
      .prefault('5m')
      .describe(
        'How long what `auto` marks is kept; for an hour writing costs twice the input, for five minutes a quarter more.',
      ),
    alarm: z
      .enum(['on', 'off'])
      .prefault('on')
      .describe(
        'Compares each request of a session with the one before, and tells when the provider reads less from its cache than it could, with the first byte that changed.',
      ),
    memory: byteSize()
      .prefault('64MB')
      .describe(
        'Most that each worker keeps of last requests, to find the byte that changed, in bytes or with a unit. Encrypted with a key of this process.',
      ),
  })
  .prefault({})
  .register(settingMeta, { reloads: true })
  .describe("Looks after providers' prompt caches.")

export type PromptCacheSettings = z.output<typeof promptCacheSettings>

/** Bytes that may be remembered of requests: none where nobody wants to be told, also of those from before a reload. */
export const watchMemory = ({ alarm, memory }: PromptCacheSettings): number => (alarm === 'on' ? memory : 0)
