import type { CountCheck } from '../../ledger/index.ts'
import { type Outcome, type Reply, type Stage, whenSettled } from '../../pipeline/index.ts'
import { countEdition } from '../../translation/index.ts'
import type { AttemptExchange } from '../attempts/index.ts'
import { capture } from '../capture/index.ts'
import type { CacheKept } from '../prompt-cache/index.ts'
import type { Translated } from '../translate/index.ts'
import type { AnsweredCall } from './compare-call.ts'
import type { ComparedCounts } from './compare-counts.ts'
import type { CountChecks, CountSample } from './count-checks.ts'
import { rememberAnswer } from './remember-answer.ts'

export interface CountTokensParts {
  readonly countChecks: CountChecks
  /** Of the calls, 0 to 1. */
  readonly countShare: number
  /** Counts in a thread of its own. Undefined where nothing can be compared. */
  readonly compareCall: (call: AnsweredCall) => Promise<ComparedCounts | undefined>
  readonly now: () => number
}

type Asked = AttemptExchange & Translated & CacheKept
type Watched = Pick<Translated, 'translation'> & CacheKept

/**
 * Counts the tokens of a share of the calls, of what really went to the provider and of what it really said, and
 * records them beside what it reported. Looks on while they pass, and counts when the client has its answer.
 */
export const countTokens = (parts: CountTokensParts): Stage<Asked, Watched> => ({
  name: 'count-tokens',
  run(exchange, next) {
    const { translation, onSent } = exchange
    const sample = sampleOf(parts, exchange)
    return sample === undefined ? next({ translation, onSent }) : watched(parts, exchange, { sample, next })
  },
})

/** The audit is without canaries and the cache's questions, and what answers without HTTP bills nobody. */
const sampleOf = (
  { countChecks, countShare: share }: CountTokensParts,
  { id: exchange, attempt, operation, kind }: Asked,
): CountSample | undefined => {
  if (share === 0 || operation !== 'generate' || kind === 'canary' || kind === 'cache') return undefined
  const { provider, model } = attempt.target
  if (provider.send !== undefined) return undefined
  return countChecks.sample({ exchange, provider: provider.id, model, share })
}

interface Watching {
  readonly sample: CountSample
  readonly next: (added: Watched) => Promise<Reply>
}

const watched = async (
  parts: CountTokensParts,
  exchange: Asked,
  { sample, next }: Watching,
): Promise<Reply> => {
  const { translation, attempt } = exchange
  let sent: Uint8Array | undefined
  const told = exchange.onSent
  const onSent = (body: Uint8Array): void => {
    told?.(body)
    if (sample.hold(body.byteLength)) sent = body
  }
  const finish = (outcome: Outcome, said: () => AnsweredCall['said'] | undefined): void => {
    const check = outcome.result === 'success' ? checkOf(exchange, outcome, sent) : undefined
    if (check === undefined) {
      sample.drop(outcome.result === 'success' ? 'uncountable' : 'no_answer')
      return
    }
    sample.count(async () => {
      const whole = said()
      const compared = whole && (await parts.compareCall({ ...check.call, said: whole }))
      return compared && { ...check.named, ...compared }
    })
  }
  const fail = (error: unknown): never => {
    sample.drop('no_answer')
    throw error
  }
  if (translation?.operation === 'generate') {
    const remembered = rememberAnswer(attempt.protocol, sample.hold)
    const answerMachines = () => [remembered.machine(), ...translation.answerMachines()]
    const reply = await next({ translation: { ...translation, answerMachines }, onSent }).catch(fail)
    void whenSettled(reply, (outcome) => finish(outcome, remembered.answer))
    return reply
  }
  return capture(await next({ translation, onSent }).catch(fail), {
    most: Number.POSITIVE_INFINITY,
    hold: sample.hold,
    // All of it is given back at once, when the sample ends.
    letGo: () => undefined,
    now: parts.now,
    onLoss: () => sample.drop('no_answer'),
    onEnd(captured) {
      if (captured === undefined) return
      const { outcome, headers, isStreamed, pieces } = captured
      finish(outcome, () => ({ headers: [...headers], isStreamed, bytes: Buffer.concat(pieces) }))
    },
  })
}

/** What is kept of a call until it is counted: the exchange holds much more. Undefined where nothing is reported. */
const checkOf = (
  { id, attempt, facts: asked }: Asked,
  { facts, usageSource = 'reported' }: Outcome,
  sent: Uint8Array | undefined,
): Check | undefined => {
  const { usage, sideUsage = [], calls } = facts ?? {}
  if (sent === undefined || usage === undefined || usageSource !== 'reported') return undefined
  // What was spent beside the answer, or in several calls, is not told apart in the prompt.
  if (sideUsage.length > 0 || calls !== undefined) return undefined
  const { number, startedAt, protocol } = attempt
  const target = { provider: attempt.target.provider.id, model: attempt.target.model }
  return {
    named: { exchange: id, attempt: number, at: startedAt, ...target, protocol, edition: countEdition },
    // What the request only names lies at the provider.
    call: { protocol, target, usage, sent: asked.handles.length > 0 ? undefined : sent },
  }
}

interface Check {
  readonly named: Omit<CountCheck, keyof ComparedCounts>
  readonly call: Omit<AnsweredCall, 'said'>
}
