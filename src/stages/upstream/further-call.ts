import { toGatewayError } from '../../errors.ts'
import { type CanonicalError, canonicalOf, type GenerateResponse, type Usage } from '../../ir/index.ts'
import type { AnswerFacts } from '../../protocols/index.ts'
import type { AttemptExchange } from '../attempts/index.ts'
import { estimatedTokens } from '../meter/index.ts'
import type { GenerateTranslation } from '../translate/index.ts'
import { readWire } from './read-whole.ts'
import { refuseBadCredential, refuseUnusable } from './refuse-unusable.ts'
import { type HttpCall, type Outgoing, sendHttp } from './send-http.ts'
import { timeoutsOf } from './timeouts-of.ts'
import { translatedRequest } from './translated-request.ts'
import type { TranslationJob } from './translation-job.ts'

/**
 * A provider that runs tools pauses an answer that takes long, and goes on when it gets its own words back
 * (`pause_turn`). No other protocol knows that, so the gateway asks: the client sees one answer (translation.md §11.2).
 */
export interface FurtherCalls {
  /** The next request; undefined where the answer ends as it stands: often enough, or no budget has room. */
  next(soFar: GenerateResponse, facts: AnswerFacts): Promise<FurtherCall | undefined>
  /** @throws AnswerBroken where the provider does not answer */
  send(call: FurtherCall): Promise<HttpCall>
  /** Nobody waits for it any more. */
  leave(): void
}

export interface FurtherCall {
  readonly outgoing: Outgoing
  /** Tokens of what is sent, as far as the provider has not said it. */
  readonly inputTokens: number
}

export interface Breach {
  readonly error: CanonicalError
  /** May the provider bill the last call all the same? */
  readonly isBilled: boolean
  /** The provider itself said so; else the connection broke, or took too long. */
  readonly isSaid: boolean
}

/** A paused answer does not go on. */
export class AnswerBroken extends Error {
  readonly breach: Breach

  constructor(breach: Breach) {
    super(breach.error.message)
    this.name = 'AnswerBroken'
    this.breach = breach
  }
}

export const furtherCalls = ({
  parts,
  exchange,
  translation,
}: TranslationJob<GenerateTranslation>): FurtherCalls => {
  const leaving = new AbortController()
  const calling = { ...exchange, signal: AbortSignal.any([exchange.signal, leaving.signal]) }
  let calls = 1
  return {
    async next(soFar, facts) {
      const { sent, upstreamCodec } = translation
      if (calls > parts.pauses()) return undefined
      const continued = upstreamCodec.continueRequest?.(sent, soFar)
      if (continued === undefined) return undefined
      const request = translatedRequest(exchange, { ...translation, sent: continued }, parts.userAgent)
      const bytes = request.body?.byteLength ?? 0
      const known = callsOf(facts)
      const inputTokens = Math.max(estimatedTokens(bytes), tokensOf(known.at(-1)))
      if (!(await exchange.holdAgain({ calls: known, bytes, inputTokens }))) return undefined
      calls++
      return { outgoing: { ...request, isContinuation: true }, inputTokens }
    },
    async send({ outgoing }) {
      let call: HttpCall
      try {
        call = await sendHttp(calling, timeoutsOf(parts, exchange), parts, outgoing)
      } catch (error) {
        throw lost(error)
      }
      const refused = await refusal(calling, translation, call)
      if (refused !== undefined) throw new AnswerBroken({ error: refused, isBilled: false, isSaid: true })
      return call
    },
    leave: () => leaving.abort(exchange.signal.reason),
  }
}

/** Each call of an answer that has said what it used. */
const callsOf = ({ calls, usage }: AnswerFacts): readonly Usage[] =>
  calls ?? (usage === undefined ? [] : [usage])

/** The next prompt holds the last one and what was said to it. */
const tokensOf = (usage: Usage | undefined): number => (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0)

/** Nobody knows what the provider has made of it. */
export const lost = (error: unknown): AnswerBroken => {
  if (error instanceof AnswerBroken) return error
  const gatewayError = toGatewayError(error)
  return new AnswerBroken({ error: canonicalOf(gatewayError), isBilled: gatewayError.wasSent, isSaid: false })
}

const refusal = async (
  exchange: AttemptExchange,
  { upstream }: GenerateTranslation,
  call: HttpCall,
): Promise<CanonicalError | undefined> => {
  const { provider } = exchange.attempt.target
  try {
    refuseUnusable(call, provider.id)
    if (call.response.status < 400) return undefined
    const { status, headers, body } = await readWire(exchange, call)
    const error = upstream.errors.decode(status, headers, body)
    refuseBadCredential(error, provider.id)
    return error
  } catch (error) {
    return canonicalOf(toGatewayError(error))
  }
}
