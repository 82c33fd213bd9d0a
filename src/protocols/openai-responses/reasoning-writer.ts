import type { JsonObject, ReasoningPart, ReasoningPiece, ReasoningState } from '../../ir/index.ts'
import { ownItem, reasoningItem } from './answer-items.ts'
import type { Frame } from './hosted-progress.ts'
import type { Written } from './patch.ts'

/** Writes one reasoning item: summaries and readable thoughts in pieces, the state at the end. */
export class ReasoningWriter {
  readonly outputIndex: number
  readonly #exchange: string
  readonly #id: unknown
  #part: ReasoningPart
  #patch: JsonObject
  readonly #pieces: { readonly kind: ReasoningPiece['kind']; text: string }[] = []
  #number = -1

  constructor(part: ReasoningPart, exchange: string, outputIndex: number) {
    this.outputIndex = outputIndex
    this.#exchange = exchange
    this.#part = part
    this.#patch = ownItem(part)
    this.#id = this.item()['id']
  }

  item(): Written {
    const part = { ...this.#part, pieces: this.#pieces }
    return reasoningItem(part, this.#patch, {
      exchange: this.#exchange,
      outputIndex: this.outputIndex,
      status: 'completed',
    })
  }

  added(): Frame {
    return { type: 'response.output_item.added', output_index: this.outputIndex, item: this.item() }
  }

  delta(number: number, kind: ReasoningPiece['kind'], text: string): readonly Frame[] {
    const frames: Frame[] = []
    if (number !== this.#number || this.#pieces.length === 0) {
      frames.push(...this.#closePiece())
      this.#number = number
      this.#pieces.push({ kind, text: '' })
      frames.push({
        type: kind === 'summary' ? 'response.reasoning_summary_part.added' : 'response.content_part.added',
        ...this.#at(),
        part: pieceOf({ kind, text: '' }),
      })
    }
    const piece = this.#pieces.at(-1)
    if (piece === undefined || text === '') return frames
    piece.text += text
    const name = piece.kind === 'summary' ? 'reasoning_summary_text' : 'reasoning_text'
    frames.push({ type: `response.${name}.delta`, ...this.#at(), delta: text })
    return frames
  }

  done(state: ReasoningState | undefined, patch: JsonObject | undefined): readonly Frame[] {
    const closing = this.#closePiece()
    if (state !== undefined) this.#part = { ...this.#part, state }
    this.#patch = patch ?? this.#patch
    return [
      ...closing,
      { type: 'response.output_item.done', output_index: this.outputIndex, item: this.item() },
    ]
  }

  #closePiece(): readonly Frame[] {
    const piece = this.#pieces.at(-1)
    if (piece === undefined) return []
    const at = this.#at()
    const { text } = piece
    return piece.kind === 'summary'
      ? [
          { type: 'response.reasoning_summary_text.done', ...at, text },
          { type: 'response.reasoning_summary_part.done', ...at, part: pieceOf(piece) },
        ]
      : [
          { type: 'response.reasoning_text.done', ...at, text },
          { type: 'response.content_part.done', ...at, part: pieceOf(piece) },
        ]
  }

  /** Summaries and readable thoughts are numbered apart. */
  #at() {
    const kind = this.#pieces.at(-1)?.kind
    const index = this.#pieces.filter((piece) => piece.kind === kind).length - 1
    const at = { item_id: this.#id, output_index: this.outputIndex }
    return kind === 'summary' ? { ...at, summary_index: index } : { ...at, content_index: index }
  }
}

const pieceOf = ({ kind, text }: ReasoningPiece): Written =>
  kind === 'summary' ? { type: 'summary_text', text } : { type: 'reasoning_text', text }
