import { isUtf8 } from 'node:buffer'
import { GatewayError } from '../../errors.ts'
import type { Exchange, Stage } from '../../pipeline/index.ts'
import type { RequestFacts, ScannedRequest } from '../../protocols/index.ts'
import { type JsonScan, JsonSyntaxError, scanJson } from '../../wire/index.ts'
import type { Recorded } from '../ledger/index.ts'

export interface Received {
  readonly request: ScannedRequest
  readonly facts: RequestFacts
}

export interface ReceiveParts {
  /** How deep JSON may nest. */
  readonly maxNesting: number
}

/** Reads the body once and scans it once; everything behind works on these bytes. */
export const receive = (parts: ReceiveParts): Stage<Exchange & Recorded, Received> => ({
  name: 'receive',
  async run(exchange, next) {
    const { incoming, protocol, endpoint } = exchange
    const hasBody = endpoint.method === 'POST'
    if (hasBody) assertReadable(incoming.headers)
    const body = hasBody ? await incoming.readBody() : new Uint8Array(0)
    exchange.entry.requestBytes = body.byteLength
    const request: ScannedRequest = {
      method: incoming.method,
      path: incoming.path,
      parameters: incoming.parameters,
      query: incoming.query,
      headers: incoming.headers,
      body,
      endpoint,
      scan: body.byteLength === 0 ? emptyScan : scan(body, protocol.watchedKeys, parts.maxNesting),
    }
    if (body.byteLength > 0 && request.scan.rootType !== 'object') {
      throw new GatewayError('gateway_json_invalid', 'the body must be a JSON object')
    }
    if (body.byteLength === 0 && needsBody(exchange)) {
      throw new GatewayError('gateway_json_invalid', 'the body is empty, a JSON object is expected')
    }
    const facts = protocol.facts(request)
    exchange.entry.modelAsked = facts.model ?? null
    exchange.entry.session = sessionOf(incoming.headers, facts)
    exchange.entry.streamed = facts.stream
    return next({ request, facts })
  },
})

/** Names of sessions are ids of some dozen characters; longer ones are cut. */
const longestSession = 256

/** It becomes part of rows and of counters' names. */
export const sessionOf = (headers: Headers, { session }: RequestFacts): string | null =>
  (headers.get('x-tollgate-session') || session)?.slice(0, longestSession) ?? null

const emptyScan: JsonScan = { text: '', top: new Map(), watched: [], rootType: 'object', closings: [] }

const needsBody = ({ operation }: Exchange): boolean =>
  operation === 'generate' || operation === 'count-tokens' || operation === 'embed'

const assertReadable = (headers: Headers): void => {
  const encoding = headers.get('content-encoding')
  if (encoding !== null && encoding !== 'identity') {
    throw new GatewayError(
      'gateway_content_type_invalid',
      'compressed request bodies are not served, send plain JSON',
    )
  }
}

const scan = (body: Uint8Array, watch: ReadonlySet<string>, maxNesting: number): JsonScan => {
  if (!isUtf8(body)) throw new GatewayError('gateway_json_invalid', 'the body is not valid UTF-8')
  try {
    return scanJson(body, watch, maxNesting)
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw new GatewayError('gateway_json_invalid', error.message)
    throw error
  }
}
