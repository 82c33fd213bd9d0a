import type { GenerateRequest, Part, ReasoningPart, ToolCallPart, Turn } from '../../ir/index.ts'
import {
  callKey,
  isSealedState,
  type ReasoningRegistry,
  type RememberedCall,
  type StateKeysOf,
} from '../../sessions/index.ts'
import type { TranslationTarget } from '../pass.ts'
import { type StateOpener, stateOpener } from './state-origin.ts'

export interface RecallParts {
  readonly registry: Pick<ReasoningRegistry, 'find'>
  readonly keysOf: StateKeysOf
}

/** The newest calls matter most, and no client has so many within one context window. */
const maximumCalls = 500

/**
 * Puts remembered reasoning back before the tool calls of a Chat Completions client, which has no place to keep it
 * (translation.md §1.7). What it puts there are envelopes, as other clients send them: the pass `reasoning state` opens
 * them. Only what came from this target is recalled: other reasoning would be dropped again, with a warning about
 * something that the client never sent. Never rejects.
 */
export const recallReasoning = async (
  request: GenerateRequest,
  organisation: string,
  target: TranslationTarget,
  { registry, keysOf }: RecallParts,
): Promise<GenerateRequest> => {
  if (request.protocol !== 'openai-chat' || !wantsReasoning(target)) return request
  const calls = request.turns.flatMap((turn) => (turn.role === 'assistant' ? turn.parts.filter(isCall) : []))
  if (calls.length === 0) return request
  const found = await registry.find(organisation, calls.slice(-maximumCalls))
  if (found.size === 0) return request
  const opener = stateOpener(target, keysOf(organisation).sign)
  let isSame = true
  const turns = request.turns.map((turn) => {
    const recalled = turn.role === 'assistant' ? recall(turn, found, opener) : turn
    if (recalled !== turn) isSame = false
    return recalled
  })
  return isSame ? request : { ...request, turns }
}

/** Does this target take reasoning back at all? */
export const wantsReasoning = ({ protocol, capabilities }: TranslationTarget): boolean =>
  capabilities.reasoning.control !== 'none' ||
  capabilities.signaturesEnforced ||
  (protocol === 'openai-chat' && capabilities.reasoningTextInHistory)

const isCall = (part: Part): part is ToolCallPart => part.type === 'tool-call'

const recall = (turn: Turn, found: ReadonlyMap<string, RememberedCall>, opener: StateOpener): Turn => {
  const isOurs = (state: { readonly value: string } | undefined): boolean => {
    const sealed = state === undefined || !isSealedState(state.value) ? undefined : opener.open(state.value)
    return sealed !== undefined && opener.isOfTarget(sealed)
  }
  const remembered = turn.parts.map((part) => (isCall(part) ? found.get(callKey(part)) : undefined))
  const usable = remembered.map((call) => call?.thoughts.filter(({ part }) => isOurs(part.state)) ?? [])
  const hasThoughts = usable.some((thoughts) => thoughts.length > 0)
  const givesState = remembered.some(
    (call, index) => isOurs(call?.state) && turn.parts[index]?.state === undefined,
  )
  if (!hasThoughts && !givesState) return turn
  const parts: Part[] = []
  let firstText = -1
  let hasCall = false
  turn.parts.forEach((part, index) => {
    // What the client kept is at most as much, and all in one place.
    if (part.type === 'reasoning' && hasThoughts) return
    const state = remembered[index]?.state
    if (isCall(part)) {
      const early: ReasoningPart[] = []
      const late: ReasoningPart[] = []
      for (const thought of usable[index] ?? []) {
        // Words between two calls stand before both of them here.
        const isEarly = thought.before === 'text' && firstText >= 0 && !hasCall
        ;(isEarly ? early : late).push(thought.part)
      }
      hasCall = true
      if (early.length > 0) parts.splice(firstText, 0, ...early)
      parts.push(...late)
      parts.push(part.state === undefined && state !== undefined && isOurs(state) ? { ...part, state } : part)
      return
    }
    if (part.type === 'text' && firstText < 0) firstText = parts.length
    parts.push(part)
  })
  const { raw: _raw, ...rest } = turn
  return { ...rest, parts }
}
