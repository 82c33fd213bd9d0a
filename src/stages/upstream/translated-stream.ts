import { GatewayError } from '../../errors.ts'
import type { CanonicalError } from '../../ir/index.ts'
import type { Reply } from '../../pipeline/index.ts'
import { joinedAnswers, streamHeaders, translateStream } from '../../translation/index.ts'
import { clientFraming, type GenerateTranslation, replyContext } from '../translate/index.ts'
import { breakOnDeath } from './break-on-death.ts'
import { clientLeft } from './client-left.ts'
import { goOnStreaming, oneCall } from './go-on-streaming.ts'
import { httpSource } from './http-source.ts'
import { idleWatch } from './idle-watch.ts'
import { keptAlive } from './keep-alive.ts'
import { headPatience, prime } from './primed-stream.ts'
import type { HttpCall } from './send-http.ts'
import { PassThroughStream } from './stream-body.ts'
import { timeoutsOf } from './timeouts-of.ts'
import { translatedError } from './translated-error.ts'
import { translatedHeaders } from './translated-headers.ts'
import { translatingMeter } from './translating-meter.ts'
import { report, type TranslationJob } from './translation-job.ts'

/** A stream in the client's protocol; a failure before it has begun is an error with a status of its own. */
export const translatedStream = async (
  job: TranslationJob<GenerateTranslation>,
  call: HttpCall,
  upstreamBody: ReadableStream<Uint8Array>,
): Promise<Reply> => {
  const { parts, exchange, translation } = job
  const { protocol, entry } = exchange
  const { upstream, upstreamCodec, clientCodec } = translation
  const { response } = call
  const framing = clientFraming(exchange)
  const conform = parts.watchesGrammar()
  const translator = translateStream({
    upstream: upstreamCodec,
    client: clientCodec,
    translation,
    reply: replyContext(exchange, translation.asked),
    framing,
    conform,
    joined: translation.mayPause ? joinedAnswers(upstream.id) : undefined,
  })
  let isSilent = false
  let isDefect = false
  const meter = translatingMeter(
    () => upstream.meterStream({ framing: 'sse', hideUsage: false, conform }),
    translator,
    (error) => {
      // What the provider has said wrong is its own fault.
      isDefect = !(error instanceof GatewayError || error instanceof SyntaxError)
      report(job, error)
    },
  )
  const first = { call, source: httpSource(call, upstreamBody, response.headers.get('content-encoding')) }
  const idle = idleWatch(parts.watchdog, timeoutsOf(parts, exchange).idle, () => {
    isSilent = true
    source.abort()
  })
  const source = translation.mayPause
    ? goOnStreaming(job, first, { translator, meter, idle })
    : oneCall(first)
  const stream = new PassThroughStream({
    source,
    meter,
    isDefect: () => isDefect,
    protocol: protocol.id,
    isOver() {
      if (translator.isCut) source.abort()
      return translator.hasEnded || translator.isCut
    },
    isCut: () => translator.isCut || meter.isEstimated,
    framing: 'sse',
    status: response.status,
    requestBytes: entry.requestBytes,
    watch: idle,
    timedOut: () => isSilent || source.timedOut(),
    breakOnDeath: breakOnDeath(exchange.incoming.headers.get('user-agent'), protocol.id),
    onFirstContent() {
      entry.ttftMs = parts.now() - exchange.startedAt
    },
    onHandle() {},
    onEnd(violations) {
      for (const rule of violations) parts.onViolation(protocol.id, rule)
      for (const rule of meter.upstreamViolations()) parts.onViolation(upstream.id, rule)
    },
  })
  const { waitsForContent } = exchange.attempt
  const { body, outcome } = await prime(
    stream,
    () => translator.hasBegun || stream.hasContent || (waitsForContent === undefined && stream.hasBegun),
    waitsForContent ?? headPatience,
  )
  const headers = translatedHeaders(exchange, response.headers, parts.now())
  if (outcome !== undefined && outcome.result !== 'success') {
    if (exchange.signal.aborted) return clientLeft(outcome, exchange.signal)
    const upstreamStatus = response.status
    const failed = translatedError(exchange, outcome.error ?? died, { headers, upstreamStatus })
    return {
      ...failed,
      outcome: { ...outcome, upstreamStatus, status: failed.status, responseBytes: failed.body.byteLength },
    }
  }
  for (const [name, value] of Object.entries(streamHeaders(framing))) headers.set(name, value)
  return {
    status: 200,
    headers,
    body:
      framing === 'json-array' ? body : keptAlive(body, { client: protocol.id, watchdog: parts.watchdog }),
  }
}

const died: CanonicalError = {
  kind: 'upstream',
  code: 'gateway_upstream_died',
  message: 'the provider ended its answer before it had begun',
}
