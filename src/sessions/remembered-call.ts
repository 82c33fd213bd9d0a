import { createHash } from 'node:crypto'
import { z } from 'zod'
import { protocolIds, type ReasoningPart, type ReasoningState, type ToolCallPart } from '../ir/index.ts'

/**
 * What a model thought on its way to one tool call, kept for a client that cannot send it back. State is in envelopes,
 * as the client was given it.
 */
export interface RememberedCall {
  /** `callKey` of the call. */
  readonly key: string
  /** In their order; `text` stood before the text that came before the call. */
  readonly thoughts: readonly RememberedThought[]
  /** State on the call itself. */
  readonly state?: ReasoningState
}

export interface RememberedThought {
  readonly before: 'text' | 'call'
  readonly part: ReasoningPart
}

/**
 * Names a call within an organisation. Some backends count their call ids from zero in every answer, so what is called
 * is part of the name. Clients may write the arguments anew: only what they say counts.
 */
export const callKey = ({ id, name, input }: Pick<ToolCallPart, 'id' | 'name' | 'input'>): string =>
  createHash('sha256')
    .update(JSON.stringify([id ?? '', name, plain(input)]))
    .digest('base64url')
    .slice(0, 32)

const plain = (input: string): string => {
  try {
    return JSON.stringify(JSON.parse(input))
  } catch {
    // Free text, or arguments that were cut off.
    return input.trim() === '' ? '{}' : input
  }
}

/** The call without its key, as JSON. */
export const writeRemembered = ({ thoughts, state }: RememberedCall): string =>
  JSON.stringify({
    thoughts: thoughts.map(({ before, part }) => ({ before, pieces: part.pieces, state: part.state })),
    state,
  })

/** Undefined for what is not such a JSON text. */
export const readRemembered = (key: string, json: string): RememberedCall | undefined => {
  const { success, data } = remembered.safeParse(parse(json))
  if (!success) return undefined
  return {
    key,
    thoughts: data.thoughts.map(({ before, pieces, state }) => ({
      before,
      part: { type: 'reasoning', pieces, ...(state === undefined ? {} : { state }) },
    })),
    ...(data.state === undefined ? {} : { state: data.state }),
  }
}

const parse = (json: string): unknown => {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

const state = z.object({
  protocol: z.enum(protocolIds),
  kind: z.enum(['signature', 'redacted', 'encrypted', 'thought-signature']),
  value: z.string(),
})

const remembered = z.object({
  thoughts: z.array(
    z.object({
      before: z.enum(['text', 'call']),
      pieces: z.array(z.object({ kind: z.enum(['summary', 'text']), text: z.string() })),
      state: state.optional(),
    }),
  ),
  state: state.optional(),
})
