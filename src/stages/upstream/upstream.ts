import { GatewayError } from '../../errors.ts'
import type { Handler, Reply } from '../../pipeline/index.ts'
import type { UpstreamReply } from '../../providers/index.ts'
import type { Logger } from '../../telemetry/index.ts'
import type { AttemptExchange } from '../attempts/index.ts'
import { issue } from '../meter/index.ts'
import type { Reserved } from '../reserve/index.ts'
import type { Translated } from '../translate/index.ts'
import { breakOnDeath } from './break-on-death.ts'
import { clientLeft } from './client-left.ts'
import { decoded } from './decoded.ts'
import { httpSource } from './http-source.ts'
import { keptAlive } from './keep-alive.ts'
import { headPatience, prime } from './primed-stream.ts'
import { readWhole } from './read-whole.ts'
import { refuseBadCredential, refuseNonsense, refuseUnusable } from './refuse-unusable.ts'
import { responseHeaders } from './response-headers.ts'
import { type HttpCall, type SendParts, sendHttp } from './send-http.ts'
import { PassThroughStream, type StreamSource } from './stream-body.ts'
import { type TimeoutParts, timeoutsOf } from './timeouts-of.ts'
import { translated } from './translated.ts'
import { asksForUsage, upstreamAddress, upstreamBody } from './upstream-request.ts'

export interface UpstreamParts extends TimeoutParts, SendParts {
  readonly now: () => number
  readonly logger: Pick<Logger, 'error'>
  /** How the gateway names itself where it does not pass on a client's own bytes. */
  readonly userAgent: string
  /** Shall the next stream be watched for grammar violations? It costs a parse per frame, so only some are. */
  readonly watchesGrammar: () => boolean
  readonly onViolation: (protocol: string, rule: string) => void
  /** How often one answer may pause and go on. */
  readonly pauses: () => number
}

/** To the upstream and back: untouched, metered and not rebuilt, where both speak one protocol; else translated. */
export const upstream =
  (parts: UpstreamParts): Handler<AttemptExchange & Translated & Reserved> =>
  (exchange) => {
    exchange.stage = 'upstream'
    if (exchange.translation !== undefined) return translated(parts, exchange, exchange.translation)
    return exchange.attempt.target.provider.send === undefined
      ? overHttp(parts, exchange)
      : locally(parts, exchange)
  }

const overHttp = async (parts: UpstreamParts, exchange: AttemptExchange & Reserved): Promise<Reply> => {
  const { provider } = exchange.attempt.target
  const timeouts = timeoutsOf(parts, exchange)
  const call = await sendHttp(exchange, timeouts, parts)
  const { response } = call
  refuseUnusable(call, provider.id)
  const framing = framingOf(exchange, response.status, response.headers)
  if (framing === undefined || response.body === null) return whole(exchange, call)
  return streamed(parts, exchange, {
    framing,
    hidesUsage: call.hidesUsage,
    status: response.status,
    headers: responseHeaders(response.headers),
    idle: timeouts.idle,
    timedOut: call.timedOut,
    source: httpSource(call, response.body, response.headers.get('content-encoding')),
  })
}

const whole = async (exchange: AttemptExchange, call: HttpCall): Promise<Reply> => {
  const body = await readWhole(exchange, call)
  return wholeReply(exchange, call.response.status, call.response.headers, body)
}

const wholeReply = (
  exchange: AttemptExchange,
  status: number,
  upstreamHeaders: Headers,
  body: Uint8Array,
): Reply => {
  const { protocol, operation } = exchange
  const headers = responseHeaders(upstreamHeaders)
  const readable = decoded(body, upstreamHeaders.get('content-encoding'))
  const responseBytes = body.byteLength
  if (status >= 400) {
    const error = protocol.errors.decode(status, upstreamHeaders, readable ?? new Uint8Array(0))
    refuseBadCredential(error, exchange.attempt.target.provider.id)
    return { status, headers, body, outcome: { result: 'upstream_error', status, error, responseBytes } }
  }
  const facts = readable === undefined ? undefined : protocol.meterBody(readable, operation)
  if (facts !== undefined && facts.ended === undefined && readable !== undefined) {
    refuseNonsense(exchange, readable)
  }
  const failed = facts?.ended === 'failed'
  return {
    status,
    headers,
    body,
    outcome: {
      result: failed ? 'upstream_error' : 'success',
      status,
      ...(facts === undefined ? {} : { facts }),
      ...(failed && facts.error !== undefined ? { error: facts.error } : {}),
      responseBytes,
    },
  }
}

interface StreamedAnswer {
  readonly framing: 'sse' | 'json-array'
  readonly hidesUsage: boolean
  readonly status: number
  readonly headers: Headers
  readonly idle: number
  readonly source: StreamSource
  readonly timedOut: () => boolean
}

const streamed = async (
  parts: UpstreamParts,
  exchange: AttemptExchange,
  answer: StreamedAnswer,
): Promise<Reply> => {
  const { protocol, entry } = exchange
  let silent = false
  const watch = parts.watchdog.watch(answer.idle, () => {
    silent = true
    answer.source.abort()
  })
  const stream = new PassThroughStream({
    source: answer.source,
    meter: protocol.meterStream({
      framing: answer.framing,
      hideUsage: answer.hidesUsage,
      conform: parts.watchesGrammar(),
    }),
    protocol: protocol.id,
    framing: answer.framing,
    status: answer.status,
    requestBytes: entry.requestBytes,
    watch,
    timedOut: () => silent || answer.timedOut(),
    breakOnDeath: breakOnDeath(exchange.incoming.headers.get('user-agent'), protocol.id),
    onFirstContent() {
      entry.ttftMs = parts.now() - exchange.startedAt
    },
    onHandle: (handle) => issue(exchange, handle),
    onEnd(violations) {
      for (const rule of violations) parts.onViolation(protocol.id, rule)
    },
  })
  answer.headers.delete('content-encoding')
  const { waitsForContent } = exchange.attempt
  const hasBegun = (): boolean => (waitsForContent === undefined ? stream.hasBegun : stream.hasContent)
  const { body, outcome } = await prime(stream, hasBegun, waitsForContent ?? headPatience)
  if (outcome !== undefined && outcome.result !== 'success' && exchange.signal.aborted) {
    return clientLeft(outcome, exchange.signal)
  }
  const kept =
    answer.framing === 'sse' ? keptAlive(body, { client: protocol.id, watchdog: parts.watchdog }) : body
  return {
    status: answer.status,
    headers: answer.headers,
    body: kept,
    ...(outcome === undefined || outcome.result === 'success' ? {} : { failedEarly: outcome }),
  }
}

/** Only what says that it is a stream is pumped; errors and whole answers are read whole. */
const framingOf = (
  exchange: AttemptExchange,
  status: number,
  headers: Headers,
): 'sse' | 'json-array' | undefined => {
  if (status >= 400) return undefined
  const type = headers.get('content-type') ?? ''
  if (type.includes('text/event-stream')) return 'sse'
  if (exchange.protocol.id === 'gemini' && exchange.facts.stream && type.includes('json')) return 'json-array'
  return undefined
}

const locally = async (parts: UpstreamParts, exchange: AttemptExchange & Reserved): Promise<Reply> => {
  const { provider } = exchange.attempt.target
  const address = upstreamAddress(exchange)
  const answer: UpstreamReply | undefined = await provider.send?.({
    ...address,
    request: { ...exchange.request, body: upstreamBody(exchange) },
    stream: exchange.facts.stream,
    id: exchange.id,
    signal: exchange.signal,
  })
  if (answer === undefined)
    throw new GatewayError('gateway_internal', `the provider ${provider.id} cannot send`)
  if (answer.body instanceof Uint8Array)
    return wholeReply(exchange, answer.status, answer.headers, answer.body)
  const framing = framingOf(exchange, answer.status, answer.headers) ?? 'sse'
  return streamed(parts, exchange, {
    framing,
    hidesUsage: asksForUsage(exchange),
    status: answer.status,
    headers: answer.headers,
    idle: timeoutsOf(parts, exchange).idle,
    timedOut: () => false,
    source: localSource(answer.body),
  })
}

const localSource = (body: AsyncIterable<Uint8Array>): StreamSource => {
  const iterator = body[Symbol.asyncIterator]()
  return {
    async read() {
      const { done, value } = await iterator.next()
      return done === true ? undefined : value
    },
    abort() {
      void iterator.return?.()
    },
  }
}
