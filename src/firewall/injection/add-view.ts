import { originalOffset, type View, type ViewKind } from './view.ts'

const mostViews = 8
const shortest = 4

/** Adds what other letters a view's places stand for; no more than eight, and none of under four letters. */
export const addView = (
  views: View[],
  source: View,
  kind: ViewKind,
  codes: Uint16Array,
  places: Int32Array,
): void => {
  if (views.length >= mostViews || codes.length < shortest) return
  const offsets = new Int32Array(places.length)
  for (let index = 0; index < places.length; index += 1)
    offsets[index] = originalOffset(source, places[index] ?? 0)
  const [first, last] = [places[0] ?? 0, places[places.length - 1] ?? 0]
  views.push({
    kind,
    codes,
    length: codes.length,
    offsets,
    base: originalOffset(source, Math.min(first, last)),
    end: originalOffset(source, Math.max(first, last) + 1),
  })
}

/** The same for a part of the view from one place on, letter for letter. */
export const addPart = (
  views: View[],
  source: View,
  kind: ViewKind,
  codes: Uint16Array,
  from: number,
): void => {
  const { length } = codes
  if (views.length >= mostViews || length < shortest) return
  const base = originalOffset(source, from)
  const end = originalOffset(source, from + length)
  views.push({ kind, codes, length, offsets: source.offsets?.subarray(from, from + length), base, end })
}

/** The same for a text that stands in the place of a whole part. */
export const addText = (
  views: View[],
  source: View,
  kind: ViewKind,
  text: string,
  start: number,
  end: number,
): void => {
  if (views.length >= mostViews || text.length < shortest) return
  const codes = new Uint16Array(text.length)
  for (let index = 0; index < text.length; index += 1) codes[index] = text.charCodeAt(index)
  const from = originalOffset(source, start)
  views.push({
    kind,
    codes,
    length: text.length,
    offsets: new Int32Array(text.length).fill(from),
    base: from,
    end: originalOffset(source, end),
  })
}
