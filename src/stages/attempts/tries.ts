import { GatewayError } from '../../errors.ts'
import type { ProtocolId } from '../../ir/index.ts'
import { type Handler, type Reply, whenSettled } from '../../pipeline/index.ts'
import type { Credential } from '../../providers/index.ts'
import type { Target } from '../match/index.ts'
import type { AnsweredExchange, AttemptExchange, AttemptsParts } from './attempt.ts'
import { backoff, pause } from './backoff.ts'
import type { Call } from './circuit-breaker.ts'
import { decorate } from './decorate.ts'
import { createFailures, type Failed, type Failures, type Result } from './failures.ts'
import { judgeError, judgeReply, named, type Verdict, wasAccepted } from './judge.ts'
import { learn } from './learn.ts'
import { targetName } from './order-targets.ts'
import type { Choice } from './possible-targets.ts'
import { goesWithoutState, isRepeatable } from './repeatable.ts'
import type { SessionTarget } from './session-targets.ts'

/** Goes through the targets until one answers, or says what came of it when none does. */
export const createTries =
  (parts: AttemptsParts, attempt: Handler<AttemptExchange>) =>
  async (
    exchange: AnsweredExchange,
    choices: readonly Choice[],
    last: SessionTarget | undefined,
  ): Promise<Reply> => {
    const run: Run = {
      parts,
      attempt,
      exchange,
      last,
      failures: createFailures(),
      calls: 0,
      asked: new Set(),
      full: new Set(),
      mayWait: false,
      withoutState: false,
    }
    try {
      for (const [index, choice] of choices.entries()) {
        const reply = await askTarget(run, choice, index === choices.length - 1)
        if (reply !== undefined) {
          run.failures.discard()
          return reply
        }
        if (!goesOn(run)) break
      }
      const reply = (await waitForRoom(run)) ?? (await lastResort(run, choices))
      if (reply !== undefined) {
        run.failures.discard()
        return reply
      }
    } catch (error) {
      run.failures.discard()
      throw error
    }
    return giveUp(run, choices)
  }

interface Run {
  readonly parts: AttemptsParts
  readonly attempt: Handler<AttemptExchange>
  readonly exchange: AnsweredExchange
  readonly last: SessionTarget | undefined
  readonly failures: Failures
  /** Upstream calls so far. */
  calls: number
  /** Targets that were called. */
  readonly asked: Set<Choice>
  /** Targets whose provider the gateway would not let take more. */
  readonly full: Set<Choice>
  mayWait: boolean
  /** Something may have happened at a provider that must not happen twice. */
  isSpent?: boolean
  /** A provider refused the reasoning state that the history holds; that happens once. */
  withoutState: boolean
}

/** Nothing answered, and some targets only had no room: now their queues are worth the wait. */
const waitForRoom = async (run: Run): Promise<Reply | undefined> => {
  const worth = [...run.full].filter(({ target }) => run.parts.hasQueue(target.provider.id))
  run.mayWait = true
  for (const choice of worth) {
    if (!goesOn(run)) return undefined
    const reply = await askTarget(run, choice, true)
    if (reply !== undefined) return reply
  }
  return undefined
}

/**
 * The exchange is about to fail. Targets that were left alone because their keys rest or their circuits are open get
 * one call all the same, those first that are free soonest: they may have healed in the meantime, and a provider's own
 * words say more than a refusal of ours. Beyond the first call of an exchange this is paid for like a retry, so that
 * an outage of everything is not amplified.
 */
const lastResort = async (run: Run, choices: readonly Choice[]): Promise<Reply | undefined> => {
  const { health } = run.parts
  const openUntil = ({ target }: Choice): number =>
    Math.min(
      ...credentialsOf(run, target, true).map(
        (one) => health.circuits.of(upstreamName(target, one)).openUntil,
      ),
    )
  const left = choices.filter((choice) => !run.asked.has(choice)).sort((a, b) => openUntil(a) - openUntil(b))
  for (const choice of left) {
    const isExtra = run.calls > 0
    if (!goesOn(run) || (isExtra && !health.budget.withdraw())) return undefined
    const reply = await askTarget(run, choice, true, true)
    if (reply === undefined) continue
    if (isExtra) health.budget.refund()
    return reply
  }
  return undefined
}

/**
 * @param anyway resting keys and open circuits do not count
 * @returns the answer; undefined when the next target is to be tried
 */
const askTarget = async (
  run: Run,
  choice: Choice,
  isLast: boolean,
  anyway = false,
): Promise<Reply | undefined> => {
  const { parts, exchange } = run
  const { target, protocol } = choice
  // The gateway counts for it only where it is the first choice: a count beside a failure would hide that.
  if (protocol === undefined) return undefined
  const most = exchange.match.policy?.tries ?? parts.retry.tries
  const set = new Set<string>()
  let tries = 0
  for (;;) {
    const admitted = admit(run, target, set, anyway)
    if (admitted === undefined) {
      // What was paid for is not made: the circuit opened during the wait.
      if (tries > 0) parts.health.budget.refund()
      return undefined
    }
    const { credential, call, isForced } = admitted
    run.asked.add(choice)
    const startedAt = parts.now()
    const result = await make(run, { target, protocol, credential })
    const verdict = 'reply' in result ? judgeReply(result.reply) : judgeError(result.error)
    learn(parts, exchange, { target, credential, call, result, verdict, startedAt })
    const failed: Failed = {
      result,
      verdict,
      target,
      credential,
      words: named(result),
      number: run.calls,
    }
    if (verdict.type === 'stale' && !run.withoutState && goesWithoutState(exchange, protocol)) {
      run.failures.add(failed)
      run.withoutState = true
      continue
    }
    if (verdict.type === 'answered' || verdict.type === 'final' || verdict.type === 'stale') {
      if (tries > 0) parts.health.budget.refund()
      return settle(run, target, result, verdict)
    }
    run.failures.add(failed)
    if ((verdict.type === 'failed' || wasAccepted(result)) && !isRepeatable(exchange, protocol)) {
      run.isSpent = true
      return undefined
    }
    switch (verdict.type) {
      case 'unfit':
        return undefined
      case 'refused':
        set.add(credential.id)
        if (mayChangeKey(run, set, most)) continue
        return undefined
      case 'full':
        run.full.add(choice)
        set.add(credential.id)
        // Who waits does so once, and for one of the keys.
        if (!run.mayWait && hasOther(parts, target, set, credential)) continue
        return undefined
      case 'limited':
        if (hasOther(parts, target, set, credential)) {
          set.add(credential.id)
          if (mayChangeKey(run, set, most)) continue
          return undefined
        }
        // With the next target at hand nobody waits for this one's clock.
        if (verdict.retryAfter !== undefined && !isLast) return undefined
        break
      case 'unreachable':
        if (!isLast) return undefined
        break
      case 'failed':
        if (!verdict.again) return undefined
    }
    tries++
    if (
      isForced ||
      tries >= most ||
      !(await rests(run, tries, 'retryAfter' in verdict ? verdict.retryAfter : undefined, isLast))
    ) {
      return undefined
    }
  }
}

/** The first few other keys are free; a provider that refuses dozens of them is down, and is asked no more than others. */
const mayChangeKey = (run: Run, set: ReadonlySet<string>, most: number): boolean =>
  goesOn(run) && (set.size < most || run.parts.health.budget.withdraw(true))

interface Admitted {
  readonly credential: Credential
  readonly call: Call
  /** Its circuit is open. */
  readonly isForced: boolean
}

/** The next credential whose circuit lets a call through. */
const admit = (run: Run, target: Target, set: ReadonlySet<string>, anyway: boolean): Admitted | undefined => {
  const { circuits } = run.parts.health
  const left = credentialsOf(run, target, anyway).filter(({ id }) => !set.has(id))
  for (const credential of left) {
    const call = circuits.of(upstreamName(target, credential)).admit()
    if (call !== undefined) return { credential, call, isForced: false }
  }
  const [first] = left
  if (!anyway || first === undefined) return undefined
  return { credential: first, call: circuits.of(upstreamName(target, first)).force(), isForced: true }
}

const credentialsOf = (run: Run, { provider, model }: Target, anyway: boolean): readonly Credential[] => {
  const { parts, exchange, last } = run
  const { pool } = parts
  const { sticky } = exchange
  if (sticky !== undefined) {
    const stuck = pool.byId(provider.id, sticky.credential)
    return stuck === undefined ? [] : [stuck]
  }
  if (anyway) return pool.anyway(provider.id, model)
  return pool.order(provider.id, model, last?.provider === provider.id ? last.credential : undefined)
}

/** What a circuit is kept for. */
const upstreamName = (target: Target, credential: Credential): string =>
  `${target.provider.id}/${target.model} ${credential.id}`

const hasOther = (
  { pool }: AttemptsParts,
  { provider, model }: Target,
  set: ReadonlySet<string>,
  used: Credential,
): boolean => pool.order(provider.id, model).some((one) => one.id !== used.id && !set.has(one.id))

const make = async (
  run: Run,
  { target, protocol, credential }: { target: Target; protocol: ProtocolId; credential: Credential },
): Promise<Result> => {
  const { parts, exchange } = run
  const { entry } = exchange
  entry.provider = target.provider.id
  entry.credential = credential.id
  run.calls++
  const number = run.calls
  const tried: AttemptExchange = {
    ...exchange,
    attempt: {
      number,
      target,
      credential,
      protocol,
      startedAt: parts.now(),
      withoutState: run.withoutState,
      mayWait: run.mayWait,
    },
  }
  const done = parts.health.loads.begin(targetName({ target, protocol }))
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

/** An answer tells how many calls it took; an error after others tells of all of them. */
const settle = (run: Run, target: Target, result: Result, verdict: Verdict): Reply => {
  const { calls, failures, exchange } = run
  const isFurtherFailure = verdict.type !== 'answered' && calls > 1
  const said = isFurtherFailure
    ? failures.said(calls, `${target.provider.id} ${named(result)}`)
    : String(calls)
  if ('reply' in result) return decorate(result.reply, exchange, target, said)
  throw isFurtherFailure && result.error instanceof GatewayError
    ? withAttempts(result.error, said)
    : result.error
}

/** Rests before the same upstream is asked again; false when that is not worth it. */
const rests = async (
  run: Run,
  failures: number,
  retryAfter: number | undefined,
  isLast: boolean,
): Promise<boolean> => {
  const { retry, health, random } = run.parts
  const wait = backoff(retry, failures, retryAfter, random)
  if (wait === undefined || !inTime(run, wait) || !health.budget.withdraw(!isLast)) return false
  try {
    await pause(wait, run.exchange.signal)
  } catch {
    health.budget.refund()
    throw new GatewayError('gateway_client_gone', 'the client left before the answer began')
  }
  return true
}

const inTime = ({ parts, exchange }: Run, wait: number): boolean =>
  parts.now() + wait - exchange.startedAt < parts.retry.deadline

const goesOn = (run: Run): boolean => run.isSpent !== true && inTime(run, 0) && !run.exchange.signal.aborted

/** Nothing was answered: the client gets what says most. */
const giveUp = (run: Run, choices: readonly Choice[]): Reply => {
  const { exchange, failures, calls } = run
  const said = failures.said(calls)
  const { best } = failures
  if (best === undefined) throw withAttempts(noCredential(choices), said)
  const { target, credential, result } = best
  exchange.entry.provider = target.provider.id
  exchange.entry.credential = credential.id
  exchange.entry.answeredBy = best.number
  if ('reply' in result) return decorate(result.reply, exchange, target, said)
  throw result.error instanceof GatewayError ? withAttempts(result.error, said) : result.error
}

const withAttempts = (error: GatewayError, said: string): GatewayError => {
  error.attempts = said
  return error
}

const noCredential = ([choice]: readonly Choice[]): GatewayError =>
  new GatewayError(
    'gateway_upstream_credentials_exhausted',
    `your key is fine, but the gateway has no working credential for the provider ${choice?.target.provider.id}`,
  )
