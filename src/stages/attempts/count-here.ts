import { GatewayError } from '../../errors.ts'
import type { WholeReply } from '../../pipeline/index.ts'
import type { TokenCounter } from '../../translation/index.ts'
import type { Target } from '../match/index.ts'
import type { AnsweredExchange } from './attempt.ts'

/**
 * Counts the tokens of a request without asking anybody, for models whose provider has no endpoint that counts. The
 * warning says how sure the number is.
 */
export const countHere = async (
  exchange: AnsweredExchange,
  target: Target,
  counter: TokenCounter,
): Promise<WholeReply> => {
  const { protocol, request, entry, operation } = exchange
  const codec = protocol.countTokens
  if (codec === undefined) {
    throw new GatewayError('gateway_protocol_unsupported', `${protocol.id} has no ${operation}`)
  }
  const { inputTokens, method } = await counter.count(codec.decodeRequest(request), {
    provider: target.provider.id,
    model: target.model,
  })
  entry.warnings.push({
    code: 'approximated',
    feature: 'token count',
    path: '',
    reason:
      method === 'counted'
        ? 'counted by the gateway; what the provider adds to texts is known only roughly'
        : 'estimated by the gateway',
  })
  const body = new TextEncoder().encode(codec.encodeResponse({ inputTokens }))
  return {
    status: 200,
    headers: new Headers({ 'content-type': 'application/json' }),
    body,
    outcome: { result: 'success', status: 200, facts: { handles: [] }, responseBytes: body.byteLength },
  }
}
