import { GatewayError } from '../../errors.ts'
import type { EmbedRequest } from '../../ir/index.ts'
import type { Internal } from '../../pipeline/index.ts'
import type { Protocol } from '../../protocols/index.ts'
import { type AnswerOfParts, answerOf, ownExchange } from '../own-exchange/index.ts'
import { decoded } from '../upstream/index.ts'

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
  const { embed, endpoints } = protocol
  const request: EmbedRequest = {
    ...{ protocol: protocol.id, model, inputs: [text], form: 'one', format: 'float' },
    ...(dimensions === undefined ? {} : { dimensions }),
  }
  const sent = embed?.encodeRequest(request, { model, stream: false, provider })
  const endpoint = endpoints.find(({ path }) => path === sent?.path)
  if (embed === undefined || sent === undefined || endpoint === undefined)
    throw new Error('there is no endpoint for embeddings')
  const exchange = ownExchange({
    ...{ kind: 'cache', tenant, protocol, endpoint, signal },
    target: { provider, model },
    path: sent.path,
    parameters: {},
    query: new URLSearchParams(),
    headers: new Headers({ ...sent.headers, accept: 'application/json', 'accept-encoding': 'identity' }),
    body: Buffer.from(sent.body),
    at: now(),
  })
  const answer = await answerOf(parts, exchange)
  if ('error' in answer) throw noEmbedding(answer.error)
  const { pieces, headers } = answer.bytes
  const body = decoded(Buffer.concat(pieces), headers.get('content-encoding'))
  const response = body && embed.decodeResponse({ status: 200, headers, body }, request)
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
