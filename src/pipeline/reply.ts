import type { CanonicalError } from '../ir/index.ts'
import type { AnswerFacts } from '../protocols/index.ts'

/** What goes back to the client. A whole body has its outcome at once; a stream has it when it settles. */
export type Reply = WholeReply | StreamReply

interface ReplyHead {
  readonly status: number
  readonly headers: Headers
}

export interface WholeReply extends ReplyHead {
  readonly body: Uint8Array
  readonly outcome: Outcome
}

export interface StreamReply extends ReplyHead {
  readonly body: BodyStream
  /** How it ended, where that is known before its first content: nothing of an answer has reached the client. */
  readonly failedEarly?: Outcome
}

/** How an exchange ended. */
export interface Outcome {
  readonly result:
    | 'success'
    | 'upstream_error'
    | 'refused'
    | 'client_aborted'
    | 'upstream_died'
    | 'gateway_error'
  /** What the client got. */
  readonly status: number
  /** What the provider answered with, where that is another. */
  readonly upstreamStatus?: number
  readonly error?: CanonicalError
  /** What the answer told about itself: usage, model, ids. */
  readonly facts?: AnswerFacts
  /** Where `facts.usage` came from; absent means the provider reported it. */
  readonly usageSource?: 'reported' | 'counted' | 'estimated'
  readonly responseBytes: number
}

/**
 * A streamed body. The last piece waits until every settle hook is done, so that an answer which the client saw
 * complete is in the ledger.
 */
export interface BodyStream {
  /**
   * The next bytes for the client, undefined at the end.
   * @throws BrokenStream when the client must see a broken connection instead of a clean end
   */
  next(): Promise<Uint8Array | undefined>
  /** The client left. Idempotent. */
  cancel(): void
  /**
   * The gateway ends the answer here, as complete as it is: the upstream call ends, and nothing more comes.
   * Resolves when it is settled. @param outputTokens what was counted so far, for lack of a final count
   */
  cut?(outputTokens: number): Promise<void>
  /** Runs when the outcome is known, in the order of registration (inner stages first). */
  onSettle(hook: SettleHook): void
}

export type SettleHook = (outcome: Outcome) => Promise<void> | void

/** Thrown by `next()` where a clean end would be taken for success. */
export class BrokenStream extends Error {
  constructor() {
    super('stream broken on purpose: the upstream died')
    this.name = 'BrokenStream'
  }
}

export const isWhole = (reply: Reply): reply is WholeReply => reply.body instanceof Uint8Array

/** Runs the hook with the outcome: now for a whole reply, at the end for a stream. */
export const whenSettled = (reply: Reply, hook: SettleHook): Promise<void> | void => {
  if (isWhole(reply)) return hook(reply.outcome)
  reply.body.onSettle(hook)
}
