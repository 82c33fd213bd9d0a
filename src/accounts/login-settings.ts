import { z } from 'zod'
import { duration, httpUrl, settingMeta } from '../config/index.ts'

/** The `login` section: how people sign in to the console. Durations are parsed to milliseconds. */
export const loginSettings = z
  .strictObject({
    url: httpUrl()
      .optional()
      .describe(
        'Address at which people reach the console, such as `https://gateway.example.com`; links in mails begin with it. Without it the address that the gateway listens on.',
      ),
    session_idle: duration({ days: 365 })
      .prefault('12h')
      .describe('A session ends when it is not used for so long, in seconds or with a unit.'),
    session_lifetime: duration({ days: 365 })
      .prefault('7d')
      .describe('A session ends after so long however much it is used, in seconds or with a unit.'),
  })
  .prefault({})
  .register(settingMeta, { reloads: true })
  .describe('How people sign in to the console.')

export type LoginSettings = z.output<typeof loginSettings>
