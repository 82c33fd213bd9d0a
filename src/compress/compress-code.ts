import { isListing } from './is-listing.ts'
import type { Language } from './languages/index.ts'
import { type Removal, removalsOf } from './removals.ts'

export interface CompressOptions {
  /** Take the white space at the beginning of lines as well, as far as the language does without. */
  readonly dedent: boolean
}

/**
 * What may go from a piece of code, in order and apart; empty where nothing may, or where anything is doubtful. A pure
 * function of the code, idempotent, in linear time; never throws.
 */
export const compressCode = (
  code: string,
  language: Language,
  { dedent }: CompressOptions,
): readonly Removal[] => {
  // Other line ends than `\n` and `\r\n` mean different things to different tools.
  if (hasLoneReturn(code) || isListing(code)) return nothing
  const scan = language.scan(code, dedent)
  if (scan === undefined) return nothing
  const removals = removalsOf(code, scan)
  return removals.length === 0 || leavesNothing(code, removals) ? nothing : removals
}

/** A text without what was removed from it. */
export const withoutRemovals = (text: string, removals: readonly Removal[]): string => {
  let result = ''
  let at = 0
  for (const { start, end } of removals) {
    result += text.slice(at, start)
    at = end
  }
  return result + text.slice(at)
}

const nothing: readonly Removal[] = []

const hasLoneReturn = (code: string): boolean => {
  for (let at = code.indexOf('\r'); at >= 0; at = code.indexOf('\r', at + 1)) {
    if (code.charCodeAt(at + 1) !== 0x0a) return true
  }
  return false
}

/** Whoever shows nothing but comments wants them read. */
const leavesNothing = (code: string, removals: readonly Removal[]): boolean => {
  let at = 0
  for (const { start, end } of [...removals, { start: code.length, end: code.length }]) {
    for (; at < start; at++) {
      const unit = code.charCodeAt(at)
      if (unit > 0x20) return false
    }
    at = end
  }
  return true
}
