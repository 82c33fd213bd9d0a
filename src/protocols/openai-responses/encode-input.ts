import type { GenerateRequest, ToolCallPart } from '../../ir/index.ts'
import type { RawJson } from '../../wire/index.ts'
import type { TargetContext } from '../protocol.ts'
import { encodeOwnTurn } from './encode-items.ts'
import { encodeForeignTurn } from './foreign-items.ts'
import type { Losses } from './losses.ts'
import type { Written } from './patch.ts'
import { placeCacheMarks } from './place-cache-marks.ts'
import { protocolId } from './wire.ts'
import { instructionsOf } from './write-settings.ts'

/** An item of the input. */
export type Item = Written | RawJson

/** The input: what was said so far, in its order. */
export const encodeInput = (
  request: GenerateRequest,
  target: TargetContext,
  losses: Losses,
): readonly Item[] => {
  if (request.protocol === protocolId) {
    const instructions = instructionsOf(request)?.turn
    return request.turns.flatMap((turn, index) =>
      turn === instructions ? [] : encodeOwnTurn(turn, { path: turn.at ?? `turns[${index}]`, losses }),
    )
  }
  const marked = placeCacheMarks(request, target, losses)
  const calls = callKinds(request)
  warnOfPrefill(request, target, losses)
  return marked.flatMap((turn, index) =>
    encodeForeignTurn(turn, {
      protocol: request.protocol,
      path: turn.at ?? `turns[${index}]`,
      calls,
      losses,
    }),
  )
}

/** Results must say of which kind their call was, and Chat's do not. */
const callKinds = ({ turns }: GenerateRequest): ReadonlyMap<string, ToolCallPart['kind']> => {
  const kinds = new Map<string, ToolCallPart['kind']>()
  for (const { parts } of turns) {
    for (const part of parts) {
      if (part.type === 'tool-call' && part.id !== undefined) kinds.set(part.id, part.kind)
    }
  }
  return kinds
}

/**
 * Anthropic and Gemini go on with the assistant's last words; here they are history, and a new answer begins. An answer
 * that paused behind a tool of the provider's is no such wish.
 */
const warnOfPrefill = (request: GenerateRequest, { capabilities }: TargetContext, losses: Losses): void => {
  if (request.protocol === 'openai-chat' || capabilities?.prefill === true) return
  const last = request.turns.at(-1)
  if (last?.role !== 'assistant' || last.parts.at(-1)?.type !== 'text') return
  losses.add(
    'approximated',
    'prefill',
    last.at ?? `turns[${request.turns.length - 1}]`,
    'the last words of the assistant are history; the answer does not go on from them',
  )
}
