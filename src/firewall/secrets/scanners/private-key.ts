import { classBit, isIn } from '../character-classes.ts'
import type { Scanner } from '../rule.ts'

const base64Bit = classBit('base64')

/**
 * A PEM or PGP block whose label passes: from `-----BEGIN` to the end of the END line, of any length, with line breaks
 * that may be written as `\n` or be parts of string concatenations. One without an END (cut off) ends with its last line.
 * The state machine reads every character once: it stops at the next five dashes, where the next block's reading begins.
 */
export const privateKeyBlock =
  (isOurs: (label: string) => boolean): Scanner =>
  (text, start, end, report) => {
    const labelEnd = text.slice(end, end + 72).indexOf('-----')
    if (labelEnd < 0 || !isOurs(text.slice(end, end + labelEnd).trim())) return end
    const body = readBody(text, end + labelEnd + 5)
    if (body.material < leastMaterial || body.distinct < 12) return body.stopped
    const closing = body.isClosed ? closingEnd(text, body.stopped) : body.materialEnd
    report(start, closing)
    return body.isClosed ? closing : body.stopped
  }

/** Base64 characters that a block must hold, in lines of 16 or more: the shortest real key has more. */
const leastMaterial = 60
const leastLine = 16

interface Body {
  /** How many characters stand in lines of key material, and where the last such line ends. */
  readonly material: number
  readonly materialEnd: number
  readonly distinct: number
  /** Where reading stopped, and whether that is at the five dashes of an END. */
  readonly stopped: number
  readonly isClosed: boolean
}

const readBody = (text: string, from: number): Body => {
  const seen = new Set<number>()
  let at = from
  let material = 0
  let materialEnd = from
  while (at < text.length) {
    const run = at
    while (isIn(text.charCodeAt(at), base64Bit)) {
      if (seen.size < 16) seen.add(text.charCodeAt(at))
      at++
      // Written-out line breaks are no material: the n of \n stands before the next line's first character.
    }
    const escaped =
      run > from && text.charCodeAt(run - 1) === backslash && isEscape(text.charCodeAt(run)) ? 1 : 0
    if (
      at - run - escaped >= leastLine ||
      (at - run > escaped && text.charCodeAt(at) === equals && material > 0)
    ) {
      material += at - run - escaped
      while (text.charCodeAt(at) === equals) at++
      materialEnd = at
    }
    if (text.startsWith('-----', at)) {
      const isClosed = text.startsWith('-----END', at)
      return { material, materialEnd, distinct: seen.size, stopped: at, isClosed }
    }
    if (at >= text.length || !isBetween(text.charCodeAt(at))) break
    at += 1
  }
  return { material, materialEnd, distinct: seen.size, stopped: at, isClosed: false }
}

const backslash = 92
const equals = 61
const isEscape = (code: number): boolean => code === 110 || code === 114 || code === 116

/** May stand between lines: blanks, quotes and signs of concatenations, comment signs, headers such as `DEK-Info:`. */
const isBetween = (code: number): boolean =>
  code <= 32 || ' \\\'"`+,.:;-=#>|*()<@&%_$'.includes(String.fromCharCode(code))

const closingEnd = (text: string, at: number): number => {
  const label = text.slice(at + 8, at + 80)
  const dashes = label.indexOf('-----')
  if (dashes >= 0) return at + 8 + dashes + 5
  // Four dashes at the end are a common slip.
  const short = label.indexOf('----')
  return short >= 0 ? at + 8 + short + 4 : at + 8
}

/** The private lines of a PuTTY key file: base64 after `Private-Lines: n`. */
export const puttyKey: Scanner = (text, _start, end, report) => {
  const count = /^: ?(\d{1,3})(?:\r?\n|\\{1,2}n)/.exec(text.slice(end, end + 12))
  if (count === null) return end
  const body = readBody(text, end + count[0].length)
  const from = end + count[0].length
  if (body.material >= leastMaterial && body.distinct >= 12) report(from, body.materialEnd)
  return body.materialEnd
}
