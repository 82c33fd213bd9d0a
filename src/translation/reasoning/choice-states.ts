import type {
  Part,
  PartEndEvent,
  PartStartEvent,
  ReasoningPart,
  ReasoningState,
  StreamEvent,
  TextPart,
  WholePartEvent,
} from '../../ir/index.ts'
import type { StatePosition } from '../../sessions/index.ts'
import { OpenThought } from './open-thought.ts'
import type { AnswerSeal, ThoughtFacts } from './seal-answer.ts'

export interface ChoiceOptions {
  readonly seal: AnswerSeal
  readonly choice: { readonly choice?: number }
  /** State comes on the part behind the thoughts. */
  readonly movesState: boolean
  /** State stays on tool calls. */
  readonly keepsCallState: boolean
  readonly hidesThoughts: boolean
  /** State goes out as a reasoning part without text behind its thoughts, which the client may forget. */
  readonly statesStandAlone: boolean
}

/** Everything that happens to the parts of one candidate. */
export type PartEvent = Exclude<
  StreamEvent,
  { type: 'start' | 'usage' | 'extension' | 'finish' | 'error' | 'end' }
>

/** Seals the state of one candidate's parts. Parts may be added or go, so they are numbered anew. */
export class ChoiceStates {
  readonly #options: ChoiceOptions
  readonly #thoughts = new Map<number, OpenThought>()
  readonly #places = new Map<number, number>()
  #next = 0
  /** A thought that is over but for its state, which may stand on the next part. */
  #ending: { readonly event: PartEndEvent; readonly facts: ThoughtFacts } | undefined
  /** A text with state: an empty one is nothing but its carrier. */
  #carrier: { readonly event: PartStartEvent; readonly part: TextPart } | undefined

  constructor(options: ChoiceOptions) {
    this.#options = options
  }

  push(event: PartEvent): readonly StreamEvent[] {
    switch (event.type) {
      case 'reasoning-start':
        return event.part.type === 'reasoning' ? this.#openThought(event, event.part) : []
      case 'reasoning-delta':
        this.#thoughts.get(event.index)?.add(event.piece, event.kind, event.text)
        return this.#options.hidesThoughts ? [] : [this.#placed(event)]
      case 'reasoning-end':
        return this.#endThought(event)
      case 'text-start':
      case 'refusal-start':
      case 'tool-call-start':
        return this.#open(event)
      case 'text-end':
        if (event.index === this.#carrier?.event.index) return this.#releaseCarrier('alone')
        return [this.#placed(withoutState(event))]
      case 'refusal-end':
      case 'tool-call-end':
        return [this.#placed(withoutState(event))]
      case 'part':
        return this.#whole(event)
      default:
        return event.index === this.#carrier?.event.index
          ? [...this.#releaseCarrier('text'), this.#placed(event)]
          : [this.#placed(event)]
    }
  }

  /** Nothing follows that could bring the state of an open thought. */
  flush(): readonly StreamEvent[] {
    return this.#carrier === undefined ? this.#close(undefined, 'self') : this.#releaseCarrier('alone')
  }

  #openThought(event: PartStartEvent, part: ReasoningPart): readonly StreamEvent[] {
    const closing = this.flush()
    this.#thoughts.set(event.index, new OpenThought(part, this.#options.statesStandAlone))
    if (this.#options.hidesThoughts) return closing
    const start = { ...event, index: this.#place(event.index), part: bare(part) }
    return closing.length === 0 ? [start] : [...closing, start]
  }

  #endThought(event: PartEndEvent): readonly StreamEvent[] {
    const thought = this.#thoughts.get(event.index)
    this.#thoughts.delete(event.index)
    const facts = thought?.facts(event) ?? noFacts
    const state = event.state ?? thought?.part.state
    if (state !== undefined || !this.#options.movesState) return this.#ended(event, state, 'self', facts)
    this.#ending = { event, facts }
    return []
  }

  #open(event: PartStartEvent): readonly StreamEvent[] {
    const { part } = event
    const { state } = part
    if (state !== undefined && part.type === 'tool-call' && this.#options.keepsCallState) {
      const kept = { ...part, state: this.#options.seal.call(state) }
      return [...this.flush(), { ...event, index: this.#place(event.index), part: kept }]
    }
    if (state === undefined || !this.#options.movesState) {
      const closing = this.flush()
      const start = { ...event, index: this.#place(event.index), part: bare(part) }
      return closing.length === 0 ? [start] : [...closing, start]
    }
    if (this.#carrier !== undefined) return [...this.flush(), ...this.#open(event)]
    if (part.type === 'text') {
      this.#carrier = { event, part }
      return []
    }
    const moved = this.#close(state, part.type === 'tool-call' ? 'call' : 'part')
    return [...moved, { ...event, index: this.#place(event.index), part: bare(part) }]
  }

  /** @param position `alone`: the text is empty, so it goes */
  #releaseCarrier(position: 'text' | 'alone'): readonly StreamEvent[] {
    if (this.#carrier === undefined) return []
    const { event, part } = this.#carrier
    this.#carrier = undefined
    const moved = this.#close(part.state, position)
    if (position === 'alone') return moved
    return [...moved, { ...event, index: this.#place(event.index), part: bare(part) }]
  }

  #whole(event: WholePartEvent): readonly StreamEvent[] {
    const { part } = event
    if (part.type === 'reasoning') return this.#wholeThought(event, part)
    const closing = this.#carrier === undefined ? [] : this.flush()
    // A block without a canonical word keeps what belongs to it. Chat Completions does not say the other parts, so
    // their state would be left without them.
    const isMoved = part.state !== undefined && part.type !== 'opaque' && this.#options.movesState
    const moved = isMoved && !this.#options.keepsCallState ? this.#close(part.state, 'part') : this.flush()
    const kept = part.type === 'opaque' ? part : bare(part)
    return [...closing, ...moved, { ...event, index: this.#place(event.index), part: kept }]
  }

  #wholeThought(event: WholePartEvent, part: ReasoningPart): readonly StreamEvent[] {
    const { type: _type, part: _part, ...at } = event
    const thought = this.#openThought({ ...at, type: 'reasoning-start', part }, part)
    return [...thought, ...this.#endThought({ ...at, type: 'reasoning-end' })]
  }

  /** Ends the thought that waits, with the state that was found; state without a thought makes one without text. */
  #close(state: ReasoningState | undefined, position: StatePosition): readonly StreamEvent[] {
    const ending = this.#ending
    this.#ending = undefined
    if (ending !== undefined) return this.#ended(ending.event, state, position, ending.facts)
    return state === undefined ? [] : this.#hidden(this.#options.seal.thought(state, position, noFacts))
  }

  #ended(
    event: PartEndEvent,
    state: ReasoningState | undefined,
    position: StatePosition,
    facts: ThoughtFacts,
  ): readonly StreamEvent[] {
    const sealed = this.#options.seal.thought(state, position, facts)
    if (this.#options.hidesThoughts) return this.#hidden(sealed)
    const end = this.#placed(withoutState(event))
    if (sealed === undefined) return [end]
    return this.#options.statesStandAlone ? [end, ...this.#hidden(sealed)] : [{ ...end, state: sealed }]
  }

  /** A reasoning part that is nothing but its state. */
  #hidden(state: ReasoningState | undefined): readonly StreamEvent[] {
    if (state === undefined) return []
    const at = { ...this.#options.choice, index: this.#next++ }
    return [
      { type: 'reasoning-start', ...at, part: { type: 'reasoning', pieces: [] } },
      { type: 'reasoning-end', ...at, state },
    ]
  }

  #place(index: number): number {
    const place = this.#next++
    this.#places.set(index, place)
    return place
  }

  #placed<Event extends PartEvent>(event: Event): Event {
    const place = this.#places.get(event.index)
    return place === undefined || place === event.index ? event : { ...event, index: place }
  }
}

const noFacts: ThoughtFacts = { pieces: [] }

const withoutState = (event: PartEndEvent): PartEndEvent => {
  if (event.state === undefined) return event
  const { state: _state, ...rest } = event
  return rest
}

/** The part without state, which stands elsewhere now. */
const bare = <Given extends Part>(part: Given): Given => {
  if (part.state === undefined) return part
  const { state: _state, ...rest } = part
  return rest as Given
}
