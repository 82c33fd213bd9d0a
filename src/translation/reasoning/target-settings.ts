import type { ProtocolId, ReasoningCapability, ReasoningSettings } from '../../ir/index.ts'
import { budgetOfEffort, effortOfBudget, lowestEffort, nearestEffort } from './effort-scale.ts'
import type { WantedReasoning } from './wanted-reasoning.ts'

/** A setting that is not said as it was asked for. `field` is a field of the reasoning settings. */
export type TellLoss = (
  code: 'dropped' | 'approximated',
  feature: string,
  field: keyof ReasoningSettings,
  reason: string,
) => void

export interface SettingsTarget {
  readonly protocol: ProtocolId
  readonly capability: ReasoningCapability
}

/**
 * Reasoning settings as the target writes them, word for word (translation.md §7.1): `effort` for OpenAI, adaptive
 * Anthropic models and Gemini's levels; `budgetTokens` for older Anthropic and Gemini models; `mode` where the protocol
 * has a word for it. Undefined where nothing is to be said.
 */
export const targetSettings = (
  wanted: WantedReasoning,
  target: SettingsTarget,
  tell: TellLoss,
): ReasoningSettings | undefined => {
  const amount = amountFor(wanted.amount, target, tell)
  const display = displayFor(wanted, amount, target, tell)
  const settings = { ...amount, ...(display === undefined ? {} : { display }) }
  return Object.keys(settings).length === 0 ? undefined : settings
}

type Amount = WantedReasoning['amount']

const amountFor = (amount: Amount, target: SettingsTarget, tell: TellLoss): ReasoningSettings => {
  switch (target.capability.control) {
    case 'none':
      if (amount.type === 'off') return switchedOff(target, tell)
      if (amount.type === 'effort' || amount.type === 'budget' || amount.type === 'on') {
        tell('dropped', 'reasoning', fieldOf(amount), 'this model takes no reasoning settings')
      }
      return {}
    case 'effort':
      return effortFor(amount, target, tell)
    case 'adaptive':
      return adaptiveFor(amount, target, tell)
    case 'level':
      return levelFor(amount, target, tell)
    case 'budget':
      return target.protocol === 'gemini'
        ? geminiBudgetFor(amount, target.capability, tell)
        : anthropicBudgetFor(amount, target.capability, tell)
  }
}

/** Some think as they like and still have a switch. */
const switchedOff = ({ capability }: SettingsTarget, tell: TellLoss): ReasoningSettings => {
  if (capability.canDisable && capability.chatOff === 'thinking') return { mode: 'disabled' }
  if (capability.onByDefault === true && !capability.canDisable) {
    tell('approximated', 'reasoning off', 'mode', 'this model cannot be kept from thinking')
  }
  return {}
}

const fieldOf = (amount: Amount): keyof ReasoningSettings =>
  amount.type === 'effort' ? 'effort' : amount.type === 'budget' ? 'budgetTokens' : 'mode'

const effortFor = (amount: Amount, { capability }: SettingsTarget, tell: TellLoss): ReasoningSettings => {
  if (amount.type === 'off') {
    if (capability.canDisable) return { mode: 'disabled', effort: 'none' }
    return { effort: weakest(capability, tell) }
  }
  const effort = effortOf(amount, capability, tell)
  return effort === undefined ? {} : { effort }
}

const adaptiveFor = (amount: Amount, { capability }: SettingsTarget, tell: TellLoss): ReasoningSettings => {
  switch (amount.type) {
    case 'default':
      return {}
    case 'off':
      if (capability.canDisable) return { mode: 'disabled' }
      return { mode: 'adaptive', effort: weakest(capability, tell) }
    default: {
      const effort = effortOf(amount, capability, tell)
      return { mode: 'adaptive', ...(effort === undefined ? {} : { effort }) }
    }
  }
}

/** Gemini 3 always thinks. */
const levelFor = (amount: Amount, { capability }: SettingsTarget, tell: TellLoss): ReasoningSettings => {
  const offered = capability.efforts.length === 0 ? levels : capability.efforts
  if (amount.type === 'off') return { effort: weakest({ efforts: offered }, tell) }
  const effort = effortOf(amount, { efforts: offered }, tell)
  return effort === undefined ? {} : { effort }
}

const levels: readonly string[] = ['minimal', 'low', 'medium', 'high']

const weakest = ({ efforts }: Pick<ReasoningCapability, 'efforts'>, tell: TellLoss): string => {
  const effort = lowestEffort(efforts)
  tell('approximated', 'reasoning off', 'mode', `this model cannot be kept from thinking; effort ${effort}`)
  return effort
}

/** Undefined where the model decides. */
const effortOf = (
  amount: Amount,
  { efforts }: Pick<ReasoningCapability, 'efforts'>,
  tell: TellLoss,
): string | undefined => {
  if (amount.type === 'budget') return nearestEffort(effortOfBudget(amount.budget, efforts), efforts)
  if (amount.type !== 'effort') return undefined
  const effort = nearestEffort(amount.effort, efforts)
  if (effort === undefined) {
    tell('dropped', 'reasoning effort', 'effort', `this model does not know ${amount.effort}`)
  } else if (effort !== amount.effort && !(amount.effort === 'minimal' && effort === 'low')) {
    tell('approximated', 'reasoning effort', 'effort', `${amount.effort} becomes ${effort}`)
  }
  return effort
}

const smallestBudget = 1024

const anthropicBudgetFor = (
  amount: Amount,
  capability: ReasoningCapability,
  tell: TellLoss,
): ReasoningSettings => {
  if (amount.type === 'off') return { mode: 'disabled' }
  const wanted = amount.type === 'on' ? { type: 'effort' as const, effort: 'medium' } : amount
  const budget = budgetOf(wanted, 'anthropic-messages', capability.maxBudget ?? 32_768, tell)
  if (budget === undefined) return {}
  return {
    mode: 'enabled',
    budgetTokens: bounded(budget, capability.minBudget ?? smallestBudget, capability, tell),
  }
}

/** 0 is off, and -1 lets the model decide. */
const geminiBudgetFor = (
  amount: Amount,
  capability: ReasoningCapability,
  tell: TellLoss,
): ReasoningSettings => {
  if (amount.type === 'model' || amount.type === 'on') return { budgetTokens: -1 }
  if (amount.type === 'off') {
    if (capability.canDisable) return { mode: 'disabled', budgetTokens: 0 }
    const least = capability.minBudget ?? 128
    tell('approximated', 'reasoning off', 'mode', `this model cannot be kept from thinking; ${least} tokens`)
    return { budgetTokens: least }
  }
  const budget = budgetOf(amount, 'gemini', capability.maxBudget ?? 24_576, tell)
  if (budget === undefined) return {}
  return { budgetTokens: bounded(budget, capability.minBudget ?? 0, capability, tell) }
}

/** The client's exact number where it gave one, else that of its effort. Undefined where neither was asked for. */
const budgetOf = (
  amount: Amount,
  protocol: 'anthropic-messages' | 'gemini',
  maximum: number,
  tell: TellLoss,
): number | undefined => {
  if (amount.type === 'budget') return amount.budget
  if (amount.type !== 'effort') return undefined
  if (amount.budget !== undefined) return amount.budget
  const effort = nearestEffort(amount.effort, words)
  if (effort !== undefined) return Math.min(budgetOfEffort(effort, protocol) ?? maximum, maximum)
  tell('dropped', 'reasoning effort', 'effort', `${amount.effort} says no number of tokens`)
  return undefined
}

const words: readonly string[] = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max']

const bounded = (
  budget: number,
  least: number,
  { maxBudget }: ReasoningCapability,
  tell: TellLoss,
): number => {
  const within = Math.min(Math.max(budget, least), maxBudget ?? Number.POSITIVE_INFINITY)
  if (within !== budget) {
    tell('approximated', 'reasoning budget', 'budgetTokens', `${budget} tokens become ${within}`)
  }
  return within
}

/** Anthropic shows thoughts only beside a `thinking` of its own, and Chat Completions has no word for it. */
const displayFor = (
  { display }: WantedReasoning,
  amount: ReasoningSettings,
  { protocol, capability }: SettingsTarget,
  tell: TellLoss,
): string | undefined => {
  if (display === undefined || capability.control === 'none') return undefined
  if (display === 'shown' && !capability.readable) {
    tell('dropped', 'readable thoughts', 'display', 'this model shows none')
    return undefined
  }
  switch (protocol) {
    case 'anthropic-messages': {
      const thinks = amount.mode === 'enabled' || amount.mode === 'adaptive'
      return thinks ? (display === 'shown' ? 'summarized' : 'none') : undefined
    }
    case 'openai-responses':
      return display === 'shown' ? 'auto' : undefined
    case 'gemini':
      return display === 'shown' ? 'summarized' : 'none'
    default:
      return undefined
  }
}
