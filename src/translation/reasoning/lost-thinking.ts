import type { GenerateRequest, Turn } from '../../ir/index.ts'
import type { TranslationContext } from '../pass.ts'

/**
 * Anthropic wants the thoughts of an answer whose tools were called back, together with the tools' results. Where they
 * are lost, models with a budget refuse the request unless it thinks no more; adaptive ones take it
 * (translation.md §7.4).
 */
export const withoutThinking = (
  request: GenerateRequest,
  { target, warn }: TranslationContext,
): GenerateRequest => {
  const { reasoning, turns } = request
  const thinks = reasoning?.mode === 'enabled' || (reasoning?.budgetTokens ?? 0) > 0
  if (target.protocol !== 'anthropic-messages' || target.capabilities.reasoning.control !== 'budget') {
    return request
  }
  const answers = toolLoop(turns)
  if (!thinks || answers.length === 0 || answers.some(hasThought)) return request
  warn(
    'approximated',
    'reasoning',
    'reasoning',
    'off for this request: the thoughts that led to the last tool calls are lost',
  )
  const { budgetTokens: _budget, display: _display, raw: _raw, ...rest } = reasoning ?? {}
  return { ...request, reasoning: { ...rest, mode: 'disabled' } }
}

/**
 * The answers since the user's last word: those whose tools were called back. None where the user has spoken since.
 * What stands between two answers is one message there, so results anywhere in it go on with the loop.
 */
const toolLoop = (turns: readonly Turn[]): readonly Turn[] => {
  const answers: Turn[] = []
  let hasResult = false
  for (let index = turns.length - 1; index >= 0; index--) {
    const turn = turns[index]
    if (turn === undefined) break
    if (turn.role !== 'assistant') {
      hasResult ||= turn.parts.some((part) => part.type === 'tool-result')
      continue
    }
    const isLastOfRun = turns[index + 1]?.role !== 'assistant'
    if (isLastOfRun && !hasResult) break
    if (turns[index - 1]?.role !== 'assistant') hasResult = false
    answers.push(turn)
  }
  return answers
}

const hasThought = (turn: Turn): boolean => turn.parts.some((part) => part.type === 'reasoning')
