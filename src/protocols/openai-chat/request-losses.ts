import type { GenerateRequest, ReasoningSettings } from '../../ir/index.ts'
import type { LossReporter } from './losses.ts'

/**
 * The effort that says a request's reasoning settings, by the bucket borders of translation.md §7.1.
 * A budget of -1 is "the model decides" and has no word.
 */
export const effortOf = (reasoning: ReasoningSettings): string | undefined => {
  if (reasoning.effort !== undefined) return reasoning.effort
  if (reasoning.mode === 'disabled') return 'none'
  const { budgetTokens } = reasoning
  if (budgetTokens === undefined || budgetTokens < 0) return undefined
  if (budgetTokens === 0) return 'none'
  if (budgetTokens <= 2048) return 'low'
  if (budgetTokens <= 12_288) return 'medium'
  return budgetTokens <= 28_672 ? 'high' : 'xhigh'
}

/** Reports what a request of another protocol says and this one has no field for. */
export const losableFields = (request: GenerateRequest, losses: LossReporter): void => {
  const gone = (feature: string, path: string, value: unknown) => {
    if (value !== undefined) losses.dropped(feature, path, 'no counterpart')
  }
  gone('top_k', 'sampling.topK', request.sampling.topK)
  gone('previous response', 'previousResponseId', request.previousResponseId)
  gone('conversation', 'conversation', request.conversation)
  gone('background', 'background', request.background)
  gone('cache', 'cache', request.cache)
  if (request.reasoning?.budgetTokens !== undefined && request.reasoning.effort === undefined) {
    losses.approximated('reasoning budget', 'reasoning.budgetTokens', 'expressed as an effort')
  }
  if (request.reasoning?.display !== undefined && request.reasoning.display !== 'none') {
    losses.dropped('reasoning summary', 'reasoning.display', 'this protocol returns no thoughts')
  }
  if (request.output?.type === 'enum') {
    losses.approximated('enum output', 'output', 'expressed as a JSON schema')
  }
}
