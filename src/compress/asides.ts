import { asterisk, hash, isBlank, isWordUnit, slash } from './characters.ts'
import type { Comment } from './scan.ts'
import { stopsOf } from './stops.ts'

/**
 * Keeps comments in which somebody speaks to the reader of the prompt instead of to readers of the code: what was left
 * out (`// ...`), what is pointed at (`// <-- fails`, `// ^^^`), what is still to be done.
 * @param padded code with its padding
 * @param comments those that are kept already stay so
 */
export const keepAsides = (padded: string, comments: readonly Comment[]): void => {
  for (const comment of comments) {
    if (!comment.isKept && (isPointing(padded, comment) || hasMark(padded, comment))) comment.isKept = true
  }
}

const ellipsis = 0x2026
const words = ['TODO', 'FIXME', 'XXX', 'HACK', 'BUG', 'HERE']
const marks = ['...', '<-', ...words]

/** The first two units of all of them: few places of a comment have both. */
const first = stopsOf(marks.map((mark) => mark.charAt(0)).join(''))
const second = stopsOf(marks.map((mark) => mark.charAt(1)).join(''))

const hasMark = (code: string, { start, end }: Comment): boolean => {
  for (let at = start; at < end; at++) {
    const unit = code.charCodeAt(at)
    if (first[unit] === 1 ? second[code.charCodeAt(at + 1)] === 1 && isMark(code, at) : unit === ellipsis) {
      return true
    }
  }
  return false
}

const isMark = (code: string, at: number): boolean => {
  for (const mark of marks) {
    // Units first: most marks are told apart by one, and asking for a whole one is a call.
    if (code.charCodeAt(at) !== mark.charCodeAt(0) || !code.startsWith(mark, at)) continue
    if (!words.includes(mark)) return true
    if (!isWordUnit(code.charCodeAt(at - 1)) && !isWordUnit(code.charCodeAt(at + mark.length))) return true
  }
  return false
}

/** `// ^^^`, `// -> here`, `// ← this`. */
const isPointing = (code: string, { start, end }: Comment): boolean => {
  let at = start
  for (; at < end; at++) {
    const unit = code.charCodeAt(at)
    if (unit !== slash && unit !== hash && unit !== asterisk && !isBlank(unit)) break
  }
  const unit = code.charCodeAt(at)
  if (unit === 0x5e || (unit >= 0x2190 && unit <= 0x21ff) || unit === 0x2b05) return true
  if (unit !== 0x2d && unit !== 0x3d) return false
  while (code.charCodeAt(at) === unit) at++
  return code.charCodeAt(at) === 0x3e
}
