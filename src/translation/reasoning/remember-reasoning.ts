import type {
  PartEndEvent,
  ReasoningPart,
  ReasoningPiece,
  ReasoningState,
  StreamEvent,
  ToolCallPart,
} from '../../ir/index.ts'
import {
  callKey,
  isSealedState,
  type ReasoningRegistry,
  type RememberedCall,
  type RememberedThought,
} from '../../sessions/index.ts'
import type { Machine } from '../../wire/index.ts'

/**
 * Watches the answer as the client gets it, after every other rewriting, and remembers the reasoning before each tool
 * call when the answer is complete. Changes nothing and waits for nothing. For clients that cannot send state back;
 * an answer without sealed state, or without tool calls, leaves no trace.
 */
export const rememberReasoning = (
  registry: Pick<ReasoningRegistry, 'remember'>,
  organisation: string,
): Machine<StreamEvent, StreamEvent> => {
  const memory = new AnswerMemory()
  return {
    push(event) {
      memory.see(event)
      if (event.type === 'end') {
        const calls = memory.calls()
        if (calls.length > 0) registry.remember(organisation, calls)
      }
      return [event]
    },
    end: () => [],
  }
}

interface SeenPart {
  readonly type: 'text' | 'reasoning' | 'call'
  readonly part?: ReasoningPart | ToolCallPart
  readonly pieces: { readonly kind: ReasoningPiece['kind']; text: string }[]
  input: string
  state: ReasoningState | undefined
}

/** The first candidate's parts, as far as they are worth remembering. */
class AnswerMemory {
  readonly #parts = new Map<number, SeenPart>()

  see(event: StreamEvent): void {
    if ('choice' in event && (event.choice ?? 0) > 0) return
    switch (event.type) {
      case 'text-start':
        this.#parts.set(event.index, { type: 'text', pieces: [], input: '', state: undefined })
        return
      case 'reasoning-start':
      case 'tool-call-start':
        if (event.part.type === 'reasoning') this.#openThought(event.index, event.part)
        else if (event.part.type === 'tool-call') this.#openCall(event.index, event.part)
        return
      case 'reasoning-delta': {
        const pieces = this.#parts.get(event.index)?.pieces
        const piece = pieces?.[event.piece]
        if (piece === undefined) pieces?.push({ kind: event.kind, text: event.text })
        else piece.text += event.text
        return
      }
      case 'tool-call-delta': {
        const call = this.#parts.get(event.index)
        if (call !== undefined) call.input += event.input
        return
      }
      case 'reasoning-end':
      case 'tool-call-end':
        this.#end(event)
        return
      default:
        return
    }
  }

  /** Each call with the reasoning since the call before it. */
  calls(): readonly RememberedCall[] {
    const calls: RememberedCall[] = []
    let thoughts: ReasoningPart[] = []
    let beforeText: ReasoningPart[] = []
    for (const [, seen] of [...this.#parts].sort(([one], [other]) => one - other)) {
      if (seen.part?.type === 'reasoning') {
        const state = sealedOnly(seen.state)
        if (state !== undefined) {
          thoughts.push({ type: 'reasoning', pieces: seen.pieces, state })
        }
      } else if (seen.part === undefined) {
        beforeText = [...beforeText, ...thoughts]
        thoughts = []
      } else {
        const state = sealedOnly(seen.state)
        const all = [...beforeText.map(placed('text')), ...thoughts.map(placed('call'))]
        if (all.length > 0 || state !== undefined) {
          const key = callKey({ ...seen.part, input: seen.input })
          calls.push({ key, thoughts: all, ...(state === undefined ? {} : { state }) })
        }
        thoughts = []
        beforeText = []
      }
    }
    return calls
  }

  #openThought(index: number, part: ReasoningPart): void {
    const pieces = part.pieces.map(({ kind, text }) => ({ kind, text }))
    this.#parts.set(index, { type: 'reasoning', part, pieces, input: '', state: part.state })
  }

  #openCall(index: number, part: ToolCallPart): void {
    this.#parts.set(index, { type: 'call', part, pieces: [], input: part.input, state: part.state })
  }

  #end(event: PartEndEvent): void {
    const seen = this.#parts.get(event.index)
    if (seen !== undefined && event.state !== undefined) seen.state = event.state
  }
}

const sealedOnly = (state: ReasoningState | undefined): ReasoningState | undefined =>
  state !== undefined && isSealedState(state.value) ? state : undefined

const placed =
  (before: RememberedThought['before']) =>
  (part: ReasoningPart): RememberedThought => ({ before, part })
