import type { Splice } from '../wire/index.ts'
import { afterSpace } from '../wire/index.ts'
import { findMarks } from './find-marks.ts'

/** The edits that take every mark out of an Anthropic request; the rest stays as it is. */
export const removeMarks = (text: string): readonly Splice[] => {
  const splices: { start: number; end: number; text: string }[] = []
  // An object may have the key twice: what was taken out before a mark, its comma, too, is not taken out again.
  for (const { member } of [...findMarks(text)].sort((one, other) => one.member.start - other.member.start)) {
    const { start, value } = member
    const last = splices.at(-1)
    const before = lastBefore(text, start)
    const isFree = last === undefined || before >= last.end
    if (isFree && text[before] === ',') splices.push({ start: before, end: value.end, text: '' })
    else {
      const behind = afterSpace(text, value.end)
      splices.push({ start, end: text[behind] === ',' ? behind + 1 : value.end, text: '' })
    }
  }
  return splices
}

const lastBefore = (text: string, start: number): number => {
  let at = start - 1
  while (at > 0 && ' \n\r\t'.includes(text[at] ?? '')) at--
  return at
}
