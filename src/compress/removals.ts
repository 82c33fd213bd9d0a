import {
  carriageReturn,
  closeBrace,
  closeBracket,
  closeParenthesis,
  comma,
  isBlank,
  newline,
  openBrace,
  openBracket,
  openParenthesis,
  semicolon,
} from './characters.ts'
import type { Comment, Scan } from './scan.ts'

/** UTF-16 code units that go, `end` not included. */
export interface Removal {
  readonly start: number
  readonly end: number
}

/**
 * What goes with the comments of a piece of code: a line that holds nothing else goes as a line, elsewhere the white
 * space before the end of the line goes too. In order and apart.
 */
export const removalsOf = (code: string, { comments, indentations }: Scan): readonly Removal[] => {
  const removals: Removal[] = []
  let index = 0
  while (index < comments.length) {
    const first = comments[index++]
    if (first === undefined || first.isKept) continue
    let end = first.end
    // Comments with only spaces between them go together or not at all.
    for (;;) {
      const next = comments[index]
      if (next === undefined || next.isKept || blanksEnd(code, end) !== next.start) break
      end = next.end
      index++
    }
    const removal = removalOf(code, first, end)
    if (removal !== undefined) removals.push(removal)
  }
  if (indentations.length === 0) return removals
  const bare = indentations.flatMap(({ start, end, keep }) =>
    start + keep < end ? [{ start: start + keep, end }] : [],
  )
  return joined([...removals, ...bare].sort((a, b) => a.start - b.start))
}

const removalOf = (code: string, { start }: Comment, end: number): Removal | undefined => {
  let before = start
  while (before > 0 && isBlank(code.charCodeAt(before - 1))) before--
  const after = blanksEnd(code, end)
  const beginsLine = before === 0 || code.charCodeAt(before - 1) === newline
  const lineEnd = lineEndAt(code, after)
  if (lineEnd >= 0) return beginsLine ? { start: before, end: lineEnd } : { start: before, end: after }
  if (beginsLine) return { start, end: after }
  // It ends a line between two pieces of code, which matters to both of them.
  if (hasNewline(code, start, end)) return undefined
  const hasBlankBefore = before < start
  const hasBlankAfter = after > end
  const isBeforeSign = separates(code.charCodeAt(after))
  // Of two blanks one is enough, and beside a bracket one need not come.
  if (hasBlankBefore && (hasBlankAfter || isBeforeSign)) return { start: before, end }
  if (separates(code.charCodeAt(before - 1))) return { start, end: after }
  if (hasBlankBefore || hasBlankAfter || isBeforeSign) return { start, end }
  return undefined
}

const blanksEnd = (code: string, from: number): number => {
  let at = from
  while (at < code.length && isBlank(code.charCodeAt(at))) at++
  return at
}

/** Behind the line end that stands here; -1 where none does. */
const lineEndAt = (code: string, position: number): number => {
  if (position >= code.length) return position
  const unit = code.charCodeAt(position)
  if (unit === newline) return position + 1
  return unit === carriageReturn && code.charCodeAt(position + 1) === newline ? position + 2 : -1
}

const hasNewline = (code: string, start: number, end: number): boolean => {
  for (let at = start; at < end; at++) if (code.charCodeAt(at) === newline) return true
  return false
}

/** Signs that never grow together with what stands beside them. */
const separators: ReadonlySet<number> = new Set([
  openParenthesis,
  closeParenthesis,
  openBracket,
  closeBracket,
  openBrace,
  closeBrace,
  comma,
  semicolon,
])

const separates = (unit: number): boolean => separators.has(unit)

const joined = (removals: readonly Removal[]): readonly Removal[] => {
  const result: Removal[] = []
  for (const removal of removals) {
    const last = result.at(-1)
    if (last === undefined || removal.start > last.end) result.push(removal)
    else if (removal.end > last.end) result[result.length - 1] = { start: last.start, end: removal.end }
  }
  return result
}
