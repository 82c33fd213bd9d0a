import { createTransport } from 'nodemailer'
import type { SmtpSettings } from './settings.ts'

/** A mail in plain text. */
export interface Mail {
  /** One bare address. */
  readonly to: string
  readonly subject: string
  readonly text: string
}

/**
 * Hands a mail to the mail server. Throws an error whose `code` says why (`ECONNECTION`, `EAUTH`, `EENVELOPE`, …); its
 * message may hold what the server said, which may hold the address.
 */
export const sendMail = async (settings: SmtpSettings, { to, subject, text }: Mail): Promise<void> => {
  const { host, port, user, password, from, tls, timeout } = settings
  const transport = createTransport({
    host,
    port: port ?? (tls === 'implicit' ? 465 : 587),
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'off',
    ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
    dnsTimeout: timeout,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  try {
    // An address object is taken as it is: nothing in it is read as a list or a header.
    await transport.sendMail({ from, to: { name: '', address: to }, subject, text })
  } finally {
    transport.close()
  }
}
