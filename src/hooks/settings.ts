import { z } from 'zod'
import { duration, secretText, settingMeta, text } from '../config/index.ts'
import { hookEventTypes } from './event.ts'

const isWebhookUrl = (written: string): boolean => {
  const url = URL.parse(written)
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
}

/** Used as it is written: what follows the host is the receiver's, down to its last slash. */
const webhookUrl = z
  .string()
  .refine(isWebhookUrl, { error: 'must be an http or https URL without user and password' })
  .register(settingMeta, { secret: 'url', expects: 'an http or https URL' })

const hook = z.strictObject({
  events: z
    .array(z.enum(hookEventTypes))
    .min(1)
    .register(settingMeta, { expects: `a list of ${hookEventTypes.map((type) => `\`${type}\``).join(', ')}` })
    .describe('Events that are told.'),
  url: webhookUrl
    .optional()
    .describe(
      'Address that gets the event as a POST of JSON. It may be a private or loopback address: nobody but this file names it. Redirects are not followed.',
    ),
  secret: secretText()
    .optional()
    .describe(
      'Key of the signature of webhooks, which need one: `x-tollgate-signature: t=<seconds>,v1=<hex of HMAC-SHA256(secret, "<t>.<body>")>`.',
    ),
  command: z
    .array(text())
    .min(1)
    .optional()
    .register(settingMeta, { expects: 'a list: the program and its arguments' })
    .describe(
      'Program, and its arguments, that gets the event as JSON on standard input. No shell reads it.',
    ),
  timeout: duration()
    .prefault('10s')
    .describe('Longest that one call or run may take, in seconds or with a unit.'),
})

/** The `hooks` section: who is told of what. Durations are parsed to milliseconds. */
export const hooksSettings = z
  .array(hook)
  .max(50)
  .prefault([])
  .register(settingMeta, { reloads: true, expects: 'a list of hooks with `events` and `url` or `command`' })
  .describe('Webhooks and programs that are told of events.')

export type HooksSettings = z.output<typeof hooksSettings>
export type HookSettings = HooksSettings[number]
