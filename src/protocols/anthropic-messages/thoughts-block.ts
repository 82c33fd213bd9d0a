import type { Part, ReasoningPart, ReasoningState } from '../../ir/index.ts'
import type { SseFrame } from '../../wire/index.ts'
import { deltaFrame, startFrame, stopFrame } from './block-event.ts'
import { isRedacted } from './encode-parts.ts'
import { heldSurrogate } from './held-surrogate.ts'
import { withRest } from './members.ts'
import type { OpenBlock, TakeIndex } from './open-block.ts'
import { ownRest } from './own.ts'

export const thoughtsBlock = (part: ReasoningPart, takeIndex: TakeIndex): OpenBlock =>
  ownRest(part) === undefined ? foreignThoughts(part, takeIndex) : ownThoughts(part, takeIndex)

/**
 * Whether thoughts are readable or redacted is known at their end, so the block waits for the first thought. State of
 * whatever origin is the signature (translation.md §7.3).
 */
const foreignThoughts = (part: ReasoningPart, takeIndex: TakeIndex): OpenBlock => {
  const surrogate = heldSurrogate()
  let index: number | undefined
  let lastPiece: number | undefined
  /** A provider that gives both, says the same thing twice. */
  let shownKind: 'summary' | 'text' | undefined
  const think = (thinking: string): readonly SseFrame[] => {
    if (thinking === '') return []
    const begun = index === undefined
    index ??= takeIndex()
    const delta = deltaFrame(index, { type: 'thinking_delta', thinking })
    return begun ? [startFrame(index, emptyThinking), delta] : [delta]
  }
  const piece = (number: number, kind: 'summary' | 'text', text: string): readonly SseFrame[] => {
    shownKind ??= kind
    if (kind !== shownKind) return []
    const isNext = lastPiece !== undefined && lastPiece !== number
    lastPiece = number
    return think(surrogate.say(isNext ? `\n\n${text}` : text))
  }
  return {
    open: () => part.pieces.flatMap(({ kind, text }, number) => piece(number, kind, text)),
    delta: (event) =>
      event.type === 'reasoning-delta' ? piece(part.pieces.length + event.piece, event.kind, event.text) : [],
    close(given) {
      const state = given ?? part.state
      const left = think(surrogate.rest())
      if (index === undefined) return state === undefined ? [] : silentBlock(state, takeIndex())
      return [...left, ...signature(index, state), stopFrame(index)]
    },
    get canLinger() {
      return index !== undefined && part.state === undefined
    },
  }
}

const emptyThinking = { type: 'thinking', thinking: '', signature: '' }

const signature = (index: number, state: ReasoningState | undefined): readonly SseFrame[] =>
  state === undefined || state.kind === 'redacted'
    ? []
    : [deltaFrame(index, { type: 'signature_delta', signature: state.value })]

/** State without a readable thought: a redacted block, or our own signature of thoughts that are not shown. */
export const silentBlock = (state: ReasoningState, index: number): readonly SseFrame[] =>
  isRedacted(state, false)
    ? [startFrame(index, { type: 'redacted_thinking', data: state.value }), stopFrame(index)]
    : [startFrame(index, emptyThinking), ...signature(index, state), stopFrame(index)]

/** Our own thoughts start as they did. */
const ownThoughts = (part: ReasoningPart, takeIndex: TakeIndex): OpenBlock => {
  const rest = ownRest(part) ?? {}
  const early = part.state
  let index: number | undefined
  let lastPiece: number | undefined
  const begin = (): readonly SseFrame[] => {
    if (index !== undefined) return []
    index = takeIndex()
    const block =
      early?.kind === 'redacted'
        ? { type: 'redacted_thinking', data: early.value }
        : { type: 'thinking', thinking: '', signature: early?.value }
    return [startFrame(index, withRest(block, rest))]
  }
  const think = (thinking: string, event?: Pick<Part, 'extensions'>): readonly SseFrame[] => {
    const frames = begin()
    return index === undefined
      ? frames
      : [...frames, deltaFrame(index, { type: 'thinking_delta', thinking }, event)]
  }
  return {
    open() {
      const pieces = part.pieces.flatMap((piece, number) => think((number > 0 ? '\n\n' : '') + piece.text))
      return pieces.length === 0 && (early !== undefined || rest['signature'] !== undefined)
        ? begin()
        : pieces
    },
    delta(event) {
      if (event.type !== 'reasoning-delta') return []
      const isNext = lastPiece !== undefined && lastPiece !== event.piece
      lastPiece = event.piece
      const text = isNext ? `\n\n${event.text}` : event.text
      return text === '' && index === undefined ? [] : think(text, event)
    },
    close(state) {
      if (index === undefined && state?.kind === 'redacted') {
        const at = takeIndex()
        const block = withRest({ type: 'redacted_thinking', data: state.value }, rest)
        return [startFrame(at, block), stopFrame(at)]
      }
      const frames = state === undefined ? [] : [...begin()]
      return index === undefined ? frames : [...frames, ...signature(index, state), stopFrame(index)]
    },
  }
}
