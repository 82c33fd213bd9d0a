import type { Handler } from '../../pipeline/index.ts'
import type { AnsweredExchange, AttemptExchange, AttemptsParts } from './attempt.ts'
import type { Failures } from './failures.ts'
import type { Choice } from './possible-targets.ts'
import type { SessionTarget } from './session-targets.ts'

/** One exchange on its way through its targets. */
export interface Run {
  readonly parts: AttemptsParts
  readonly attempt: Handler<AttemptExchange>
  readonly exchange: AnsweredExchange
  /** In the order in which they are tried. */
  readonly choices: readonly Choice[]
  readonly last: SessionTarget | undefined
  readonly failures: Failures
  /** Upstream calls so far. */
  calls: number
  /** Targets that were called. */
  readonly asked: Set<Choice>
  /** Targets whose provider the gateway would not let take more. */
  readonly full: Set<Choice>
  /** Calls may wait for room at their provider. */
  mayWait: boolean
  /** Something may have happened at a provider that must not happen twice. */
  isSpent?: boolean
  /** A second call beside one that was slow: there is one of an exchange. */
  hasHedged?: boolean
  /** A provider refused the reasoning state that the history holds; that happens once. */
  withoutState: boolean
}

/** @param wait milliseconds until the next call would begin */
export const inTime = ({ parts, exchange }: Run, wait: number): boolean =>
  parts.now() + wait - exchange.startedAt < parts.retry.deadline

export const goesOn = (run: Run): boolean =>
  run.isSpent !== true && inTime(run, 0) && !run.exchange.signal.aborted
