import type { JsonObject, ReasoningPart, ReasoningPiece, ReasoningState } from '../../ir/index.ts'
import { idOf, reasoningItem } from './answer-items.ts'
import { isMarked } from './group-parts.ts'
import { ownItem } from './own-item.ts'
import type { Written } from './patch.ts'
import { WellFormedText } from './well-formed.ts'
import type { Frame, WireSummary, WireThought } from './wire.ts'

interface Piece {
  readonly kind: ReasoningPiece['kind']
  text: string
}

/** Writes one reasoning item: summaries and readable thoughts in pieces, the state at the end. */
export class ReasoningWriter {
  readonly outputIndex: number
  readonly #exchange: string
  readonly #id: string
  #part: ReasoningPart
  #patch: JsonObject
  readonly #pieces: Piece[] = []
  readonly #wellFormed: WellFormedText | undefined
  #number = -1

  constructor(part: ReasoningPart, exchange: string, outputIndex: number) {
    this.outputIndex = outputIndex
    this.#exchange = exchange
    this.#part = part
    this.#patch = ownItem(part)
    this.#wellFormed = isMarked(part) ? undefined : new WellFormedText()
    this.#id = idOf(this.item())
  }

  item(): Written {
    const part = { ...this.#part, pieces: this.#pieces }
    return reasoningItem(part, this.#patch, {
      exchange: this.#exchange,
      outputIndex: this.outputIndex,
      status: 'completed',
    })
  }

  /** The state comes with the end, whenever it was known. */
  added(): Frame {
    const { encrypted_content: _state, ...item } = this.item()
    const own = this.#patch['encrypted_content']
    return {
      type: 'response.output_item.added',
      output_index: this.outputIndex,
      item: own === undefined ? item : { ...item, encrypted_content: own },
    }
  }

  delta(number: number, kind: ReasoningPiece['kind'], text: string): readonly Frame[] {
    const frames: Frame[] = []
    if (number !== this.#number || this.#pieces.length === 0) {
      frames.push(...this.#closePiece())
      this.#number = number
      this.#pieces.push({ kind, text: '' })
      frames.push(
        kind === 'summary'
          ? { type: 'response.reasoning_summary_part.added', ...this.#ofSummary(), part: summary('') }
          : { type: 'response.content_part.added', ...this.#ofContent(), part: thought('') },
      )
    }
    const piece = this.#pieces.at(-1)
    const said = this.#wellFormed?.push(text) ?? text
    if (piece === undefined || said === '') return frames
    frames.push(this.#say(piece, said))
    return frames
  }

  #say(piece: Piece, text: string): Frame {
    piece.text += text
    return piece.kind === 'summary'
      ? { type: 'response.reasoning_summary_text.delta', ...this.#ofSummary(), delta: text }
      : { type: 'response.reasoning_text.delta', ...this.#ofContent(), delta: text }
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
    const left = this.#wellFormed?.end() ?? ''
    const rest = left === '' ? [] : [this.#say(piece, left)]
    const { text } = piece
    if (piece.kind === 'summary') {
      const at = this.#ofSummary()
      return [
        ...rest,
        { type: 'response.reasoning_summary_text.done', ...at, text },
        { type: 'response.reasoning_summary_part.done', ...at, part: summary(text) },
      ]
    }
    const at = this.#ofContent()
    return [
      ...rest,
      { type: 'response.reasoning_text.done', ...at, text },
      { type: 'response.content_part.done', ...at, part: thought(text) },
    ]
  }

  #ofSummary() {
    return { item_id: this.#id, output_index: this.outputIndex, summary_index: this.#count('summary') - 1 }
  }

  #ofContent() {
    return { item_id: this.#id, output_index: this.outputIndex, content_index: this.#count('text') - 1 }
  }

  /** Summaries and readable thoughts are numbered apart. */
  #count(kind: ReasoningPiece['kind']): number {
    return this.#pieces.filter((piece) => piece.kind === kind).length
  }
}

const summary = (text: string): WireSummary => ({ type: 'summary_text', text })
const thought = (text: string): WireThought => ({ type: 'reasoning_text', text })
