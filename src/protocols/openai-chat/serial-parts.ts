/**
 * Parts of an answer may overlap; fields of a delta only grow at their end, and no stream returns to an earlier call. So
 * of the parts that share a field the oldest open one streams, and later ones wait until it is over. Parts in different
 * fields (text, thoughts, refusal, calls) do not wait for one another.
 */
import type { Part, StreamEvent } from '../../ir/index.ts'
import type { Machine } from '../../wire/index.ts'

type Field = 'text' | 'refusal' | 'reasoning' | 'tool-call'

interface Lane {
  /** The part that streams. */
  open: number | undefined
  /** Parts that wait, in the order in which they opened. */
  readonly waiting: Map<number, StreamEvent[]>
}

interface ChoiceLanes {
  readonly lanes: Readonly<Record<Field, Lane>>
  readonly laneOf: Map<number, Lane>
}

export const serialParts = (): Machine<StreamEvent, StreamEvent> => {
  const choices = new Map<number, ChoiceLanes>()

  const choiceAt = (index: number): ChoiceLanes => {
    let choice = choices.get(index)
    if (choice === undefined) {
      choice = { lanes: emptyLanes(), laneOf: new Map() }
      choices.set(index, choice)
    }
    return choice
  }

  const start = (event: StreamEvent & { readonly index: number }, choice: ChoiceLanes, lane: Lane) => {
    choice.laneOf.set(event.index, lane)
    if (lane.open === undefined) {
      lane.open = event.index
      return [event]
    }
    lane.waiting.set(event.index, [event])
    return []
  }

  const next = (event: StreamEvent & { readonly index: number }, choice: ChoiceLanes, isEnd: boolean) => {
    const lane = choice.laneOf.get(event.index)
    if (lane === undefined) return [event]
    if (lane.open === event.index) {
      if (!isEnd) return [event]
      lane.open = undefined
      return lane.waiting.size === 0 ? [event] : [event, ...drained(lane)]
    }
    // Behind its end a part may still be cited.
    const waiting = lane.waiting.get(event.index)
    if (waiting === undefined) return [event]
    waiting.push(event)
    return []
  }

  return {
    push(event) {
      switch (event.type) {
        case 'text-start':
        case 'refusal-start':
        case 'reasoning-start':
        case 'tool-call-start': {
          const choice = choiceAt(event.choice ?? 0)
          return start(event, choice, choice.lanes[fieldOfStart[event.type]])
        }
        case 'text-delta':
        case 'refusal-delta':
        case 'reasoning-delta':
        case 'tool-call-delta':
        case 'citation':
          return next(event, choiceAt(event.choice ?? 0), false)
        case 'text-end':
        case 'refusal-end':
        case 'reasoning-end':
        case 'tool-call-end':
          return next(event, choiceAt(event.choice ?? 0), true)
        case 'part': {
          const events = eventsOf(event.part, event)
          return events === undefined ? [event] : events.flatMap((each) => this.push(each))
        }
        case 'finish': {
          const left = flushed(choices.get(event.choice ?? 0))
          return left.length === 0 ? [event] : [...left, event]
        }
        case 'end': {
          const left = [...choices.values()].flatMap(flushed)
          return left.length === 0 ? [event] : [...left, event]
        }
        default:
          return [event]
      }
    },
    end: () => [],
  }
}

const fieldOfStart = {
  'text-start': 'text',
  'refusal-start': 'refusal',
  'reasoning-start': 'reasoning',
  'tool-call-start': 'tool-call',
} as const

const emptyLanes = (): ChoiceLanes['lanes'] => ({
  text: { open: undefined, waiting: new Map() },
  refusal: { open: undefined, waiting: new Map() },
  reasoning: { open: undefined, waiting: new Map() },
  'tool-call': { open: undefined, waiting: new Map() },
})

/** The parts that waited, up to one that is not over yet. */
const drained = (lane: Lane): readonly StreamEvent[] => {
  const events: StreamEvent[] = []
  for (const [index, waiting] of lane.waiting) {
    lane.waiting.delete(index)
    events.push(...waiting)
    if (waiting.some(({ type }) => type.endsWith('-end'))) continue
    lane.open = index
    break
  }
  return events
}

/** Everything that still waits, when nothing more can come. */
const flushed = (choice: ChoiceLanes | undefined): readonly StreamEvent[] => {
  if (choice === undefined) return []
  const events: StreamEvent[] = []
  for (const lane of Object.values(choice.lanes)) {
    for (const waiting of lane.waiting.values()) events.push(...waiting)
    lane.waiting.clear()
    lane.open = undefined
  }
  return events
}

/** A part that came in one piece, as the events of its life; undefined for parts that have no such. */
const eventsOf = (
  part: Part,
  { choice, index }: { readonly choice?: number; readonly index: number },
): readonly StreamEvent[] | undefined => {
  const at = { ...(choice === undefined ? {} : { choice }), index }
  switch (part.type) {
    case 'text': {
      const { citations = [], ...rest } = part
      return [
        { type: 'text-start', ...at, part: { ...rest, text: '' } },
        { type: 'text-delta', ...at, text: part.text },
        ...citations.map((citation) => ({ type: 'citation' as const, ...at, citation })),
        { type: 'text-end', ...at },
      ]
    }
    case 'refusal':
      return [
        { type: 'refusal-start', ...at, part: { ...part, text: '' } },
        { type: 'refusal-delta', ...at, text: part.text },
        { type: 'refusal-end', ...at },
      ]
    case 'reasoning': {
      const { state, ...rest } = part
      return [
        { type: 'reasoning-start', ...at, part: { ...rest, pieces: [] } },
        ...part.pieces.map((each, piece) => ({ type: 'reasoning-delta' as const, ...at, piece, ...each })),
        { type: 'reasoning-end', ...at, ...(state === undefined ? {} : { state }) },
      ]
    }
    case 'tool-call':
      return [
        { type: 'tool-call-start', ...at, part: { ...part, input: '' } },
        { type: 'tool-call-delta', ...at, input: part.input },
        { type: 'tool-call-end', ...at },
      ]
    default:
      return undefined
  }
}
