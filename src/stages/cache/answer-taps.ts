import { holdsMore } from '../../cache/index.ts'
import { type Collected, collect, type ProtocolId, type StreamEvent } from '../../ir/index.ts'
import type { Machine } from '../../wire/index.ts'

/** Listens to the answers of an exchange: there may be several calls, of which one is the client's. */
export interface AnswerTaps {
  /** For one call: lets everything through. */
  tap(): Machine<StreamEvent, StreamEvent>
  /** The last answer that was heard to its end; undefined where there is none, or it is too long. */
  heard(source: ProtocolId): Collected | undefined
  /** An answer was too long to be heard to its end. */
  readonly isTooLong: boolean
  /** An answer held what the canonical form has no word for, and a client would miss. */
  readonly holdsMore: boolean
}

interface Heard {
  events: StreamEvent[]
  bytes: number
  isWhole: boolean
  /** Deltas of the same part that follow one another are heard as one. */
  last: { readonly event: TextDelta; readonly pieces: string[] } | undefined
}

/** @param most bytes of one answer, about */
export const answerTaps = (most: number): AnswerTaps => {
  let whole: Heard | undefined
  let isTooLong = false
  let hasMore = false

  const close = (heard: Heard): void => {
    const { last } = heard
    if (last === undefined) return
    heard.last = undefined
    heard.events.push({ ...last.event, text: last.pieces.join('') })
  }
  const hear = (heard: Heard, event: StreamEvent): void => {
    if (heard.bytes > most) return
    if (event.type === 'extension') {
      hasMore ||= holdsMore(event.extensions)
      return
    }
    heard.bytes += sizeOf(event)
    if (heard.bytes > most) {
      isTooLong = true
      heard.events = []
      heard.last = undefined
      return
    }
    if (event.type === 'text-delta' && event.extensions === undefined) {
      const { last } = heard
      if (last !== undefined && last.event.index === event.index && last.event.choice === event.choice) {
        last.pieces.push(event.text)
        return
      }
      close(heard)
      heard.last = { event, pieces: [event.text] }
      return
    }
    close(heard)
    heard.events.push(event)
    heard.isWhole ||= event.type === 'end'
    if (heard.isWhole) whole = heard
  }

  return {
    tap() {
      const heard: Heard = { events: [], bytes: 0, isWhole: false, last: undefined }
      return {
        push(event) {
          hear(heard, event)
          return [event]
        },
        end: () => [],
      }
    },
    get isTooLong() {
      return isTooLong
    },
    get holdsMore() {
      return hasMore
    },
    heard(source) {
      if (whole === undefined) return undefined
      close(whole)
      return collect(source, whole.events)
    },
  }
}

type TextDelta = Extract<StreamEvent, { type: 'text-delta' }>

/** Beside its words, an event takes about as much as its names. */
const ofAnEvent = 40

const sizeOf = (event: StreamEvent): number => {
  switch (event.type) {
    case 'text-delta':
    case 'refusal-delta':
    case 'reasoning-delta':
      return event.text.length + ofAnEvent
    case 'tool-call-delta':
      return event.input.length + ofAnEvent
    case 'part':
      return JSON.stringify(event.part).length + ofAnEvent
    default:
      return ofAnEvent
  }
}
