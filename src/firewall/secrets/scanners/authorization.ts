import { isQuote } from '../assignment.ts'
import { classBit, isIn } from '../character-classes.ts'
import { entropy } from '../entropy.ts'
import { isReference, isWeakPassword } from '../placeholders.ts'
import type { Report, Scanner } from '../rule.ts'
import { judgePassword } from './url-password.ts'

const headerBit = classBit('header')
const longestValue = 4096

/** The value of an `Authorization` header, as HTTP, in an object literal, or in a command. */
export const authorizationHeader: Scanner = (text, _start, end, report) => {
  let at = end
  while (
    at - end < 3 &&
    (isQuote(text.charCodeAt(at)) || text.charCodeAt(at) === 93 || text.charCodeAt(at) === 92)
  )
    at++
  at = skipBlanks(text, at)
  const operator = text[at]
  if (operator !== ':' && operator !== '=' && operator !== ',') return at
  at = skipBlanks(text, at + 1)
  if (text.charCodeAt(at) === 92) at++
  if (isQuote(text.charCodeAt(at))) at++
  return readCredentials(text, at, false, report)
}

/**
 * What follows a header's colon: a scheme and a value. A bare value without scheme counts only where `isCommand` says that
 * this is an argument of a command, and so no expression of a program.
 */
export const readCredentials = (text: string, from: number, isCommand: boolean, report: Report): number => {
  const scheme = /^[A-Za-z][A-Za-z-]{2,15} {1,4}/.exec(text.slice(from, from + 20))?.[0] ?? ''
  const start = from + scheme.length
  const limit = Math.min(text.length, start + longestValue)
  let end = start
  while (end < limit && isIn(text.charCodeAt(end), headerBit)) end++
  const value = text.slice(start, end)
  const name = scheme.trim().toLowerCase()
  if (value.length < 8 || (name === '' && !isCommand) || text.charCodeAt(end) === 40) return end
  const verdict = name === 'basic' ? judgeBasic(value, isCommand) : judgeBearer(value, name, isCommand)
  if (verdict !== 'none')
    report(start, end, verdict === 'weak' ? { confidence: 0.3, isReportOnly: true } : {})
  return end
}

type Verdict = 'strong' | 'weak' | 'none'

const judgeBasic = (value: string, isCommand: boolean): Verdict => {
  if (!/^[A-Za-z0-9+/]{6,}={0,2}$/.test(value)) return 'none'
  const verdict = judgeUserAndPassword(Buffer.from(value, 'base64').toString('latin1'))
  // An argument of a command that is no user and password in UTF-8 is one in another encoding, or mistyped.
  return verdict === 'none' && isCommand && value.length >= 24 && entropy(value) >= 4 ? 'strong' : verdict
}

/** `user:password`, or `token:` and `:token`, as in basic authentication. */
export const judgeUserAndPassword = (text: string): Verdict => {
  const colon = text.indexOf(':')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what has control characters is no text.
  if (colon < 0 || /[\u0000-\u001f\u007f-\u009f]/.test(text)) return 'none'
  const user = text.slice(0, colon)
  const password = text.slice(colon + 1)
  if (password !== '') return judgePassword(user, password, '')
  return user.length >= 6 ? judgePassword('', user, '') : 'weak'
}

/** Schemes that carry a token; others (`Digest`, `AWS4-HMAC-SHA256`) carry parameters. */
const schemes: ReadonlySet<string> = new Set(
  'bearer token api-token apikey api-key key bot oauth jwt secret sso-key splunk genie-key rest-key'.split(
    ' ',
  ),
)

const judgeBearer = (value: string, scheme: string, isCommand: boolean): Verdict => {
  if (scheme !== '' && !schemes.has(scheme)) return 'none'
  if (isReference(value) || isWeakPassword(value)) return 'none'
  const isMixed = /\d/.test(value) && /[A-Za-z]/.test(value)
  if (isCommand && value.length >= 10 && isMixed && entropy(value) >= 3) return 'strong'
  if (value.length < 20 || !isMixed || entropy(value) < 3.2 || spells.test(value)) {
    return value.length >= 12 && isMixed ? 'weak' : 'none'
  }
  return 'strong'
}

/** A name, put together from words: `test-token-for-user-1`, `my.api.token.v2`. */
const spells = /^(?:[A-Za-z]{2,16}|\d{1,8})(?:[-_.:]+(?:[A-Za-z]{1,16}|[A-Za-z]?\d{1,8}))+$/

const skipBlanks = (text: string, from: number): number => {
  let at = from
  while (at - from < 16 && (text.charCodeAt(at) === 32 || text.charCodeAt(at) === 9)) at++
  return at
}
