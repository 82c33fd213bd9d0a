import type { GenerateRequest, ReasoningSettings } from '../../ir/index.ts'
import type { Pass, TranslationContext } from '../pass.ts'
import { raisedEffort } from './effort-scale.ts'
import { withRoomForThoughts } from './room-for-thoughts.ts'
import { type TellLoss, targetSettings } from './target-settings.ts'
import { withTurnSettings } from './turn-settings.ts'
import { isBetweenTools, isProMode, type WantedReasoning, wantedReasoning } from './wanted-reasoning.ts'

/**
 * How much the model shall think, and whether it shows it, in the target's own terms (translation.md §7.1). What is
 * left in `request.reasoning` is final: the encoder only spells it.
 */
export const reasoningSettings: Pass = {
  name: 'reasoning settings',
  run(request, context) {
    if (request.protocol === context.target.protocol) return { request }
    const placed = withTurnSettings(request, context)
    const { reasoning, ...rest } = placed
    if (reasoning === undefined) return { request: placed }
    const tell: TellLoss = (code, feature, field, reason) =>
      context.warn(code, feature, `reasoning.${field}`, reason)
    const settings = settle(reasoning, isProMode(request), context, tell)
    const settled: GenerateRequest = settings === undefined ? rest : { ...rest, reasoning: settings }
    return {
      request:
        context.target.protocol === 'anthropic-messages'
          ? withRoomForThoughts(settled, context.target.capabilities, tell)
          : settled,
    }
  },
}

const settle = (
  asked: ReasoningSettings,
  isPro: boolean,
  { target }: TranslationContext,
  tell: TellLoss,
): ReasoningSettings | undefined => {
  const wanted = isPro ? raised(wantedReasoning(asked)) : wantedReasoning(asked)
  if (isPro) tell('approximated', 'reasoning mode pro', 'mode', 'effort is one step up instead')
  const capability = target.capabilities.reasoning
  const settings = targetSettings(wanted, { protocol: target.protocol, capability }, tell)
  if (settings === undefined) return undefined
  if (isBetweenTools(asked) && settings.mode !== 'disabled') {
    tell('approximated', 'thinking between tools', 'mode', 'the model decides when it thinks')
  }
  if (settings.display !== undefined && fineDisplays.has(asked.display)) {
    tell('approximated', 'readable thoughts', 'display', `${asked.display} becomes ${settings.display}`)
  }
  return { ...(asked.extensions === undefined ? {} : { extensions: asked.extensions }), ...settings }
}

/** Ways to show thoughts that one vendor alone tells apart. */
const fineDisplays: ReadonlySet<string | undefined> = new Set(['concise', 'detailed', 'updates'])

const raised = (wanted: WantedReasoning): WantedReasoning => {
  const { amount } = wanted
  if (amount.type === 'off') return wanted
  const effort = raisedEffort(amount.type === 'effort' ? amount.effort : undefined)
  return { ...wanted, amount: { type: 'effort', effort } }
}
