import type { ServerCallPart, StreamEvent, ToolCallPart } from '../../ir/index.ts'

/**
 * Calls of a stream that may still turn out to be the provider's own: a `functionResponse` in the same model turn
 * answers them, mostly in the next chunk, and a finish reason may stand in between (translation.md §5.3). Until another
 * part or the end of the stream has come, such a call and everything behind it is held back.
 */
export interface HeldCalls {
  /** @param events of the call: start, arguments, end */
  hold(part: ToolCallPart, events: readonly StreamEvent[]): void
  /** The provider answered a call itself. */
  answer(id: string | undefined, name: string): void
  /** What was not answered until now is the client's. */
  settle(): void
  readonly isHolding: boolean
  /** The queue with the answered calls as what they are. */
  release(queue: readonly StreamEvent[]): readonly StreamEvent[]
}

interface HeldCall {
  readonly part: ToolCallPart
  readonly events: readonly StreamEvent[]
}

export const heldCalls = (): HeldCalls => {
  let waiting: HeldCall[] = []
  const answered: HeldCall[] = []
  return {
    hold(part, events) {
      waiting.push({ part, events })
    },
    answer(id, name) {
      const call =
        waiting.find(({ part }) => id !== undefined && part.id === id) ??
        waiting.find(({ part }) => (part.id === undefined || id === undefined) && part.name === name)
      if (call === undefined) return
      answered.push(call)
      waiting = waiting.filter((one) => one !== call)
    },
    settle() {
      waiting = []
    },
    get isHolding() {
      return waiting.length > 0
    },
    release(queue) {
      if (answered.length === 0) return queue
      const parts = new Map<StreamEvent, StreamEvent | undefined>()
      for (const { part, events } of answered) {
        const [start, ...more] = events
        if (start?.type !== 'tool-call-start') continue
        const { choice, index } = start
        parts.set(start, {
          type: 'part',
          ...(choice === undefined ? {} : { choice }),
          index,
          part: serverCall(part),
        })
        for (const event of more) parts.set(event, undefined)
      }
      answered.length = 0
      return queue.flatMap((event) => {
        if (!parts.has(event)) return [event]
        const part = parts.get(event)
        return part === undefined ? [] : [part]
      })
    },
  }
}

const serverCall = ({ type: _type, kind: _kind, ...call }: ToolCallPart): ServerCallPart => ({
  ...call,
  type: 'server-call',
  tool: 'mcp',
})
