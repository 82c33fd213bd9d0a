import type { StreamEvent, ToolCallPart } from '../../ir/index.ts'
import type { Machine } from '../../wire/index.ts'

/** An answer whose tool calls are rewritten as they open; everything else passes. */
export const callStarts = (
  rewrite: (part: ToolCallPart, at: { readonly choice?: number; readonly index: number }) => ToolCallPart,
): Machine<StreamEvent, StreamEvent> => ({
  push(event) {
    if (event.type !== 'tool-call-start' || event.part.type !== 'tool-call') return [event]
    const part = rewrite(event.part, event)
    return part === event.part ? [event] : [{ ...event, part }]
  },
  end: () => [],
})
