import { type Capabilities, extensionOf, type ReasoningSettings } from '../../ir/index.ts'
import { rawJson } from '../../wire/index.ts'
import type { TargetContext } from '../protocol.ts'
import type { Losses } from './losses.ts'
import { writeMembers } from './read-object.ts'

interface ThinkingContext {
  readonly target: TargetContext
  readonly isForeign: boolean
  readonly losses: Losses
}

/**
 * Canonical reasoning settings → `thinkingConfig`. A request's settings come here in the words that the model takes; a
 * setting of the other kind is said by the table of translation.md §7.1 all the same.
 */
export const encodeThinking = (
  reasoning: ReasoningSettings,
  context: ThinkingContext,
): object | undefined => {
  if (reasoning.raw?.protocol === 'gemini') return rawJson(reasoning.raw.json)
  const { display } = reasoning
  const members = writeMembers(
    {
      includeThoughts: display === undefined ? undefined : display !== 'none' && display !== 'omitted',
      ...amountOf(reasoning, context),
    },
    extensionOf(reasoning, 'gemini'),
  )
  return Object.keys(members).length === 0 && context.isForeign ? undefined : members
}

interface Amount {
  readonly thinkingBudget?: number | undefined
  readonly thinkingLevel?: string | undefined
}

const amountOf = (reasoning: ReasoningSettings, { target, isForeign, losses }: ThinkingContext): Amount => {
  const { budgetTokens } = reasoning
  const effort = reasoning.mode === 'disabled' ? 'none' : reasoning.effort
  if (!isForeign) return { thinkingBudget: budgetTokens, thinkingLevel: reasoning.effort?.toUpperCase() }
  const asked = target.capabilities?.reasoning
  const told = asked ?? guessed(target.model)
  switch (told.control) {
    case 'none':
      return {}
    case 'budget':
      return { thinkingBudget: effort === 'none' ? smallest(told) : (budgetTokens ?? budgets[effort ?? '']) }
    default: {
      const level = levels[effort ?? levelOfBudget(budgetTokens) ?? '']
      if (effort !== undefined && level !== undefined && level.toLowerCase() !== effort) {
        losses.add('approximated', 'reasoning effort', 'reasoning.effort', `${effort} becomes ${level}`)
      }
      return { thinkingLevel: level }
    }
  }
}

type Told = Pick<Capabilities['reasoning'], 'control' | 'canDisable' | 'minBudget'>

/** Without capabilities the family tells: models before Gemini 3 know budgets, later ones levels. */
const guessed = (model: string): Told =>
  /gemini-(?:1|2)[.-]/.test(model)
    ? { control: 'budget', canDisable: !model.includes('pro'), minBudget: 128 }
    : { control: 'level', canDisable: false }

const smallest = ({ canDisable, minBudget }: Told): number => (canDisable ? 0 : (minBudget ?? 0))

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
