import type { GenerateRequest, GenerateResponse, ProtocolId } from '../../ir/index.ts'
import type { Pass, TranslationTarget } from '../pass.ts'

/**
 * The output limit within what the model takes (translation.md P2, P2a). A limit above the model's own says nothing
 * more than that, so it becomes that without a word. 0 is not "unset" but the wish to warm the prompt cache: who can
 * be told so keeps it, and `prewarmAnswer` answers for the others; should such a request be sent all the same, it asks
 * for as little as possible.
 */
export const outputLimit: Pass = {
  name: 'output limit',
  run(request, { target, warn }) {
    const { maxOutputTokens: asked } = request
    if (request.protocol === target.protocol || asked === undefined) return { request }
    if (asked === 0 && warmsCache(target)) return { request }
    const { minOutputTokens: least, maxOutputTokens: most = Number.POSITIVE_INFINITY } = target.capabilities
    const limit = Math.max(Math.min(asked, most), least)
    if (limit > asked) {
      const feature = asked === 0 ? 'cache warming' : 'output limit'
      warn('approximated', feature, 'maxOutputTokens', `raised to ${limit}, the least that is taken`)
    }
    return { request: limit === asked ? request : { ...request, maxOutputTokens: limit } }
  },
}

/** Anthropic takes a limit of 0, and OpenAI's Responses a `prewarm` where the model knows cache options. */
const warmsCache = ({
  protocol,
  capabilities,
}: Pick<TranslationTarget, 'protocol' | 'capabilities'>): boolean =>
  protocol === 'anthropic-messages' ||
  (protocol === 'openai-responses' && capabilities.cache === 'breakpoints')

/**
 * What a client gets that only wants to warm a cache which cannot be told so: an empty answer that ran into its limit
 * of 0 tokens. Nothing is sent and nothing billed. Undefined for every other request.
 */
export const prewarmAnswer = (
  request: GenerateRequest,
  target: Pick<TranslationTarget, 'protocol' | 'capabilities' | 'model'>,
): GenerateResponse | undefined => {
  if (request.maxOutputTokens !== 0 || request.protocol === target.protocol || warmsCache(target)) {
    return undefined
  }
  const protocol: ProtocolId = target.protocol
  return {
    protocol,
    model: target.model,
    choices: [{ index: 0, parts: [], finish: { reason: 'length' } }],
    usage: { inputTokens: 0, outputTokens: 0 },
  }
}
