import type { Operation, WorkMode } from '../ir/index.ts'
import type { Endpoint, Protocol } from '../protocols/index.ts'

/** One request and its reply, as the listener hands it over. Stages add to it. */
export interface Exchange {
  /** `req_…`, unique and sortable; also `x-tollgate-request-id`. */
  readonly id: string
  readonly kind: 'client' | 'shadow' | 'canary' | 'cache' | 'background' | 'peer'
  /** Only on exchanges that the gateway starts by itself: no client's key stands behind them. */
  readonly internal?: Internal
  readonly protocol: Protocol
  readonly endpoint: Endpoint
  readonly operation: Operation
  readonly incoming: Incoming
  /** Aborted when the client leaves. Belongs to the exchange, not to an attempt. */
  readonly signal: AbortSignal
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  /** The stage that runs now, for the ledger: which one ended it. Set by the pipeline. */
  stage: string
}

/** Who an exchange of the gateway's own belongs to, and where it goes. */
export interface Internal {
  readonly tenant: {
    readonly organisation: string
    readonly team: string | null
    readonly user: string | null
    readonly key: string | null
  }
  /** What the exchange that it stems from was tagged with. Absent: nothing. */
  readonly tags?: readonly string[]
  /** The one target, whatever the routes say. Absent: as routed. */
  readonly target?: { readonly provider: string; readonly model: string }
}

/** The request as it arrived, before its body was read. */
export interface Incoming {
  readonly method: string
  /** As on the vendor's host, prefixes of ours removed. */
  readonly path: string
  readonly parameters: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly headers: Headers
  /** The provider that the path prefix pins, if any. */
  readonly pinnedProvider: string | undefined
  /** What the port that it came in at says; undefined for nothing. */
  readonly workMode: WorkMode | undefined
  readonly remoteAddress: string
  /** Reads the whole body once, within the limits. Throws `gateway_body_too_large`, `gateway_body_timeout`. */
  readBody(): Promise<Uint8Array>
}
