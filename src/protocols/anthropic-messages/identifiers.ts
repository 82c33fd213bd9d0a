import { createHash } from 'node:crypto'

/** Letters and digits of a hash: deterministic, so that equal histories give equal bytes (translation.md §1.9). */
const hashOf = (text: string): string =>
  createHash('sha256').update(text).digest('base64url').replace(/[-_]/g, '').slice(0, 24)

/** A message id: kept when it is one, else made from what there is. */
export const messageId = (id: string | undefined, exchange: string): string =>
  id?.startsWith('msg_') ? id : `msg_${hashOf(id ?? exchange)}`

/** A call id: kept when Anthropic would take it (`[A-Za-z0-9_-]+`), else made from it. */
export const callId = (id: string): string => (/^[A-Za-z0-9_-]+$/.test(id) ? id : `toolu_${hashOf(id)}`)

/** An id for a call that came without one, from where it stands and what it says. */
export const madeCallId = (...what: readonly (string | number)[]): string =>
  `toolu_${hashOf(what.join('\u0000'))}`
