import type { ReasoningSettings } from '../../ir/index.ts'

/**
 * The effort that says a request's reasoning settings, by the bucket borders of translation.md §7.1.
 * A budget of -1 is "the model decides" and has no word.
 */
export const effortOf = (reasoning: ReasoningSettings): string | undefined => {
  if (reasoning.mode === 'disabled') return 'none'
  if (reasoning.effort !== undefined) return reasoning.effort
  const { budgetTokens } = reasoning
  if (budgetTokens === undefined || budgetTokens < 0) return undefined
  if (budgetTokens === 0) return 'none'
  if (budgetTokens <= 2048) return 'low'
  if (budgetTokens <= 12_288) return 'medium'
  return budgetTokens <= 28_672 ? 'high' : 'xhigh'
}
