import type { ErrorKind, GatewayError } from '../errors.ts'
import type { Node } from './node.ts'

/** An error as the canonical form says it; protocols' error codecs read and write it. */
export interface CanonicalError extends Node {
  readonly kind: ErrorKind
  readonly message: string
  /** The provider's own code, e.g. `context_length_exceeded`, or ours (`gateway_*`). */
  readonly code?: string
  readonly type?: string
  readonly param?: string
  /** HTTP status that came with it, if any. */
  readonly status?: number
  readonly retryAfter?: number
}

/** One of our errors, as far as an answer that has begun can say it: with no field and no wait. */
export const canonicalOf = ({ row, code, message }: GatewayError): CanonicalError => ({
  kind: row.kind,
  code,
  message,
})
