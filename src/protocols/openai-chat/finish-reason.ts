import type { Finish, FinishReason, Part } from '../../ir/index.ts'
import { stringOf } from './members.ts'
import type { ChatFinishReason } from './wire.ts'

/** What the answer holds beside its finish reason: open calls and refusals change the meaning of `stop`. */
export interface Held {
  readonly calls: boolean
  readonly refusal: boolean
}

export const heldBy = (parts: readonly Part[]): Held => ({
  calls: parts.some((part) => part.type === 'tool-call'),
  refusal: parts.some((part) => part.type === 'refusal'),
})

/**
 * @param choice the wire's choice: `finish_reason`, and vLLM's `stop_reason` with the string that matched
 * @returns undefined while the choice is not finished
 */
export const decodeFinish = (choice: { readonly [key: string]: unknown }, held: Held): Finish | undefined => {
  const reason = stringOf(choice['finish_reason'])
  if (reason === undefined) return undefined
  const matched = stringOf(choice['stop_reason'])
  if (reason === 'stop' && !held.calls && !held.refusal && matched !== undefined) {
    return { reason: 'stop-sequence', stopSequence: matched }
  }
  return { reason: reasonOf(reason, held) }
}

const reasonOf = (reason: string, held: Held): FinishReason => {
  switch (reason) {
    case 'stop':
      return held.calls ? 'tool-calls' : held.refusal ? 'refusal' : 'end'
    case 'tool_calls':
    case 'function_call':
      return 'tool-calls'
    case 'length':
    case 'model_length':
      return 'length'
    case 'content_filter':
      return 'filtered-output'
    case 'error':
      return 'failed'
    default:
      // Some servers leave the word out, or have one of their own; an open call is one all the same.
      return held.calls ? 'tool-calls' : 'other'
  }
}

/** translation.md §11.2; a refusal that is words in the `refusal` field ends with `stop`. */
export const encodeFinish = (finish: Finish, held: Held): ChatFinishReason => {
  switch (finish.reason) {
    case 'tool-calls':
      return 'tool_calls'
    case 'length':
    case 'context':
      return 'length'
    case 'refusal':
      return held.refusal ? 'stop' : 'content_filter'
    case 'filtered-output':
    case 'filtered-input':
      return 'content_filter'
    default:
      // Presence of a call wins: a client that sees `stop` would not run it.
      return held.calls ? 'tool_calls' : 'stop'
  }
}

/** Reasons that Chat Completions has no word for and that read as an ordinary end. */
export const isApproximated = (reason: FinishReason): boolean =>
  ['pause', 'compacted', 'steered', 'no-image', 'malformed-call', 'failed', 'other'].includes(reason)
