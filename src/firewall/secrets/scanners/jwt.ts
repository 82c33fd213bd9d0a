import { canStart, classBit, isIn } from '../character-classes.ts'
import type { Scanner } from '../rule.ts'

const slugBit = classBit('slug')
const longestPart = 16_384

/**
 * A JSON web token: a base64url header that decodes to JSON with `alg`, a payload, a signature (three parts, or the five
 * of an encrypted one). Unsigned ones (`alg: none`) and the one of jwt.io's front page keep nothing secret.
 */
export const jsonWebToken: Scanner = (text, start, _end, report) => {
  const before = text.charCodeAt(start - 1)
  if (start > 0 && (before === dash || before === dot || !canStart(text, start))) return start
  const headerEnd = partEnd(text, start)
  if (text.charCodeAt(headerEnd) !== dot || headerEnd - start < 16) return headerEnd
  const ends = [headerEnd]
  while (ends.length < 5 && text.charCodeAt(ends.at(-1) ?? 0) === dot)
    ends.push(partEnd(text, (ends.at(-1) ?? 0) + 1))
  const last = ends.at(-1) ?? headerEnd
  if (ends.length !== 3 && ends.length !== 5) return last
  const [, payloadEnd = 0] = ends
  const header = headerOf(text.slice(start, headerEnd))
  const signature = last - (ends.at(-2) ?? last) - 1
  if (header === undefined || payloadEnd - headerEnd < 12 || signature < 20) return last
  const verdict = ends.length === 3 ? judgePayload(text.slice(headerEnd + 1, payloadEnd)) : 'strong'
  if (verdict !== 'none')
    report(start, last, verdict === 'weak' ? { confidence: 0.4, isReportOnly: true } : {})
  return last
}

const dash = 45
const dot = 46

const partEnd = (text: string, from: number): number => {
  const limit = Math.min(text.length, from + longestPart)
  let at = from
  while (at < limit && isIn(text.charCodeAt(at), slugBit)) at++
  return at
}

const headerOf = (part: string): { readonly alg: string } | undefined => {
  const decoded = decodeJson(part)
  if (typeof decoded !== 'object' || decoded === null || !('alg' in decoded)) return undefined
  const { alg } = decoded
  return typeof alg === 'string' && alg.toLowerCase() !== 'none' ? { alg } : undefined
}

/** The subject and name of the tokens that documentation shows everywhere. */
const shown = ['"John Doe"', '"1234567890"'] as const

type Verdict = 'strong' | 'weak' | 'none'

/**
 * A token that lets somebody in says who, or at least from whom and until when; one that says nothing but when it was
 * made, or for whom, is a test's.
 */
const judgePayload = (part: string): Verdict => {
  const decoded = decodeJson(part)
  if (typeof decoded !== 'object' || decoded === null) return 'none'
  const text = JSON.stringify(decoded)
  if (shown.some((example) => text.includes(example))) return 'none'
  const claims = Object.keys(decoded)
  const saysWho = claims.some((claim) => !frame.has(claim))
  return claims.length >= 2 && (saysWho || ('exp' in decoded && 'iss' in decoded)) ? 'strong' : 'weak'
}

/** Claims about the token itself (RFC 7519, section 4.1). */
const frame: ReadonlySet<string> = new Set(['iss', 'aud', 'exp', 'nbf', 'iat'])

const decodeJson = (part: string): unknown => {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString())
  } catch {
    return undefined
  }
}

/** Does the text after a prefix decode to JSON that begins like this? For tokens that carry a JSON document. */
export const carriesJson =
  (prefix: string) =>
  (value: string): boolean => {
    const decoded = Buffer.from(value.slice(prefix.length), 'base64').toString()
    return /^\{"[\w-]{1,40}":/.test(decoded)
  }
