import { z } from 'zod'
import { byteSize, duration, settingMeta } from '../config/index.ts'

const reloads = { reloads: true } as const

/** The `sessions` section: what the gateway keeps for Responses clients of providers that keep nothing. */
export const sessionsSettings = z
  .strictObject({
    store: z
      .enum(['on', 'off'])
      .prefault('on')
      .register(settingMeta, reloads)
      .describe(
        '`on` keeps what clients of the Responses API ask to be kept (`store`, which is their default) where the provider cannot; `off` keeps nothing, and every request must bring its whole history.',
      ),
    lifetime: duration({ days: 3650 })
      .prefault('30d')
      .register(settingMeta, reloads)
      .describe(
        'How long an answer or a conversation is kept after it was last written or continued, in seconds or with a unit.',
      ),
    shared_by: z
      .enum(['key', 'organisation'])
      .prefault('key')
      .register(settingMeta, reloads)
      .describe(
        'Who may use a kept answer by its id: the virtual key that made it, or every key of its organisation.',
      ),
    conversations: z
      .enum(['auto', 'gateway'])
      .prefault('auto')
      .register(settingMeta, reloads)
      .describe(
        'Who keeps new conversations: `auto` leaves them to a provider that serves conversations, where there is one; `gateway` keeps all here, where models of every provider can use them.',
      ),
    max_response: byteSize()
      .prefault('32MB')
      .register(settingMeta, reloads)
      .describe('Largest answer, together with what was asked, that is kept, in bytes or with a unit.'),
    max_history: byteSize()
      .prefault('32MB')
      .register(settingMeta, reloads)
      .describe('Longest history that one request may continue, in bytes or with a unit.'),
    max_stored: byteSize()
      .prefault('4GB')
      .register(settingMeta, reloads)
      .describe(
        'How much is kept for an organisation, answers, conversations and placeholders each; beyond, those unused longest go first (in bytes or with a unit).',
      ),
  })
  .prefault({})
  .describe('Answers and conversations that the gateway keeps for providers which keep none.')

export type SessionsSettings = z.output<typeof sessionsSettings>
