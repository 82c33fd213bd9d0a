import { GatewayError, toGatewayError } from '../../errors.ts'
import { canonicalOf, type GenerateResponse } from '../../ir/index.ts'
import type { Outcome, WholeReply } from '../../pipeline/index.ts'
import type { AnswerFacts, WireResponse } from '../../protocols/index.ts'
import { type EncodedAnswer, encodeAnswer, RefusedAnswer, translateAnswer } from '../../translation/index.ts'
import {
  clientFraming,
  type GenerateTranslation,
  replyContext,
  type Translation,
} from '../translate/index.ts'
import { clientLeft } from './client-left.ts'
import { goOnWhole } from './go-on-whole.ts'
import { factsOf, heardAnswer, unreadable } from './heard-answer.ts'
import { translatedError } from './translated-error.ts'
import { translatedHeaders } from './translated-headers.ts'
import { report, type TranslationJob } from './translation-job.ts'

/** An answer that was read whole, or an error, in the client's protocol. What cannot be read is an error as well. */
export const translatedWhole = async (
  job: TranslationJob<Translation>,
  wire: WireResponse,
): Promise<WholeReply> => {
  const { parts, exchange, translation } = job
  const { upstream } = translation
  const { status: upstreamStatus } = wire
  const headers = translatedHeaders(exchange, wire.headers, parts.now())
  if (upstreamStatus >= 400) {
    const error = upstream.errors.decode(upstreamStatus, wire.headers, wire.body)
    return translatedError(exchange, error, { headers, upstreamStatus })
  }
  const facts = factsOf(translation, wire)
  if (facts.ended === 'failed') {
    const error = facts.error ?? upstream.errors.decode(upstreamStatus, wire.headers, wire.body)
    return translatedError(exchange, error, { headers, upstreamStatus, facts })
  }
  let heard: Heard
  try {
    heard = hear(translation, wire)
  } catch (error) {
    if (!(error instanceof GatewayError || error instanceof SyntaxError)) report(job, error)
    return translatedError(exchange, unreadable, { headers, upstreamStatus, facts })
  }
  if (heard.operation !== 'generate') return success(heard.said, facts, headers)
  const whole = { ...job, translation: heard.translation }
  if (!heard.translation.mayPause) return said(whole, heard.answer, { headers, upstreamStatus, facts })
  const { answer, breach, ...wentOn } = await goOnWhole(whole, heard.answer, facts)
  const beside = { headers, upstreamStatus, facts: wentOn.facts }
  if (breach === undefined) return said(whole, answer, beside)
  const failed = translatedError(exchange, breach.error, beside)
  const outcome: Outcome = breach.isBilled ? { ...failed.outcome, usageSource: 'estimated' } : failed.outcome
  return exchange.signal.aborted ? clientLeft(outcome, exchange.signal) : { ...failed, outcome }
}

/** The provider's answer, read at once, so that its nonsense is told from our own. */
type Heard =
  | {
      readonly operation: 'generate'
      readonly translation: GenerateTranslation
      readonly answer: GenerateResponse
    }
  | { readonly operation: 'plain'; readonly said: EncodedAnswer }

const hear = (translation: Translation, wire: WireResponse): Heard => {
  if (translation.operation === 'generate') {
    return { operation: 'generate', translation, answer: heardAnswer(translation, wire) }
  }
  const said = { body: translation.answer(wire), headers: { 'content-type': 'application/json' } }
  return { operation: 'plain', said }
}

/** An answer in the client's words. */
const said = (
  job: TranslationJob<GenerateTranslation>,
  answer: GenerateResponse,
  beside: { readonly headers: Headers; readonly upstreamStatus: number; readonly facts: AnswerFacts },
): WholeReply => {
  const { exchange, translation } = job
  try {
    const encoded = encodeAnswer(translateAnswer(answer, translation), {
      client: translation.clientCodec,
      reply: replyContext(exchange, translation.asked),
      framing: clientFraming(exchange),
      losses: translation.losses,
    })
    return success(encoded, beside.facts, beside.headers)
  } catch (error) {
    if (error instanceof RefusedAnswer) {
      const refused = translatedError(exchange, error.error, beside)
      return { ...refused, outcome: { ...refused.outcome, result: 'refused' } }
    }
    const failure = canonicalOf(toGatewayError(error))
    if (failure.kind === 'internal') report(job, error)
    return translatedError(exchange, failure, beside)
  }
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
