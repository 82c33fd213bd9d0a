import { toGatewayError } from '../../errors.ts'
import type { CanonicalError, GenerateResponse } from '../../ir/index.ts'
import type { AnswerFacts } from '../../protocols/index.ts'
import { joinAnswers } from '../../translation/index.ts'
import type { AttemptExchange } from '../attempts/index.ts'
import type { Reserved } from '../reserve/index.ts'
import type { GenerateTranslation } from '../translate/index.ts'
import { decoded } from './decoded.ts'
import { factsOf, heardAnswer, unreadable } from './heard-answer.ts'
import { joinedFacts, withInput } from './joined-facts.ts'
import { readWhole } from './read-whole.ts'
import { refuseBadCredential, refuseUnusable } from './refuse-unusable.ts'
import { type HttpCall, type Outgoing, sendHttp } from './send-http.ts'
import { timeoutsOf } from './timeouts-of.ts'
import { translatedRequest } from './translated-request.ts'
import type { TranslationJob } from './translation-job.ts'

/**
 * A provider that runs tools pauses an answer that takes long, and goes on when it gets its own words back
 * (`pause_turn`). No other protocol knows that, so the gateway asks: the client sees one answer (translation.md §11.2).
 */
export interface PausedAnswer {
  /** The next request; undefined where the answer ends as it stands: often enough, or no budget has room. */
  next(soFar: GenerateResponse): Promise<NextCall | undefined>
  /** @throws AnswerBroken where the provider does not answer */
  send(call: NextCall): Promise<HttpCall>
  /** Nobody waits for it any more. */
  leave(): void
}

export interface NextCall {
  readonly outgoing: Outgoing
  /** Tokens of what is sent, as far as the provider has not said it. */
  readonly inputTokens: number
}

/** A paused answer does not go on. */
export class AnswerBroken extends Error {
  readonly error: CanonicalError
  /** May the provider bill the last call all the same? */
  readonly isBilled: boolean

  constructor(error: CanonicalError, isBilled: boolean) {
    super(error.message)
    this.name = 'AnswerBroken'
    this.error = error
    this.isBilled = isBilled
  }
}

export type PausingJob = TranslationJob<GenerateTranslation> & { readonly exchange: Reserved }

export const pausedAnswer = ({ parts, exchange, translation }: PausingJob): PausedAnswer => {
  const leaving = new AbortController()
  const signal = AbortSignal.any([exchange.signal, leaving.signal])
  const calling = { ...exchange, signal }
  let calls = 1
  return {
    async next(soFar) {
      const { sent, upstreamCodec } = translation
      if (calls > parts.pauses()) return undefined
      const continued = upstreamCodec.continueRequest?.(sent, soFar)
      if (continued === undefined) return undefined
      const request = translatedRequest(exchange, { ...translation, sent: continued }, parts.userAgent)
      const inputTokens = Math.ceil((request.body?.byteLength ?? 0) / bytesPerToken)
      if (!(await exchange.holdAgain(inputTokens))) return undefined
      calls++
      return { outgoing: { ...request, isContinuation: true }, inputTokens }
    },
    async send({ outgoing }) {
      try {
        const call = await sendHttp(calling, timeoutsOf(parts, exchange), parts, outgoing)
        refuseUnusable(call, exchange.attempt.target.provider.id)
        if (call.response.status >= 400) throw await refusal(calling, translation, call)
        return call
      } catch (error) {
        throw broken(error)
      }
    },
    leave: () => leaving.abort(exchange.signal.reason),
  }
}

/** As for a stream that was cut. */
const bytesPerToken = 4

export const broken = (error: unknown): AnswerBroken => {
  if (error instanceof AnswerBroken) return error
  const { row, code, message, wasSent } = toGatewayError(error)
  return new AnswerBroken({ kind: row.kind, code, message }, wasSent)
}

const refusal = async (
  exchange: AttemptExchange,
  { upstream }: GenerateTranslation,
  call: HttpCall,
): Promise<AnswerBroken> => {
  const { status, headers } = call.response
  const body = await readWhole(exchange, call)
  const readable = decoded(body, headers.get('content-encoding')) ?? new Uint8Array(0)
  const error = upstream.errors.decode(status, headers, readable)
  refuseBadCredential(error, exchange.attempt.target.provider.id)
  return new AnswerBroken(error, false)
}

export interface WentOn {
  readonly answer: GenerateResponse
  readonly facts: AnswerFacts
  /** It did not come to its end. */
  readonly broken?: AnswerBroken
}

/** Goes on with an answer that was read whole, as often as it pauses. */
export const goOn = async (job: PausingJob, first: GenerateResponse, known: AnswerFacts): Promise<WentOn> => {
  const paused = pausedAnswer(job)
  let [answer, facts] = [first, known]
  while (answer.choices[0]?.finish?.reason === 'pause') {
    const call = await paused.next(answer)
    if (call === undefined) break
    try {
      const further = await read(job, await paused.send(call))
      facts = joinedFacts(facts, further.facts)
      answer = joinAnswers(answer, further.answer)
    } catch (error) {
      const failed = broken(error)
      return { answer, facts: failed.isBilled ? withInput(facts, call.inputTokens) : facts, broken: failed }
    }
  }
  return { answer, facts }
}

/** @throws AnswerBroken, or what `readWhole` throws */
const read = async (
  { exchange, translation }: PausingJob,
  call: HttpCall,
): Promise<{ readonly facts: AnswerFacts; readonly answer: GenerateResponse }> => {
  const { status, headers } = call.response
  const body = await readWhole(exchange, call)
  const wire = { status, headers, body: decoded(body, headers.get('content-encoding')) ?? new Uint8Array(0) }
  const facts = factsOf(translation, wire)
  if (facts.ended === 'failed') throw new AnswerBroken(facts.error ?? unreadable, true)
  try {
    return { facts, answer: heardAnswer(translation, wire) }
  } catch {
    throw new AnswerBroken(unreadable, true)
  }
}
