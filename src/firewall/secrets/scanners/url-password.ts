import { canStart } from '../character-classes.ts'
import { isReference, isWeakPassword, kindsOf } from '../placeholders.ts'
import type { Scanner } from '../rule.ts'

const longest = 512

/**
 * The password of `scheme://user:password@host`. The anchor is the scheme with `://`. Weak ones (`postgres:postgres`,
 * ones for the hosts of documentation) are report-only; references such as `$PASSWORD` are none.
 */
export const urlPassword: Scanner = (text, start, end, report) => {
  if (!canStart(text, start)) return end
  const limit = Math.min(text.length, end + longest)
  let at = end
  let colon = -1
  let sign = -1
  for (; at < limit; at++) {
    const code = text.charCodeAt(at)
    if (code <= 32 || stops.has(code)) break
    // A JSON or shell escape ends the address as a blank would.
    if (code === backslash) break
    if (code === colonCode && colon < 0) colon = at
    else if (code === signCode) sign = at
  }
  if (colon < 0 || sign <= colon + 1) return at
  const host = text.charCodeAt(sign + 1)
  if (Number.isNaN(host) || host <= 32 || stops.has(host)) return at
  const user = text.slice(end, colon)
  const password = text.slice(colon + 1, sign)
  const verdict = judgePassword(user, password, text.slice(sign + 1, sign + 40))
  if (verdict !== 'none') report(colon + 1, sign, verdict === 'weak' ? weak : undefined)
  return at
}

const weak = { confidence: 0.3, isReportOnly: true } as const
const backslash = 92
const colonCode = 58
const signCode = 64

/** What ends the part of an address before its path. */
const stops: ReadonlySet<number> = new Set([...'/?"\'`<>,;|'].map((character) => character.charCodeAt(0)))

/** Is a password that stands beside its user in a text worth hiding? */
export const judgePassword = (user: string, written: string, host: string): 'strong' | 'weak' | 'none' => {
  const password = decodePercent(written)
  if (published.has(password)) return 'weak'
  if (isReference(password) || /^\*+$/.test(password)) return 'none'
  if (password.length < 8 || password.toLowerCase() === user.toLowerCase() || isWeakPassword(password))
    return 'weak'
  if (kindsOf(password) < 2) return password.length >= 16 && !/^[a-z]+$/i.test(password) ? 'strong' : 'weak'
  if (!/[0-9]/.test(password) && password.length < 12) return 'weak'
  if (/^[a-z]+(?:[ _-][a-z]+){0,6}$/i.test(password)) return 'weak'
  return documentation.test(host) && password.length < 16 ? 'weak' : 'strong'
}

/** Hosts that RFC 2606 keeps for documentation. */
const documentation = /^(?:[\w-]{1,20}\.){0,3}example(?:\.(?:com|org|net))?(?:[^\w.]|$)/i

/** Passwords of the examples in RFC 6749, 7617 and 2617, which are copied everywhere. */
const published: ReadonlySet<string> = new Set([
  'gX1fBat3bV',
  '7Fjfp0ZBr1KtDRbnfVdmIw',
  'open sesame',
  'Circle Of Life',
  'Circle of Life',
])

const decodePercent = (text: string): string => {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
