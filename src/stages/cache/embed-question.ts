import { GatewayError } from '../../errors.ts'
import type { Internal } from '../../pipeline/index.ts'
import type { Protocol } from '../../protocols/index.ts'
import { type AnswerOfParts, answerOf, ownExchange } from '../own-exchange/index.ts'

export interface EmbedQuestionParts extends AnswerOfParts {
  /** OpenAI Embeddings: whoever speaks something else is asked through translation. */
  readonly protocol: Protocol
  readonly target: { readonly provider: string; readonly model: string; readonly dimensions?: number }
}

/**
 * The embedding of a text, of length 1. It is an exchange of the gateway's own, which whoever asked pays for. Throws
 * `gateway_upstream_invalid` where none came.
 */
export const embedQuestion = async (
  parts: EmbedQuestionParts,
  text: string,
  tenant: Internal['tenant'],
  signal: AbortSignal,
): Promise<Float32Array> => {
  const { protocol, target, now } = parts
  const { provider, model, dimensions } = target
  const [endpoint] = protocol.endpoints
  if (endpoint === undefined) throw new Error('there is no endpoint for embeddings')
  const body = JSON.stringify({
    ...{ model, input: text, encoding_format: 'float' },
    ...(dimensions === undefined ? {} : { dimensions }),
  })
  const exchange = ownExchange({
    ...{ kind: 'cache', tenant, protocol, endpoint, signal },
    target: { provider, model },
    path: endpoint.path,
    parameters: {},
    query: new URLSearchParams(),
    headers: new Headers({
      ...{ 'content-type': 'application/json', accept: 'application/json', 'accept-encoding': 'identity' },
    }),
    body: Buffer.from(body),
    at: now(),
  })
  const answer = await answerOf(parts, exchange)
  if ('error' in answer) throw noEmbedding(answer.error)
  const { pieces, headers } = answer.bytes
  const asked = protocol.embed?.decodeRequest({
    ...exchange.incoming,
    body: Buffer.from(body),
  })
  const response =
    asked && protocol.embed?.decodeResponse({ status: 200, headers, body: Buffer.concat(pieces) }, asked)
  const [vector] = response?.vectors ?? []
  if (vector === undefined || vector.length === 0) throw noEmbedding('the answer has none')
  return normalised(vector)
}

const noEmbedding = (reason: string): GatewayError =>
  new GatewayError('gateway_upstream_invalid', `no embedding of a question came: ${reason}`)

const normalised = (vector: readonly number[]): Float32Array => {
  const length = Math.hypot(...vector)
  if (!Number.isFinite(length) || length === 0) throw noEmbedding('it is no direction')
  return Float32Array.from(vector, (value) => value / length)
}
