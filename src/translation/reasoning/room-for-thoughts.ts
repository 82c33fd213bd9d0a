import type { Capabilities, GenerateRequest } from '../../ir/index.ts'
import type { TellLoss } from './target-settings.ts'

const smallestBudget = 1024
/** What an answer should have beside the thoughts, where the limit leaves a choice. */
const answerRoom = 4096
/** The same, where nobody gave a limit and the model's own is not known. */
const defaultRoom = 8192

/**
 * Anthropic counts thoughts into `max_tokens`, wants the budget below it and at least 1,024, and refuses a forced tool
 * beside thoughts (translation.md §5.2, §7.1). Takes a request whose reasoning settings are Anthropic's already.
 */
export const withRoomForThoughts = (
  request: GenerateRequest,
  capabilities: Capabilities,
  tell: TellLoss,
): GenerateRequest => {
  const { reasoning, toolChoice } = request
  if (reasoning?.mode !== 'enabled' && reasoning?.mode !== 'adaptive') return request
  if (isForced(toolChoice) && !capabilities.forcedToolWithReasoning && capabilities.reasoning.canDisable) {
    tell('dropped', 'reasoning', 'mode', 'not together with a forced tool')
    return { ...request, reasoning: { mode: 'disabled' } }
  }
  const budget = reasoning.budgetTokens
  if (budget === undefined) return request
  const limit = request.maxOutputTokens ?? capabilities.maxOutputTokens
  if (limit === undefined) return { ...request, maxOutputTokens: budget + defaultRoom }
  if (budget < limit) return request
  if (limit <= smallestBudget) {
    tell('dropped', 'reasoning', 'mode', 'the output limit leaves no room for thoughts')
    return { ...request, reasoning: { mode: 'disabled' } }
  }
  const budgetTokens = Math.max(smallestBudget, limit - Math.min(answerRoom, Math.floor(limit / 2)))
  tell(
    'approximated',
    'reasoning budget',
    'budgetTokens',
    `${budget} tokens become ${budgetTokens}, below the output limit`,
  )
  return { ...request, reasoning: { ...reasoning, budgetTokens } }
}

const isForced = (choice: GenerateRequest['toolChoice']): boolean =>
  choice?.type === 'required' ||
  choice?.type === 'tool' ||
  (choice?.type === 'allowed' && choice.mode === 'required')
