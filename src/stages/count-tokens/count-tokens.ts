import { GatewayError } from '../../errors.ts'
import type { GenerateRequest, GenerateResponse, ProtocolId, Usage } from '../../ir/index.ts'
import type { CountCheck } from '../../ledger/index.ts'
import { type Outcome, type Reply, type Stage, whenSettled } from '../../pipeline/index.ts'
import { protocols } from '../../protocols/index.ts'
import { type AnswerCounter, countEdition } from '../../translation/index.ts'
import type { AttemptExchange } from '../attempts/index.ts'
import { capture } from '../capture/index.ts'
import { readAnswer } from '../own-exchange/index.ts'
import type { CacheKept } from '../prompt-cache/index.ts'
import type { Translated } from '../translate/index.ts'
import { compareCounts } from './compare-counts.ts'
import type { CountChecks, CountSample } from './count-checks.ts'
import { rememberAnswer } from './remember-answer.ts'

export interface CountTokensParts {
  readonly countChecks: CountChecks
  /** Of the calls, 0 to 1. */
  readonly countShare: number
  /** Has learnt nothing from any provider: who reports too much must not teach the ruler. */
  readonly checkCounter: AnswerCounter
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
  const { translation, attempt, protocol } = exchange
  let sent: Uint8Array | undefined
  const told = exchange.onSent
  const onSent = (body: Uint8Array): void => {
    told?.(body)
    if (sample.hold(body.byteLength)) sent = body
  }
  const finish = (outcome: Outcome, read: () => GenerateResponse | undefined): void => {
    const call = outcome.result === 'success' ? answeredCall(exchange, outcome, sent) : undefined
    if (call === undefined) sample.drop(outcome.result === 'success' ? 'uncountable' : 'no_answer')
    else sample.count(() => checkOf(parts.checkCounter, call, read))
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
      if (captured !== undefined) finish(captured.outcome, () => readAnswer(protocol, captured))
    },
  })
}

/** What is kept of a call until it is counted: the exchange holds much more. */
interface AnsweredCall {
  readonly sent: Uint8Array
  /** It names things that lie at the provider. */
  readonly hasReferences: boolean
  readonly usage: Usage
  readonly named: Pick<CountCheck, 'exchange' | 'attempt' | 'at' | 'provider' | 'model'>
  readonly protocol: ProtocolId
}

/** Undefined where nothing can be compared. */
const answeredCall = (
  { id, attempt, facts: asked }: Asked,
  { facts, usageSource = 'reported' }: Outcome,
  sent: Uint8Array | undefined,
): AnsweredCall | undefined => {
  const { usage, sideUsage = [] } = facts ?? {}
  if (sent === undefined || usage === undefined || usageSource !== 'reported') return undefined
  // What was spent beside the answer is not told apart in the prompt.
  if (sideUsage.length > 0) return undefined
  const { target, number, startedAt, protocol } = attempt
  const { provider, model } = target
  return {
    sent,
    hasReferences: asked.handles.length > 0,
    usage,
    named: { exchange: id, attempt: number, at: startedAt, provider: provider.id, model },
    protocol,
  }
}

const checkOf = async (
  counter: AnswerCounter,
  { sent, hasReferences, usage, named, protocol }: AnsweredCall,
  read: () => GenerateResponse | undefined,
): Promise<CountCheck | undefined> => {
  const response = read()
  if (response === undefined) return undefined
  await turn()
  const request = hasReferences ? undefined : requestOf(protocol, named.model, sent)
  await turn()
  const compared = await compareCounts(counter, { request, response, usage, target: named })
  return compared && { ...named, protocol, edition: countEdition, ...compared }
}

/** The prompt of a body. Undefined where the provider takes more than the protocol says. */
const requestOf = (protocol: ProtocolId, model: string, body: Uint8Array): GenerateRequest | undefined => {
  try {
    return protocols[protocol].generate?.decodeRequest({
      method: 'POST',
      path: '',
      parameters: { model },
      query: new URLSearchParams(),
      headers: new Headers(),
      body,
    })
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}

/** Others come first. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
