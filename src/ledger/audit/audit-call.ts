import type { UsageSource } from '../entry.ts'

/** What an audit looks at of one upstream call. Times in milliseconds; null is unknown. */
export interface AuditCall {
  /** When it began. */
  readonly at: number
  readonly provider: string
  /** The model that was asked for. */
  readonly model: string
  readonly answered: string | null
  /** Of the upstream. */
  readonly protocol: string
  /** How the answer ended, in that protocol's words. */
  readonly finishReason: string | null
  readonly status: number | null
  readonly error: string | null
  /** The client left before the end: the numbers are those of a part. */
  readonly isAborted: boolean
  readonly latencyMs: number
  /** From the beginning of this call; known for streams. */
  readonly ttftMs: number | null
  readonly outputTokens: number | null
  readonly usageSource: UsageSource | null
}

export type CallResult =
  | 'success'
  /** The upstream's doing: errors, limits, refused credentials, answers that broke off. */
  | 'failed'
  /** The request's doing: wrong, too long. */
  | 'refused'
  | 'aborted'

const requestFaults: ReadonlySet<number> = new Set([400, 405, 406, 411, 413, 414, 415, 422])

export const resultOf = ({ status, error, isAborted }: AuditCall): CallResult => {
  if (isAborted) return 'aborted'
  if (status === null) return 'failed'
  if (status < 400) return error === null ? 'success' : 'failed'
  return requestFaults.has(status) ? 'refused' : 'failed'
}

/** How a call ended, in a word: `success`, `aborted`, the provider's or our error code, or `status 500`. */
export const outcomeOf = (call: AuditCall): string => {
  const result = resultOf(call)
  if (result === 'success' || result === 'aborted') return result
  return call.error ?? `status ${call.status}`
}

/** Fewer tokens or a shorter time measure the network's pieces and not the model. */
const fewestTokens = 16
const shortestMs = 50

/** Tokens per second after the first one; null where that says nothing. */
export const speedOf = ({ latencyMs, ttftMs, outputTokens }: AuditCall): number | null => {
  if (ttftMs === null || outputTokens === null) return null
  const duration = latencyMs - ttftMs
  return outputTokens < fewestTokens || duration < shortestMs ? null : (outputTokens * 1000) / duration
}
