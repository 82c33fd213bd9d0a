import {
  mergeExtensions,
  type PartEndEvent,
  type ReasoningPart,
  type ReasoningPiece,
} from '../../ir/index.ts'
import type { ThoughtFacts } from './seal-answer.ts'

/** A reasoning part on its way: what its envelope has to know in the end. */
export class OpenThought {
  readonly part: ReasoningPart
  readonly #embeds: boolean
  readonly #pieces: { readonly kind: ReasoningPiece['kind']; length: number; text: string }[] = []

  /** @param embeds its text goes into the envelope */
  constructor(part: ReasoningPart, embeds: boolean) {
    this.part = part
    this.#embeds = embeds
    for (const piece of part.pieces) this.add(this.#pieces.length, piece.kind, piece.text)
  }

  add(number: number, kind: ReasoningPiece['kind'], text: string): void {
    let piece = this.#pieces[number]
    if (piece === undefined) {
      piece = { kind, length: 0, text: '' }
      this.#pieces.push(piece)
    }
    piece.length += text.length
    if (this.#embeds) piece.text += text
  }

  facts(end?: PartEndEvent): ThoughtFacts {
    const pieces = this.#pieces.map(({ kind, length }) => ({ kind, length }))
    const text = this.#embeds ? this.#pieces.map((piece) => piece.text).join('') : undefined
    return {
      pieces,
      ...(text === undefined || text.length > maximumText ? {} : { text }),
      extensions: mergeExtensions(this.part.extensions, end?.extensions),
    }
  }
}

/** Longer thoughts are not put into an envelope: the client's own copy must do. */
const maximumText = 100_000
