import { GatewayError } from '../../errors.ts'
import { type Handler, pause, type Reply } from '../../pipeline/index.ts'
import { admit, hasOther, openUntil } from './admit.ts'
import type { AnsweredExchange, AttemptExchange, AttemptsParts } from './attempt.ts'
import { backoff } from './backoff.ts'
import { beginCall, type Ended } from './begin-call.ts'
import { decorate } from './decorate.ts'
import { createFailures } from './failures.ts'
import { hedgedCall } from './hedged-call.ts'
import { named, wasAccepted } from './judge.ts'
import { learn } from './learn.ts'
import type { Choice } from './possible-targets.ts'
import { goesWithoutState, isRepeatable } from './repeatable.ts'
import { goesOn, inTime, type Run } from './run.ts'
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
      choices,
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
      const reply = (await waitForRoom(run)) ?? (await lastResort(run))
      if (reply !== undefined) {
        run.failures.discard()
        return reply
      }
    } catch (error) {
      run.failures.discard()
      throw error
    }
    return giveUp(run)
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
const lastResort = async (run: Run): Promise<Reply | undefined> => {
  const { budget } = run.parts.health
  const left = run.choices
    .filter((choice) => !run.asked.has(choice))
    .sort((a, b) => openUntil(run, a.target) - openUntil(run, b.target))
  for (const choice of left) {
    const isExtra = run.calls > 0
    if (!goesOn(run) || (isExtra && !budget.withdraw())) return undefined
    const before = run.calls
    const reply = await askTarget(run, choice, true, true)
    // Nobody was there to be asked, or who was has answered.
    if (isExtra && (reply !== undefined || run.calls === before)) budget.refund()
    if (reply !== undefined) return reply
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
  const { budget } = parts.health
  const set = new Set<string>()
  let tries = 0
  let isPaid = false
  for (;;) {
    const admitted = admit(run, target, set, anyway)
    if (admitted === undefined) {
      // What was paid for is not made: the circuit opened during the wait.
      if (isPaid) budget.refund()
      return undefined
    }
    const { isForced, ...upstream } = admitted
    run.asked.add(choice)
    const asked = { target, protocol, ...upstream }
    const ended = await (isForced ? beginCall(run, asked).ended : hedgedCall(run, asked, set, note(run)))
    const { result, verdict, credential } = ended
    learn(parts, exchange, ended)
    if (verdict.type === 'stale' && !run.withoutState && goesWithoutState(exchange, protocol)) {
      run.failures.add(ended)
      run.withoutState = true
      isPaid = false
      continue
    }
    if (verdict.type === 'answered' || verdict.type === 'final' || verdict.type === 'stale') {
      if (isPaid) budget.refund()
      return settle(run, ended)
    }
    run.failures.add(ended)
    if (
      (verdict.type === 'failed' || verdict.type === 'unsayable' || wasAccepted(result)) &&
      !isRepeatable(parts.catalog, exchange, { target, protocol })
    ) {
      run.isSpent = true
      return undefined
    }
    switch (verdict.type) {
      case 'unsayable':
        return undefined
      case 'unfit':
        // Nothing was sent.
        if (isPaid) budget.refund()
        return undefined
      case 'full':
        // Nothing was sent.
        if (isPaid) budget.refund()
        isPaid = false
        run.full.add(choice)
        set.add(credential.id)
        // Who waits does so once, and for one of the keys.
        if (!run.mayWait && hasOther(parts, target, set, credential)) continue
        return undefined
      case 'refused': {
        set.add(credential.id)
        const change = mayChangeKey(run, set, most)
        if (change === 'no') return undefined
        isPaid = change === 'paid'
        continue
      }
      case 'limited':
        if (hasOther(parts, target, set, credential)) {
          set.add(credential.id)
          const change = mayChangeKey(run, set, most)
          if (change === 'no') return undefined
          isPaid = change === 'paid'
          continue
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
    isPaid = true
  }
}

/** A call that failed beside one that has still a chance. */
const note =
  (run: Run) =>
  (ended: Ended): void => {
    learn(run.parts, run.exchange, ended)
    run.failures.add(ended)
  }

/** The first few other keys are free; a provider that refuses dozens of them is down, and is asked no more than others. */
const mayChangeKey = (run: Run, set: ReadonlySet<string>, most: number): 'free' | 'paid' | 'no' => {
  if (!goesOn(run)) return 'no'
  if (set.size < most) return 'free'
  return run.parts.health.budget.withdraw(true) ? 'paid' : 'no'
}

/** An answer tells how many calls it took; an error after others tells of all of them. */
const settle = (run: Run, { target, result, verdict }: Ended): Reply => {
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

/** Nothing was answered: the client gets what says most. */
const giveUp = (run: Run): Reply => {
  const { exchange, failures, calls, choices } = run
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
