import type {
  PartEndEvent,
  PartStartEvent,
  ReasoningDeltaEvent,
  RefusalDeltaEvent,
  TextDeltaEvent,
  ToolCallDeltaEvent,
  WholePartEvent,
} from '../../ir/index.ts'

/** What happens to the parts of an answer, but for citations, which say where they belong. */
export type PartEvent =
  | PartStartEvent
  | TextDeltaEvent
  | RefusalDeltaEvent
  | ReasoningDeltaEvent
  | ToolCallDeltaEvent
  | PartEndEvent
  | WholePartEvent

export interface PartQueue {
  push(event: PartEvent): void
  /** Writes what waits; parts that were never closed end here. */
  finish(): void
}

/**
 * One part after the other: chunks say only increments of text, so what overlaps would mix. The oldest open part goes
 * out as it comes, and events of later ones wait until it is closed (translation.md §14.4, ST1).
 */
export const partQueue = (write: (event: PartEvent) => void, close: () => void): PartQueue => {
  const waiting = new Map<number, PartEvent[]>()
  let open: number | undefined

  const pass = (event: PartEvent): void => {
    switch (event.type) {
      case 'text-start':
      case 'refusal-start':
      case 'reasoning-start':
      case 'tool-call-start':
        open = event.index
        break
      case 'text-end':
      case 'refusal-end':
      case 'reasoning-end':
      case 'tool-call-end':
        open = undefined
        break
      default:
        break
    }
    write(event)
  }
  const drain = (): void => {
    while (open === undefined) {
      const [next] = waiting
      if (next === undefined) return
      waiting.delete(next[0])
      for (const event of next[1]) pass(event)
    }
  }

  return {
    push(event) {
      if (open !== undefined && event.index !== open) {
        const events = waiting.get(event.index)
        if (events === undefined) waiting.set(event.index, [event])
        else events.push(event)
        return
      }
      pass(event)
      if (open === undefined && waiting.size > 0) drain()
    },
    finish() {
      for (;;) {
        if (open !== undefined) close()
        open = undefined
        if (waiting.size === 0) return
        drain()
      }
    },
  }
}
