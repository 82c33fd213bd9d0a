import type { Mail } from './send-mail.ts'

/** A link to sign in with, and what it opens. */
export interface MailedLink {
  readonly organisation: string
  readonly url: string
}

/** @param minutes how long the links work */
export const loginMail = (to: string, links: readonly MailedLink[], minutes: number): Mail => ({
  to,
  subject: 'Sign in to Tollgate',
  text: [
    'Somebody, you we hope, asked to sign in to Tollgate with this address.',
    '',
    ...links.flatMap(({ organisation, url }) =>
      links.length === 1 ? [url, ''] : [`${organisation}:`, url, ''],
    ),
    `It works once, within ${minutes} minutes. If it was not you, do nothing: without this mail nobody gets in.`,
    '',
  ].join('\n'),
})

/** No link that opens anything: an invitation may lie in a mailbox for days. */
export const invitationMail = (to: string, organisation: string, loginUrl: string): Mail => ({
  to,
  subject: 'You are invited to Tollgate',
  text: [
    `You have an account of the organisation "${organisation}" on a Tollgate, a gateway to language models.`,
    '',
    'To sign in, open this page and give this e-mail address; a link comes by mail:',
    '',
    loginUrl,
    '',
  ].join('\n'),
})
