import type { Splice } from '../wire/index.ts'
import { findMarks } from './find-marks.ts'
import { afterSpace } from './json-walk.ts'

/** The edits that take every mark out of an Anthropic request; the rest stays as it is. */
export const removeMarks = (text: string): readonly Splice[] =>
  findMarks(text).map(({ member: { start, value } }) => {
    const before = lastBefore(text, start)
    if (text[before] === ',') return { start: before, end: value.end, text: '' }
    const behind = afterSpace(text, value.end)
    return { start, end: text[behind] === ',' ? behind + 1 : value.end, text: '' }
  })

const lastBefore = (text: string, start: number): number => {
  let at = start - 1
  while (at > 0 && ' \n\r\t'.includes(text[at] ?? '')) at--
  return at
}
