import { GatewayError } from '../../errors.ts'
import type { ProtocolId } from '../../ir/index.ts'
import { isWhole, whenSettled } from '../../pipeline/index.ts'
import type { Credential } from '../../providers/index.ts'
import type { EntryDraft } from '../ledger/index.ts'
import type { Target } from '../match/index.ts'
import type { AttemptExchange } from './attempt.ts'
import type { Call } from './circuit-breaker.ts'
import type { Result } from './failures.ts'
import { judgeError, judgeReply, type Verdict } from './judge.ts'
import { targetName } from './order-targets.ts'
import type { Run } from './run.ts'

/** Who is asked, and what is to be told of it. */
export interface Asked {
  readonly target: Target
  readonly protocol: ProtocolId
  readonly credential: Credential
  readonly call: Call
}

/** What became of an upstream call, as far as that is known before the first content goes out. */
export interface Ended extends Asked {
  readonly number: number
  readonly startedAt: number
  readonly result: Result
  readonly verdict: Verdict
}

/** An upstream call that is under way. */
export interface Begun extends Asked {
  /** From 1. */
  readonly number: number
  readonly startedAt: number
  /** Never rejects. */
  readonly ended: Promise<Ended>
}

/** One of two calls for the same answer. */
export interface Raced extends Begun {
  /** The client gets this one's answer. */
  adopt(ended: Ended): void
  /** The other one was quicker: ends it, wherever it is. Resolves when its row is written. */
  lose(): Promise<void>
}

/** Makes a call whose answer is the exchange's, unless it fails. */
export const beginCall = (run: Run, asked: Asked): Begun => {
  const { entry } = run.exchange
  entry.provider = asked.target.provider.id
  entry.credential = asked.credential.id
  return begin(run, asked, {})
}

/**
 * Makes a call that another one may overtake: it has an end of its own, and a notebook of its own.
 * @param waitsForContent milliseconds
 */
export const beginRaced = (run: Run, asked: Asked, waitsForContent: number): Raced => {
  const { exchange } = run
  const ending = new AbortController()
  const leave = (): void => ending.abort(exchange.signal.reason)
  if (exchange.signal.aborted) leave()
  else exchange.signal.addEventListener('abort', leave, { once: true })
  const entry = exchange.entry.fork()
  entry.provider = asked.target.provider.id
  entry.credential = asked.credential.id
  const begun = begin(run, asked, { entry, signal: ending.signal, waitsForContent })
  return {
    ...begun,
    adopt: (ended) => adopt(run, entry, ended),
    async lose() {
      ending.abort(overtaken())
      const { result } = await begun.ended
      if ('reply' in result && !isWhole(result.reply)) result.reply.body.cancel()
    },
  }
}

interface Own {
  readonly entry?: EntryDraft
  readonly signal?: AbortSignal
  readonly waitsForContent?: number
}

const begin = (run: Run, asked: Asked, { waitsForContent, ...own }: Own): Begun => {
  const { parts, exchange } = run
  const { target, protocol, credential } = asked
  run.calls++
  const number = run.calls
  const startedAt = parts.now()
  const tried: AttemptExchange = {
    ...exchange,
    ...own,
    attempt: {
      number,
      target,
      credential,
      protocol,
      startedAt,
      withoutState: run.withoutState,
      mayWait: run.mayWait,
      ...(waitsForContent === undefined ? {} : { waitsForContent }),
    },
  }
  const make = async (): Promise<Result> => {
    const done = parts.health.loads.begin(targetName(asked))
    try {
      const reply = await run.attempt(tried)
      whenSettled(reply, done)
      return { reply }
    } catch (error) {
      done()
      return { error }
    } finally {
      // The row tells how far the attempt came.
      exchange.stage = tried.stage
    }
  }
  const ended = make().then((result): Ended => {
    const verdict = 'reply' in result ? judgeReply(result.reply) : judgeError(result.error)
    return { ...asked, number, startedAt, result, verdict }
  })
  return { ...asked, number, startedAt, ended }
}

const adopt = ({ exchange }: Run, entry: EntryDraft, { number, result }: Ended): void => {
  exchange.entry.adopt(entry)
  exchange.entry.answeredBy = number
  // Its first content may be yet to come.
  if ('reply' in result) void whenSettled(result.reply, () => exchange.entry.adopt(entry))
}

const overtaken = (): GatewayError =>
  new GatewayError('gateway_hedge_lost', 'another call of the same exchange answered first')
