import type { ReasoningPiece } from '../../ir/index.ts'
import type { SealedState } from '../../sessions/index.ts'

/**
 * The pieces that the state came with. Clients may have joined them to one text, or left them out where the envelope
 * holds them. Undefined where the text is missing or another one than was given.
 */
export const restoredPieces = (
  state: SealedState,
  given: readonly ReasoningPiece[],
): readonly ReasoningPiece[] | undefined => {
  const { pieces: layout, text } = state
  if (text !== undefined) return cut(text, state, 0)
  if (layout.length === 0) return given.length === 0 ? [] : undefined
  const length = layout.reduce((sum, piece) => sum + piece.length, 0)
  const joined = given.map((piece) => piece.text).join(separator)
  const gaps = (layout.length - 1) * separator.length
  if (joined.length === length + gaps) return cut(joined, state, separator.length)
  // Streamed thoughts come back in slices from some clients.
  const slices = given.map((piece) => piece.text).join('')
  return slices.length === length + gaps ? cut(slices, state, separator.length) : undefined
}

/** What stands between the pieces where a protocol holds one text (translation.md §7.3). */
const separator = '\n\n'

const cut = (
  text: string,
  { pieces: layout }: SealedState,
  gap: number,
): readonly ReasoningPiece[] | undefined => {
  const pieces: ReasoningPiece[] = []
  let at = 0
  for (const { kind, length } of layout) {
    if (at > 0 && gap > 0 && text.slice(at - gap, at) !== separator) return undefined
    pieces.push({ kind, text: text.slice(at, at + length) })
    at += length + gap
  }
  return pieces
}
