import type { StreamEvent } from '../../ir/index.ts'
import { splitSurrogate } from './surrogate.ts'

/** Keeps characters whole that a provider cut over two deltas: strict readers refuse half of one. */
export interface WholeCharacters {
  /** Does the event end in half a character, or is half of one kept? */
  concerns(event: StreamEvent): boolean
  push(event: StreamEvent): readonly StreamEvent[]
}

type Slice = Extract<
  StreamEvent,
  { readonly type: 'text-delta' | 'refusal-delta' | 'reasoning-delta' | 'tool-call-delta' }
>

export const wholeCharacters = (): WholeCharacters => {
  /** Halves by choice, part and piece. */
  const halves = new Map<string, { readonly half: string; readonly event: Slice }>()

  const slice = (event: Slice): readonly StreamEvent[] => {
    const place = placeOf(event)
    const [said, half] = splitSurrogate((halves.get(place)?.half ?? '') + textOf(event))
    if (half === '') halves.delete(place)
    else halves.set(place, { half, event })
    return said === '' ? [] : [withText(event, said)]
  }

  /** A half whose other half never came. */
  const broken = (prefix: string): readonly StreamEvent[] => {
    const events: StreamEvent[] = []
    for (const [place, { event }] of halves) {
      if (!place.startsWith(prefix)) continue
      halves.delete(place)
      events.push(withText(event, '\ufffd'))
    }
    return events
  }

  return {
    concerns: (event) => halves.size > 0 || (isSlice(event) && isHigh(textOf(event))),
    push(event) {
      if (isSlice(event)) return slice(event)
      switch (event.type) {
        case 'text-end':
        case 'refusal-end':
        case 'reasoning-end':
        case 'tool-call-end':
          return [...broken(`${event.choice ?? 0}:${event.index}:`), event]
        case 'finish':
          return [...broken(`${event.choice ?? 0}:`), event]
        default:
          return [event]
      }
    },
  }
}

const isSlice = (event: StreamEvent): event is Slice =>
  event.type === 'text-delta' ||
  event.type === 'tool-call-delta' ||
  event.type === 'reasoning-delta' ||
  event.type === 'refusal-delta'

const textOf = (event: Slice): string => (event.type === 'tool-call-delta' ? event.input : event.text)

const withText = (event: Slice, text: string): Slice =>
  event.type === 'tool-call-delta' ? { ...event, input: text } : { ...event, text }

const placeOf = (event: Slice): string =>
  `${event.choice ?? 0}:${event.index}:${event.type === 'reasoning-delta' ? event.piece : 0}`

const isHigh = (text: string): boolean => {
  const last = text.charCodeAt(text.length - 1)
  return last >= 0xd800 && last <= 0xdbff
}
