import { asterisk, hash, isBlank, isWordUnit, slash } from './characters.ts'
import type { Comment } from './scan.ts'

/**
 * Keeps comments in which somebody speaks to the reader of the prompt instead of to readers of the code: what was left
 * out (`// ...`), what is pointed at (`// <-- fails`, `// ^^^`), what is still to be done. The marks are looked for in
 * the whole code at once, which costs a tenth of looking at each comment.
 * @param comments in order; those that are kept already stay so
 */
export const keepAsides = (code: string, comments: readonly Comment[]): void => {
  if (comments.length === 0) return
  for (const mark of marks) keepMarked(code, comments, mark, false)
  for (const word of words) keepMarked(code, comments, word, true)
  for (const comment of comments) if (!comment.isKept && isPointing(code, comment)) comment.isKept = true
}

const marks = ['...', '\u2026', '<-']
const words = ['TODO', 'FIXME', 'XXX', 'HACK', 'BUG', 'HERE']

const keepMarked = (code: string, comments: readonly Comment[], mark: string, isWord: boolean): void => {
  let index = 0
  let at = code.indexOf(mark)
  while (at >= 0) {
    let comment = comments[index]
    while (comment !== undefined && comment.end <= at) comment = comments[++index]
    if (comment === undefined) return
    let from = comment.start
    if (at >= comment.start) {
      if (!isWord || isWhole(code, at, at + mark.length)) {
        comment.isKept = true
        from = comment.end
      } else from = at + mark.length
    }
    at = code.indexOf(mark, from)
  }
}

const isWhole = (code: string, start: number, end: number): boolean =>
  !isWordUnit(code.charCodeAt(start - 1)) && (end >= code.length || !isWordUnit(code.charCodeAt(end)))

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
