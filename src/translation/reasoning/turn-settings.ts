import type { GenerateRequest, ReasoningSettings, Turn } from '../../ir/index.ts'
import type { TranslationContext } from '../pass.ts'
import { targetSettings } from './target-settings.ts'
import { wantedReasoning } from './wanted-reasoning.ts'

/**
 * Settings that change within the conversation (translation.md §4.1, S5 and S6). OpenAI's Responses and newer
 * Anthropic models say them in their place; elsewhere the last ones hold for the whole request.
 */
export const withTurnSettings = (asked: GenerateRequest, context: TranslationContext): GenerateRequest => {
  const request = context.target.protocol === 'openai-responses' ? withOpening(asked) : asked
  if (!request.turns.some((turn) => turn.reasoning !== undefined)) return request
  const kept = keptTurns(request.turns, context)
  const last = request.turns.findLastIndex((turn) => turn.reasoning !== undefined)
  const settings = request.turns[last]?.reasoning
  const turns = request.turns.flatMap((turn, index): Turn[] => {
    if (turn.reasoning === undefined) return [turn]
    const { reasoning, ...rest } = turn
    if (!kept.has(index)) return isSaid(rest) ? [rest] : []
    const effort = effortAt(reasoning, turn.at ?? `turns[${index}].reasoning`, context)
    return effort === undefined ? (isSaid(rest) ? [rest] : []) : [{ ...rest, reasoning: { effort } }]
  })
  if (kept.has(last) || settings === undefined) return { ...request, turns }
  if (request.protocol === 'anthropic-messages') {
    context.warn(
      'approximated',
      'reasoning effort within the conversation',
      request.turns[last]?.at ?? `turns[${last}].reasoning`,
      'it holds for the whole request',
    )
  }
  return { ...request, turns, reasoning: { ...withoutAmount(request.reasoning), ...settings } }
}

/**
 * What is said before the first answer holds for all of them, so it is a setting of the request: only newer models of
 * OpenAI know a change within the conversation, and Claude Code says its effort at the start.
 */
const withOpening = (request: GenerateRequest): GenerateRequest => {
  const answer = request.turns.findIndex((turn) => turn.role === 'assistant')
  const end = answer < 0 ? request.turns.length : answer
  const settings = request.turns.slice(0, end).findLast((turn) => turn.reasoning !== undefined)?.reasoning
  if (settings === undefined) return request
  const turns = request.turns.flatMap((turn, index): Turn[] => {
    if (index >= end || turn.reasoning === undefined) return [turn]
    const { reasoning: _reasoning, ...rest } = turn
    return isSaid(rest) ? [rest] : []
  })
  return { ...request, turns, reasoning: { ...withoutAmount(request.reasoning), ...settings } }
}

/** A turn that only brought settings has nothing left. */
const isSaid = (turn: Turn): boolean =>
  turn.parts.length > 0 || turn.tools !== undefined || turn.output !== undefined

/** The latest word wins over every way to say an amount. */
const withoutAmount = (settings: ReasoningSettings | undefined): ReasoningSettings => {
  const { mode: _mode, effort: _effort, budgetTokens: _budget, raw: _raw, ...rest } = settings ?? {}
  return rest
}

const keptTurns = (turns: readonly Turn[], { target }: TranslationContext): ReadonlySet<number> => {
  const isOpenAi =
    target.protocol === 'openai-responses' && target.capabilities.reasoning.control === 'effort'
  const isAnthropic =
    target.protocol === 'anthropic-messages' &&
    target.capabilities.midSystem &&
    target.capabilities.reasoning.control === 'adaptive'
  if (!isOpenAi && !isAnthropic) return new Set()
  const kept = new Set<number>()
  turns.forEach((turn, index) => {
    if (turn.reasoning !== undefined && (isOpenAi || mayStand(turns, index))) kept.add(index)
  })
  return kept
}

/** Anthropic: a message of its own follows the user's words, and the assistant or nothing follows it. */
const mayStand = (turns: readonly Turn[], index: number): boolean => {
  if (turns[index]?.role !== 'system') return true
  const before = turns.slice(0, index).findLast((turn) => turn.role !== 'system')
  const after = turns.slice(index + 1).find((turn) => turn.role !== 'system')
  return before?.role === 'user' && after?.role !== 'user'
}

const effortAt = (
  settings: ReasoningSettings,
  path: string,
  { target, warn }: TranslationContext,
): string | undefined => {
  const wanted = wantedReasoning(settings)
  const capability = target.capabilities.reasoning
  // The message can only hold an effort, so here "off" is the weakest one where the words have none for it.
  if (wanted.amount.type === 'off' && target.protocol === 'anthropic-messages') {
    warn('approximated', 'reasoning off', path, 'within the conversation only an effort can be said')
    return targetSettings(
      { amount: { type: 'effort', effort: 'low' } },
      { protocol: target.protocol, capability },
      () => {},
    )?.effort
  }
  return targetSettings(wanted, { protocol: target.protocol, capability }, (code, feature, _field, reason) =>
    warn(code, feature, path, reason),
  )?.effort
}
