import {
  addUsage,
  collect,
  type GenerateResponse,
  mergeUsage,
  type ProtocolId,
  type StreamEvent,
  type Usage,
} from '../ir/index.ts'
import type { Machine } from '../wire/index.ts'
import { isDelta, joinDeltas } from './join-deltas.ts'

/**
 * The streams of several calls as the stream of one answer: a provider that runs tools pauses a long answer, and goes
 * on with it when it is asked to. Works on events as the provider's decoder says them.
 */
export interface JoinedAnswers extends Machine<StreamEvent, StreamEvent> {
  /** It stands still, and may go on. */
  readonly isPaused: boolean
  /** All that was said. */
  soFar(): GenerateResponse
  /** What comes now is the next call's answer. */
  resume(): void
  /** Nobody goes on: it ends as it stands. */
  stop(): void
  /** Its last words, where it has stopped. */
  end(): readonly StreamEvent[]
}

export const joinedAnswers = (protocol: ProtocolId): JoinedAnswers => {
  const said: StreamEvent[] = []
  let held: StreamEvent[] | undefined
  let isPaused = false
  let isFirst = true
  /** Index of the first part of this call. */
  let from = 0
  let parts = 0
  let spent: Usage = {}
  let usage: Usage = {}

  const placed = (event: StreamEvent): StreamEvent => {
    if (!('index' in event)) return event
    parts = Math.max(parts, from + event.index + 1)
    return from === 0 ? event : { ...event, index: from + event.index }
  }
  const counted = (event: StreamEvent): StreamEvent => {
    if (event.type !== 'usage') return event
    usage = mergeUsage(usage, event.usage)
    return isFirst ? event : { ...event, usage: addUsage(spent, usage) }
  }

  /** Deltas are kept as one: most answers end without a pause. */
  const remember = (event: StreamEvent): void => {
    const last = said.at(-1)
    const both = last !== undefined && isDelta(last) ? joinDeltas(last, event) : undefined
    if (both === undefined) said.push(event)
    else said[said.length - 1] = both
  }

  return {
    push(event) {
      const next = counted(placed(event))
      if (next.type === 'error') return [next]
      remember(next)
      if (next.type === 'start' && !isFirst) return []
      if (next.type === 'finish' && next.finish.reason === 'pause') held = []
      if (held === undefined) return [next]
      held.push(next)
      isPaused ||= next.type === 'end'
      return []
    },
    get isPaused() {
      return isPaused
    },
    soFar: () => collect(protocol, said).response,
    resume() {
      held = undefined
      isPaused = false
      isFirst = false
      from = parts
      spent = addUsage(spent, usage)
      usage = {}
    },
    stop() {
      isPaused = false
    },
    end() {
      const left = held ?? []
      held = undefined
      return left
    },
  }
}

/** The same for answers that are whole. */
export const joinAnswers = (one: GenerateResponse, next: GenerateResponse): GenerateResponse => {
  const [first, second] = [one.choices[0], next.choices[0]]
  const parts = [...(first?.parts ?? []), ...(second?.parts ?? [])]
  const isCounted = one.usage !== undefined || next.usage !== undefined
  return {
    ...next,
    ...(one.id === undefined ? {} : { id: one.id }),
    choices: second === undefined ? one.choices : [{ ...second, parts }],
    ...(isCounted ? { usage: addUsage(one.usage ?? {}, next.usage ?? {}) } : {}),
  }
}
