import type { ReasoningDeltaEvent, StreamEvent, TextDeltaEvent, ToolCallDeltaEvent } from '../ir/index.ts'

export type Delta = TextDeltaEvent | ReasoningDeltaEvent | ToolCallDeltaEvent

/** Deltas with something of their own beside the words are left alone. */
export const isDelta = (event: StreamEvent): event is Delta =>
  (event.type === 'text-delta' || event.type === 'reasoning-delta' || event.type === 'tool-call-delta') &&
  event.extensions === undefined

/** One delta instead of two that follow each other in the same part. */
export const joinDeltas = (earlier: Delta, later: StreamEvent): Delta | undefined => {
  if (!isDelta(later) || later.index !== earlier.index || later.choice !== earlier.choice) return undefined
  if (earlier.type === 'text-delta' && later.type === 'text-delta')
    return { ...earlier, text: earlier.text + later.text }
  if (earlier.type === 'tool-call-delta' && later.type === 'tool-call-delta')
    return { ...earlier, input: earlier.input + later.input }
  if (earlier.type === 'reasoning-delta' && later.type === 'reasoning-delta')
    return earlier.piece === later.piece && earlier.kind === later.kind
      ? { ...earlier, text: earlier.text + later.text }
      : undefined
  return undefined
}
