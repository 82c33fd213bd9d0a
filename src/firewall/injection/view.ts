/** How a view came to be: `plain` is the text itself, folded; the others are decoded or rejoined parts of it. */
export type ViewKind =
  | 'plain'
  | 'tags'
  | 'variation-selectors'
  | 'zero-width-bits'
  | 'right-to-left'
  | 'base64'
  | 'hex'
  | 'percent'
  | 'entities'
  | 'escapes'
  | 'binary'
  | 'rot13'
  | 'reversed'
  | 'spaced'
  | 'leet'
  | 'joined'
  | 'unspaced'
  | 'hidden'

/**
 * A reading of a text for detection only: folded, lower-case code units. The text that is forwarded is never a view.
 * A code unit's place in the original is `offsets[i]`, or `base + i` where there are no offsets.
 */
export interface View {
  readonly kind: ViewKind
  readonly codes: Uint16Array
  readonly length: number
  readonly offsets: Int32Array | undefined
  readonly base: number
  /** Original span that the view was read from: what a finding names when a place inside is not known. */
  readonly end: number
}

/** Place in the original text of a place in the view. */
export const originalOffset = (view: View, index: number): number => {
  if (view.offsets === undefined) return Math.min(view.base + index, view.end)
  return index < view.length ? (view.offsets[index] ?? view.end) : view.end
}

/** The view's text; for tests and tools, never on the hot path. */
export const textOf = (view: View): string =>
  Buffer.from(view.codes.buffer, view.codes.byteOffset, view.length * 2).toString('utf16le')
