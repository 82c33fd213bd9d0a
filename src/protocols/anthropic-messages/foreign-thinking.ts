import type { Capabilities, GenerateRequest, ReasoningSettings } from '../../ir/index.ts'
import type { BlockContext } from './block-context.ts'

/** The least that may be asked for. */
const smallestBudget = 1024

/**
 * `thinking` for reasoning settings of another protocol (translation.md §7.1). What the model offers has been seen to
 * before; here stands what the API wants of any model: a budget lies below the output limit, and a forced tool leaves
 * no room for thoughts.
 */
export const foreignThinking = (
  request: GenerateRequest,
  maxTokens: number,
  capabilities: Pick<Capabilities, 'forcedToolWithReasoning'> | undefined,
  context: BlockContext,
): Record<string, unknown> | undefined => {
  const { reasoning, toolChoice } = request
  if (reasoning === undefined) return undefined
  const thinking = wanted(reasoning)
  const isForced =
    (toolChoice?.type === 'required' || toolChoice?.type === 'tool') &&
    capabilities?.forcedToolWithReasoning !== true
  if (thinking === undefined || thinking.type === 'disabled') return thinking
  if (isForced) {
    context.warn('dropped', 'reasoning', 'reasoning', 'not together with a forced tool')
    return { type: 'disabled' }
  }
  if (thinking.budget_tokens === undefined || thinking.budget_tokens < maxTokens) return thinking
  if (maxTokens <= smallestBudget) {
    context.warn('dropped', 'reasoning', 'reasoning', 'the output limit leaves no room')
    return { type: 'disabled' }
  }
  context.warn('approximated', 'reasoning budget', 'reasoning.budgetTokens', 'kept below the output limit')
  return { ...thinking, budget_tokens: maxTokens - 1 }
}

interface Thinking extends Record<string, unknown> {
  readonly type: string
  readonly budget_tokens?: number
}

const wanted = (settings: ReasoningSettings): Thinking | undefined => {
  const { mode, effort, budgetTokens } = settings
  if (mode === 'disabled' || effort === 'none' || budgetTokens === 0) return { type: 'disabled' }
  const display = displayOf(settings.display)
  const shown = display === undefined ? {} : { display }
  if (budgetTokens !== undefined && budgetTokens > 0) {
    return { type: 'enabled', budget_tokens: Math.max(smallestBudget, budgetTokens), ...shown }
  }
  return mode === undefined && effort === undefined && budgetTokens === undefined
    ? undefined
    : { type: 'adaptive', ...shown }
}

/** The canonical words for how thoughts come back, in this protocol's. */
export const displayOf = (display: string | undefined): string | undefined => {
  if (display === 'none') return 'omitted'
  return display === 'auto' || display === 'concise' || display === 'detailed' ? 'summarized' : display
}

const efforts: Readonly<Record<string, string | undefined>> = { none: undefined, minimal: 'low' }

/** The words are the same, but for the two weakest. */
export const effortOf = (effort: string): string | undefined =>
  Object.hasOwn(efforts, effort) ? efforts[effort] : effort
