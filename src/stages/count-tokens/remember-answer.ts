import { collect, type GenerateResponse, type ProtocolId, type StreamEvent } from '../../ir/index.ts'
import { isDelta, joinDeltas } from '../../translation/index.ts'
import type { Machine } from '../../wire/index.ts'

/** An answer on its way, as the provider said it. */
export interface RememberedAnswer {
  /** Lets every event pass. For one answer; a new one forgets the answer before. */
  machine(): Machine<StreamEvent, StreamEvent>
  /** Undefined where there was too much of it, or where it was none. */
  answer(): GenerateResponse | undefined
}

/** What an event takes beside its words, about, in bytes. */
const eventBytes = 128

/** @param hold false when no more bytes can be kept */
export const rememberAnswer = (protocol: ProtocolId, hold: (bytes: number) => boolean): RememberedAnswer => {
  let events: StreamEvent[] | undefined

  const keep = (event: StreamEvent): void => {
    if (events === undefined) return
    const last = events.at(-1)
    const joined = last !== undefined && isDelta(last) ? joinDeltas(last, event) : undefined
    // Letters are kept in two bytes each.
    const bytes = (joined === undefined ? eventBytes : 0) + 2 * lengthOf(event)
    if (!hold(bytes)) {
      events = undefined
      return
    }
    if (joined !== undefined) events.pop()
    events.push(joined ?? event)
  }
  return {
    machine() {
      events = []
      return {
        push(event) {
          keep(event)
          return [event]
        },
        end: () => [],
      }
    },
    answer() {
      if (events === undefined) return undefined
      const { response, error } = collect(protocol, events)
      return error === undefined ? response : undefined
    },
  }
}

const lengthOf = (event: StreamEvent): number => {
  switch (event.type) {
    case 'text-delta':
    case 'refusal-delta':
    case 'reasoning-delta':
      return event.text.length
    case 'tool-call-delta':
      return event.input.length
    case 'part':
      return JSON.stringify(event.part).length
    default:
      return 0
  }
}
