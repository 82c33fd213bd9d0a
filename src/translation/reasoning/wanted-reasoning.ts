import { extensionOf, type GenerateRequest, isJsonObject, type ReasoningSettings } from '../../ir/index.ts'

/** What a client wants of the model's reasoning, without its protocol's ways to say it. */
export interface WantedReasoning {
  /** `default`: nothing is said. `model`: on, and the model decides how much. */
  readonly amount:
    | { readonly type: 'off' | 'default' | 'model' | 'on' }
    | { readonly type: 'effort'; readonly effort: string; readonly budget?: number }
    | { readonly type: 'budget'; readonly budget: number }
  /** Shall readable thoughts come back? Absent: nothing is said. */
  readonly display?: 'none' | 'shown'
}

export const wantedReasoning = (settings: ReasoningSettings): WantedReasoning => {
  const { display } = settings
  return {
    amount: amountOf(settings),
    ...(display === undefined ? {} : { display: display === 'none' ? 'none' : 'shown' }),
  }
}

/** An effort is the vendor's newer word where both are said; the exact number is kept beside it. */
const amountOf = ({ mode, effort, budgetTokens }: ReasoningSettings): WantedReasoning['amount'] => {
  if (mode === 'disabled' || effort === 'none' || (budgetTokens === 0 && effort === undefined)) {
    return { type: 'off' }
  }
  const budget = budgetTokens !== undefined && budgetTokens > 0 ? budgetTokens : undefined
  if (effort !== undefined) return { type: 'effort', effort, ...(budget === undefined ? {} : { budget }) }
  if (budget !== undefined) return { type: 'budget', budget }
  if (budgetTokens !== undefined || mode === 'adaptive') return { type: 'model' }
  return { type: mode === 'enabled' ? 'on' : 'default' }
}

/** Anthropic's `thinking: {type: 'between_tools'}`: its decoder says adaptive and keeps the word. */
export const isBetweenTools = (settings: ReasoningSettings): boolean => {
  const { thinking } = extensionOf(settings, 'anthropic-messages')
  return isJsonObject(thinking) && thinking['type'] === 'between_tools'
}

/** OpenAI's `reasoning: {mode: 'pro'}`. */
export const isProMode = (request: GenerateRequest): boolean => {
  const { reasoning } = extensionOf(request, 'openai-responses')
  return isJsonObject(reasoning) && reasoning['mode'] === 'pro'
}
