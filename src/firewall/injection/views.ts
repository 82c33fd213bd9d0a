import { type DecodeBudget, decodedViews } from './decoded-views.ts'
import { type Folded, foldDecoded } from './fold.ts'
import { hiddenSpans } from './hidden-spans.ts'
import type { InvisibleEvidence } from './invisible.ts'
import { originalOffset, type View } from './view.ts'

/** What decoded and hidden views of one text may add up to, in code units. */
const decodeLimit = 65_536
const mostViews = 48
/** Base64 within base64, and no deeper. */
const deepest = 2

/** Views of what a text hides from its reader or carries encoded. The plain view is not among them. */
export const hiddenViews = (text: string, folded: Folded): readonly View[] => {
  const views: View[] = []
  if (folded.invisible !== undefined) views.push(...invisibleViews(folded.invisible))
  const budget: DecodeBudget = { characters: decodeLimit, views: mostViews }
  decode(text, 0, text.length, deepest, budget, views)
  for (const span of hiddenSpans(text)) views.push(sliceOf(folded.view, span.start, span.end))
  return views
}

const decode = (
  text: string,
  base: number,
  end: number,
  depth: number,
  budget: DecodeBudget,
  views: View[],
): void => {
  for (const { text: decoded, view } of decodedViews(text, base, end, budget)) {
    views.push(view)
    if (depth > 1) decode(decoded, view.base, view.end, depth - 1, budget, views)
  }
}

const invisibleViews = (evidence: InvisibleEvidence): readonly View[] => {
  const { start, end } = evidence
  const carried = [
    ['tags', evidence.tagText],
    ['variation-selectors', evidence.selectorText],
    ['zero-width-bits', evidence.bitText],
    ['right-to-left', evidence.overridden],
  ] as const
  return carried
    .filter(([, text]) => text.length > 3)
    .map(([kind, text]) => foldDecoded(text, kind, start, end))
}

/** Part of the plain view, between two places of the original text. */
const sliceOf = (view: View, start: number, end: number): View => {
  const [from, to] =
    view.offsets === undefined ? [start, end] : [lowerBound(view, start), lowerBound(view, end)]
  return {
    kind: 'hidden',
    codes: view.codes.subarray(from, to),
    length: to - from,
    offsets: view.offsets?.subarray(from, to),
    base: originalOffset(view, from),
    end,
  }
}

/** First code unit of a view that stands at or after a place of the original text. */
const lowerBound = (view: View, place: number): number => {
  let low = 0
  let high = view.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((view.offsets?.[middle] ?? 0) < place) low = middle + 1
    else high = middle
  }
  return low
}
