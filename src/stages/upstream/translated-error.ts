import type { CanonicalError, ProtocolId } from '../../ir/index.ts'
import type { WholeReply } from '../../pipeline/index.ts'
import type { AnswerFacts } from '../../protocols/index.ts'
import { maskSecrets } from '../../telemetry/index.ts'
import { wordContextError } from '../../translation/index.ts'
import type { AttemptExchange } from '../attempts/index.ts'
import { clientFraming } from '../translate/index.ts'
import { refuseBadCredential } from './refuse-unusable.ts'

/** A provider's error in the client's own protocol: its status, type, code and words (translation.md §13.1). */
export const translatedError = (
  exchange: AttemptExchange,
  error: CanonicalError,
  beside: { readonly headers: Headers; readonly upstreamStatus: number; readonly facts?: AnswerFacts },
): WholeReply => {
  const { protocol, attempt } = exchange
  refuseBadCredential(error, attempt.target.provider.id)
  const encoded = protocol.errors.encode(
    foreign(error, protocol.id, clientFraming(exchange) === 'json-array'),
    {
      requestId: exchange.id,
    },
  )
  const headers = beside.headers
  for (const [name, value] of Object.entries(encoded.headers)) headers.set(name, value)
  if (error.code?.startsWith('gateway_') === true) headers.set('x-tollgate-error', error.code)
  const body = encoder.encode(encoded.body)
  return {
    status: encoded.status,
    headers,
    body,
    outcome: {
      result: 'upstream_error',
      status: encoded.status,
      upstreamStatus: beside.upstreamStatus,
      error,
      ...(beside.facts === undefined ? {} : { facts: { ...beside.facts, handles: [] } }),
      responseBytes: body.byteLength,
    },
  }
}

/** The error without what only its own protocol means: the place that it names is one of our own making. */
export const foreign = (error: CanonicalError, client: ProtocolId, inArray = false): CanonicalError => {
  const { param: _ours, extensions: _theirs, raw: _raw, ...rest } = error
  const worded = wordContextError(rest, client)
  return {
    ...worded,
    message: maskSecrets(worded.message),
    ...(inArray ? { extensions: { gemini: { $array: true } } } : {}),
  }
}

const encoder = new TextEncoder()
