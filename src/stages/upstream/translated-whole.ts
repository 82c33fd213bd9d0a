import { GatewayError, toGatewayError } from '../../errors.ts'
import { type CanonicalError, collect, type GenerateResponse } from '../../ir/index.ts'
import type { WholeReply } from '../../pipeline/index.ts'
import type { AnswerFacts, WireResponse } from '../../protocols/index.ts'
import { type EncodedAnswer, encodeAnswer, RefusedAnswer, translateAnswer } from '../../translation/index.ts'
import { frameSplitter, sseDecoder } from '../../wire/index.ts'
import {
  clientFraming,
  type GenerateTranslation,
  replyContext,
  type Translation,
} from '../translate/index.ts'
import { decoded } from './decoded.ts'
import { translatedError } from './translated-error.ts'
import { translatedHeaders } from './translated-headers.ts'
import { report, type TranslationJob } from './translation-job.ts'

/** An answer that was read whole, or an error, in the client's protocol. What cannot be read is an error as well. */
export const translatedWhole = (
  job: TranslationJob<Translation>,
  response: Response,
  body: Uint8Array,
): WholeReply => {
  const { parts, exchange, translation } = job
  const { upstream } = translation
  const headers = translatedHeaders(exchange, response.headers, parts.now())
  const readable = decoded(body, response.headers.get('content-encoding')) ?? new Uint8Array(0)
  const upstreamStatus = response.status
  if (upstreamStatus >= 400) {
    const error = upstream.errors.decode(upstreamStatus, response.headers, readable)
    return translatedError(exchange, error, { headers, upstreamStatus })
  }
  const inPieces = isEventStream(response)
  const facts = inPieces
    ? streamFacts(translation, readable)
    : upstream.meterBody(readable, exchange.operation)
  if (facts.ended === 'failed') {
    const error = facts.error ?? upstream.errors.decode(upstreamStatus, response.headers, readable)
    return translatedError(exchange, error, { headers, upstreamStatus, facts })
  }
  const wire: WireResponse = { status: 200, headers: response.headers, body: readable }
  let say: () => EncodedAnswer
  try {
    say = sayer(job, wire, inPieces)
  } catch (error) {
    if (!(error instanceof GatewayError || error instanceof SyntaxError)) report(job, error)
    return translatedError(exchange, unreadable, { headers, upstreamStatus, facts })
  }
  try {
    return success(say(), facts, headers)
  } catch (error) {
    if (error instanceof RefusedAnswer) {
      const refused = translatedError(exchange, error.error, { headers, upstreamStatus, facts })
      return { ...refused, outcome: { ...refused.outcome, result: 'refused' } }
    }
    const { code, row, message } = toGatewayError(error)
    if (row.kind === 'internal') report(job, error)
    return translatedError(exchange, { kind: row.kind, code, message }, { headers, upstreamStatus, facts })
  }
}

export const isEventStream = ({ status, headers }: Response): boolean =>
  status < 400 && headers.get('content-type')?.includes('text/event-stream') === true

const unreadable: CanonicalError = {
  kind: 'upstream',
  code: 'gateway_upstream_invalid',
  message: 'the provider answered with something that is not its protocol',
}

/** Reads the provider's answer now, so that its nonsense is told from our own, and says it later. */
const sayer = (
  job: TranslationJob<Translation>,
  wire: WireResponse,
  inPieces: boolean,
): (() => EncodedAnswer) => {
  const { translation } = job
  if (translation.operation !== 'generate') {
    const body = translation.answer(wire)
    return () => ({ body, headers: { 'content-type': 'application/json' } })
  }
  const answer = inPieces
    ? collectStream(translation, wire.body)
    : translation.upstreamCodec.decodeResponse(wire)
  const { exchange } = job
  return () =>
    encodeAnswer(translateAnswer(answer, translation), {
      client: translation.clientCodec,
      reply: replyContext(exchange, translation.asked),
      framing: clientFraming(exchange),
      losses: translation.losses,
    })
}

const success = (said: EncodedAnswer, facts: AnswerFacts, headers: Headers): WholeReply => {
  const body = new TextEncoder().encode(said.body)
  for (const [name, value] of Object.entries(said.headers)) headers.set(name, value)
  return {
    status: 200,
    headers,
    body,
    outcome: {
      result: 'success',
      status: 200,
      facts: { ...facts, handles: [] },
      responseBytes: body.byteLength,
    },
  }
}

/** A stream that nobody asked for. */
const collectStream = (translation: GenerateTranslation, body: Uint8Array): GenerateResponse => {
  const frames = sseDecoder()
  const decoder = translation.upstreamCodec.streamDecoder()
  const events = [...frames.push(body), ...frames.end()].flatMap((frame) => decoder.push(frame))
  return collect(translation.upstream.id, [...events, ...decoder.end()]).response
}

const streamFacts = ({ upstream }: Translation, body: Uint8Array): AnswerFacts => {
  const meter = upstream.meterStream({ framing: 'sse', hideUsage: false, conform: false })
  const splitter = frameSplitter()
  for (const block of [...splitter.push(body), ...splitter.end()]) meter.push(block)
  return meter.facts()
}
