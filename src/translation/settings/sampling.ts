import type { Capabilities, GenerateRequest, ProtocolId, Sampling } from '../../ir/index.ts'
import type { Pass, TranslationContext } from '../pass.ts'
import { sameMembers } from './same-members.ts'

type Changing = { -readonly [K in keyof Sampling]: Sampling[K] }

/**
 * Sampling settings that the model takes (translation.md P3–P5, P7–P11). What it does not take is left out, with a
 * warning where it would have made a difference. Runs after the reasoning settings, whose target words decide whether
 * the model thinks.
 */
export const sampling: Pass = {
  name: 'sampling',
  run(request, context) {
    if (request.protocol === context.target.protocol) return { request }
    const settings: Changing = { ...request.sampling }
    fitTemperature(settings, request, context)
    fitPenalties(settings, context)
    fitSeed(settings, context)
    fitLogprobs(settings, context)
    fitCandidates(settings, context)
    return { request: sameMembers(settings, request.sampling) ? request : { ...request, sampling: settings } }
  },
}

/** What a client's own provider does by itself: to say it changes nothing, so to lose it costs nothing. */
const defaults: Readonly<Record<ProtocolId, Pick<Sampling, 'temperature' | 'topP' | 'topK'>>> = {
  'openai-chat': { temperature: 1, topP: 1 },
  'openai-responses': { temperature: 1, topP: 1 },
  'openai-embeddings': {},
  'anthropic-messages': { temperature: 1, topP: 1 },
  gemini: { temperature: 1, topP: 0.95, topK: 64 },
}

const knobs = ['temperature', 'topP', 'topK'] as const
type Knob = (typeof knobs)[number]

const names: Readonly<Record<Knob, string>> = { temperature: 'temperature', topP: 'top_p', topK: 'top_k' }

const fitTemperature = (settings: Changing, request: GenerateRequest, context: TranslationContext): void => {
  const { capabilities, protocol } = context.target
  const usual = defaults[request.protocol]
  const remove = (knob: Knob, reason: string): void => {
    const value = settings[knob]
    if (value === undefined) return
    if (value !== usual[knob] && value !== plain[knob]) {
      context.warn('dropped', names[knob], `sampling.${knob}`, reason)
    }
    delete settings[knob]
  }
  const refusal = refusalOf(request, capabilities)
  if (refusal !== undefined) for (const knob of knobs) remove(knob, refusal)
  if (protocol !== 'anthropic-messages' && protocol !== 'gemini') remove('topK', 'no counterpart')
  if (
    capabilities.temperatureOrTopP === true &&
    settings.temperature !== undefined &&
    settings.topP !== undefined
  ) {
    const isUsual = settings.topP !== usual.topP && settings.temperature === usual.temperature
    remove(isUsual ? 'temperature' : 'topP', 'this model takes a temperature or a top_p')
  }
  const highest = protocol === 'anthropic-messages' ? 1 : 2
  if (settings.temperature !== undefined && settings.temperature > highest) {
    context.warn('approximated', 'temperature', 'sampling.temperature', `the highest is ${highest}`)
    settings.temperature = highest
  }
}

/** Values that leave the distribution as it is. */
const plain: Pick<Sampling, Knob> = { temperature: 1, topP: 1 }

const refusalOf = (request: GenerateRequest, capabilities: Capabilities): string | undefined => {
  switch (capabilities.sampling) {
    case 'free':
      return undefined
    case 'not-with-reasoning':
      return thinks(request, capabilities) ? 'not together with reasoning' : undefined
    case 'defaults-only':
      return 'this model takes nothing but the default'
    case 'refused':
      return 'this model takes no sampling settings'
  }
}

/** Will the model think? The request's reasoning settings are the target's already. */
const thinks = ({ reasoning }: GenerateRequest, { reasoning: capability }: Capabilities): boolean => {
  if (capability.control === 'none') return false
  if (reasoning?.mode === 'disabled' || reasoning?.effort === 'none' || reasoning?.budgetTokens === 0)
    return false
  // An effort alone says how much Claude writes, not whether it thinks.
  const isAsked =
    reasoning?.mode !== undefined ||
    reasoning?.budgetTokens !== undefined ||
    (capability.control !== 'adaptive' && reasoning?.effort !== undefined)
  return isAsked || capability.onByDefault !== false
}

const fitPenalties = (settings: Changing, { target, warn }: TranslationContext): void => {
  for (const knob of ['presencePenalty', 'frequencyPenalty'] as const) {
    const value = settings[knob]
    if (value === undefined) continue
    const feature = knob === 'presencePenalty' ? 'presence penalty' : 'frequency penalty'
    if (!target.capabilities.penalties) {
      if (value !== 0) warn('dropped', feature, `sampling.${knob}`, 'this model takes none')
      delete settings[knob]
    } else if (target.protocol === 'gemini' && value >= 2) {
      // Its range excludes the upper end.
      warn('approximated', feature, `sampling.${knob}`, 'the highest is 1.99')
      settings[knob] = 1.99
    }
  }
}

const fitSeed = (settings: Changing, { target, warn }: TranslationContext): void => {
  if (settings.seed !== undefined && !target.capabilities.seed) {
    warn('dropped', 'seed', 'sampling.seed', 'this model takes none')
    delete settings.seed
  }
  if (settings.logitBias !== undefined && target.protocol !== 'openai-chat') {
    const isEmpty = Object.keys(settings.logitBias).length === 0
    if (!isEmpty) warn('dropped', 'logit bias', 'sampling.logitBias', 'no counterpart')
    delete settings.logitBias
  }
}

/** Responses asks for them by a number alone, the others by a switch and a number. */
const fitLogprobs = (settings: Changing, { target, warn }: TranslationContext): void => {
  const wanted = settings.logprobs === true || (settings.topLogprobs ?? 0) > 0
  if (wanted && target.capabilities.logprobs) {
    settings.logprobs = true
    return
  }
  if (wanted) warn('dropped', 'log probabilities', 'sampling.logprobs', 'this model gives none')
  delete settings.logprobs
  delete settings.topLogprobs
}

const fitCandidates = (settings: Changing, { target, refuse }: TranslationContext): void => {
  const { candidates } = settings
  if (candidates === undefined) return
  if (candidates > target.capabilities.candidates) {
    const { candidates: most } = target.capabilities
    refuse(
      'several answers',
      'sampling.candidates',
      most === 1 ? 'this model gives one' : `it gives at most ${most}`,
    )
  }
  if (candidates === 1) delete settings.candidates
}
