import { extensionOf, type ReasoningSettings } from '../../ir/index.ts'
import { rawJson } from '../../wire/index.ts'
import type { Losses } from './losses.ts'
import { writeMembers } from './read-object.ts'

/** Canonical reasoning settings → `thinkingConfig`; models before Gemini 3 know budgets, later ones levels (§7.1). */
export const encodeThinking = (
  reasoning: ReasoningSettings,
  context: { readonly model: string; readonly fromGemini: boolean; readonly losses: Losses },
): object | undefined => {
  if (reasoning.raw?.protocol === 'gemini') return rawJson(reasoning.raw.json)
  const includeThoughts = reasoning.display === undefined ? undefined : reasoning.display !== 'none'
  const amount = context.fromGemini
    ? { thinkingBudget: reasoning.budgetTokens, thinkingLevel: reasoning.effort?.toUpperCase() }
    : amountOf(reasoning, context)
  const members = writeMembers({ includeThoughts, ...amount }, extensionOf(reasoning, 'gemini'))
  return Object.keys(members).length === 0 && !context.fromGemini ? undefined : members
}

interface Amount {
  readonly thinkingBudget?: number | undefined
  readonly thinkingLevel?: string | undefined
}

const amountOf = (
  reasoning: ReasoningSettings,
  { model, losses }: { readonly model: string; readonly losses: Losses },
): Amount => {
  const effort = reasoning.mode === 'disabled' ? 'none' : reasoning.effort
  if (/gemini-(?:1|2)[.-]/.test(model)) {
    if (reasoning.mode !== 'disabled' && reasoning.budgetTokens !== undefined)
      return { thinkingBudget: reasoning.budgetTokens }
    const smallest = model.includes('pro') ? 128 : 0
    if (effort === 'none' && smallest > 0) {
      losses.add('approximated', 'reasoning', 'reasoning', 'this model cannot switch thinking off')
    }
    return { thinkingBudget: effort === 'none' ? smallest : budgets[effort ?? ''] }
  }
  const level = levels[effort ?? levelOfBudget(reasoning.budgetTokens) ?? '']
  if (effort !== undefined && level !== undefined && level.toLowerCase() !== effort) {
    losses.add('approximated', 'reasoning', 'reasoning', `effort ${effort} becomes ${level}`)
  }
  return { thinkingLevel: level }
}

const budgets: Readonly<Record<string, number>> = {
  minimal: 512,
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: 32_768,
  max: 32_768,
}

const levels: Readonly<Record<string, string>> = {
  none: 'MINIMAL',
  minimal: 'MINIMAL',
  low: 'LOW',
  medium: 'MEDIUM',
  high: 'HIGH',
  xhigh: 'HIGH',
  max: 'HIGH',
}

const levelOfBudget = (budget: number | undefined): string | undefined => {
  if (budget === undefined || budget < 0) return undefined
  if (budget === 0) return 'none'
  if (budget <= 2048) return 'low'
  return budget <= 12_288 ? 'medium' : 'high'
}
