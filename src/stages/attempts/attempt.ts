import type { Catalog } from '../../catalog/index.ts'
import type { ProtocolId, WorkMode } from '../../ir/index.ts'
import type { Exchange } from '../../pipeline/index.ts'
import type { Credential } from '../../providers/index.ts'
import type { TokenCounter } from '../../translation/index.ts'
import type { Authenticated } from '../authenticate/index.ts'
import type { Screened } from '../firewall/index.ts'
import type { HandlesChecked } from '../handles/index.ts'
import type { Recorded } from '../ledger/index.ts'
import type { Limited } from '../limits/index.ts'
import type { LoopBroken } from '../loops/index.ts'
import type { Matched, Target } from '../match/index.ts'
import type { Received } from '../receive/index.ts'
import type { InSession } from '../sessions/index.ts'
import type { Zoned } from '../zone/index.ts'
import type { RetrySettings } from './backoff.ts'
import type { CredentialPool } from './credential-pool.ts'
import type { UpstreamHealth } from './upstream-health.ts'

/** One upstream call to come. */
export interface Attempt {
  /** From 1. */
  readonly number: number
  readonly target: Target
  readonly credential: Credential
  readonly protocol: ProtocolId
  readonly startedAt: number
  /** The provider refused the reasoning state that the history holds: this call goes without. */
  readonly withoutState: boolean
  /**
   * The head of its answer waits so long for content, in milliseconds, whatever else the provider says before. Absent:
   * as long as any head does.
   */
  readonly waitsForContent?: number
  /** No other target is left: the call may wait for room at its provider. */
  readonly mayWait: boolean
}

export interface Attempting {
  readonly attempt: Attempt
}

export type AnsweredExchange = Exchange &
  Authenticated &
  Recorded &
  Received &
  InSession &
  Matched &
  Zoned &
  Limited &
  HandlesChecked &
  LoopBroken &
  Screened

export type AttemptExchange = AnsweredExchange & Attempting

export interface AttemptsParts {
  readonly pool: CredentialPool
  /** Of the gateway. */
  readonly workMode: WorkMode
  readonly tokenCounter: TokenCounter
  readonly catalog: Pick<Catalog, 'capabilities' | 'knownServerTools' | 'price'>
  readonly health: UpstreamHealth
  readonly retry: RetrySettings
  /** May calls wait for room at this provider? */
  readonly hasQueue: (provider: string) => boolean
  /** A provider does not take one of our keys any more. */
  readonly onRefusedCredential: (provider: string, credential: string) => void
  /** It takes again what it had refused. */
  readonly onAcceptedCredential: (provider: string, credential: string) => void
  /** A second call was made beside a slow one, and was quicker or not. @param provider who answered */
  readonly onHedge: (provider: string, result: 'won' | 'lost') => void
  readonly now: () => number
  /** 0 to 1. */
  readonly random: () => number
}
