import { z } from 'zod'
import { duration, secretText, settingMeta, text, wholeNumber } from '../config/index.ts'

/** `ops@example.com`, or `Tollgate <ops@example.com>`. */
const sender = z
  .string()
  .regex(/^(?:[^<>"\p{Cc}]*<[^<>@\s\p{Cc}]+@[^<>@\s\p{Cc}]+>|[^<>@\s\p{Cc}]+@[^<>@\s\p{Cc}]+)$/u)
  .register(settingMeta, { expects: 'an address such as `Tollgate <tollgate@example.com>`' })

/** The `smtp` section. Without it no mail is sent. Durations are parsed to milliseconds. */
export const smtpSettings = z
  .strictObject({
    host: text().describe('Mail server that takes mail from us.'),
    port: wholeNumber(1, 65_535)
      .optional()
      .describe('Its port; without it 465 with `tls: implicit`, else 587.'),
    user: text().optional().describe('User at the mail server; without it no sign-in there.'),
    password: secretText().optional().describe('Password of `user`.'),
    from: sender.describe('Sender of mails, such as `Tollgate <tollgate@example.com>`.'),
    tls: z
      .enum(['starttls', 'implicit', 'off'])
      .prefault('starttls')
      .describe(
        '`starttls` insists on encryption from the first command on, `implicit` from the first byte; `off` sends in clear, for a server on this machine.',
      ),
    timeout: duration()
      .prefault('20s')
      .describe('Longest wait for the mail server, in seconds or with a unit.'),
  })
  .optional()
  .register(settingMeta, { reloads: true })
  .describe('Mail server for sign-in links and invitations.')

export type SmtpSettings = NonNullable<z.output<typeof smtpSettings>>
