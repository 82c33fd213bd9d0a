import { classBit, isIn } from './character-classes.ts'

/** A name and what stands where its value would: `api_key: "…"`, `os.environ["KEY"] = '…'`, `--api-key …`. */
export interface Assignment {
  readonly name: string
  readonly nameStart: number
  /** Where the value begins; its quote is before it. */
  readonly valueStart: number
  /** The quote's code, or 0 for a bare value. */
  readonly quote: number
  readonly operator: string
}

const nameBit = classBit('dotted')
const longestName = 64

/**
 * The assignment to the name that the word at `start` to `end` is part of; where there is none, up to where no other word
 * has one either (the end of the same name). Reads at most some 64 characters to either side, whatever the text.
 */
export const assignmentAround = (text: string, start: number, end: number): Assignment | number => {
  let right = end
  while (right - end < longestName && isIn(text.charCodeAt(right), nameBit)) right++
  const operator = readOperator(text, right)
  if (operator === undefined) return right
  let left = start
  while (start - left < longestName && isIn(text.charCodeAt(left - 1), nameBit)) left--
  const name = text.slice(left, right)
  if (operator.sign === ' ' && !name.startsWith('--')) return right
  const quote = text.charCodeAt(operator.end)
  return isQuote(quote)
    ? { name, nameStart: left, valueStart: operator.end + 1, quote, operator: operator.sign }
    : { name, nameStart: left, valueStart: operator.end, quote: 0, operator: operator.sign }
}

const signs = [':=', '=>', '||', '??', '=', ':', ',', '>'] as const

/** What may stand between a name and its value: a closing quote or bracket, blanks, the operator, blanks. */
const readOperator = (text: string, from: number): { sign: string; end: number } | undefined => {
  let at = from
  while (at - from < 8 && isCloser(text.charCodeAt(at))) at++
  const closed = at
  at = skipBlanks(text, at)
  const sign = signs.find((candidate) => text.startsWith(candidate, at))
  if (sign === undefined || (sign === ',' && closed === from)) {
    return at > from && closed === from && text.charCodeAt(from) === 32 ? { sign: ' ', end: at } : undefined
  }
  if (sign === '=' && text.charCodeAt(at + 1) === 61) return undefined
  const end = skipBlanks(text, at + sign.length)
  const quote = skipBackslashes(text, end)
  return { sign, end: isQuote(text.charCodeAt(quote)) ? quote : end }
}

const backslash = 92

/** A quote, a bracket, or the backslash of an escaped quote. */
const isCloser = (code: number): boolean => isQuote(code) || code === 93 || code === backslash || code === 63

export const isQuote = (code: number): boolean => code === 34 || code === 39 || code === 96

/** JSON inside JSON: a quote has one backslash, or three. */
export const skipBackslashes = (text: string, from: number): number => {
  let at = from
  while (at - from < 3 && text.charCodeAt(at) === backslash) at++
  return at
}

const skipBlanks = (text: string, from: number): number => {
  let at = from
  while (at - from < 16 && (text.charCodeAt(at) === 32 || text.charCodeAt(at) === 9)) at++
  return at
}

const secretWords = ['key', 'token', 'secret', 'pass', 'pwd', 'credential'] as const

/** Does a name speak of a secret: `mistralApiKey`, `DATADOG_APP_KEY`? */
export const isSecretName = (name: string): boolean => {
  const folded = name.toLowerCase()
  return secretWords.some((word) => folded.includes(word))
}
