import type { WorkMode } from '../../ir/index.ts'
import type { Exchange, Internal } from '../../pipeline/index.ts'
import type { Endpoint, Protocol } from '../../protocols/index.ts'
import { createId } from '../../telemetry/index.ts'
import type { Recorded } from '../ledger/index.ts'

/** What the gateway asks by itself, and for whom. */
export interface OwnRequest {
  readonly kind: Exchange['kind']
  readonly tenant: Internal['tenant']
  readonly target: NonNullable<Internal['target']>
  /** Of the request that it repeats. */
  readonly tags?: readonly string[]
  readonly protocol: Protocol
  readonly endpoint: Endpoint
  /** As on the vendor's host, with all parameters filled in. */
  readonly path: string
  readonly parameters: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly headers: Headers
  readonly body: Uint8Array
  /** Other than that of the gateway. */
  readonly workMode?: WorkMode
  /** Whose request it repeats; default nobody's. */
  readonly remoteAddress?: string
  readonly signal: AbortSignal
  /** Milliseconds since 1970. */
  readonly at: number
}

/** Stages add to an exchange: what it cost can be read there when it is over. */
export type OwnExchange = Exchange & Partial<Recorded>

/** An exchange that the gateway starts by itself. It enters at the top and goes to one target, whatever routes say. */
export const ownExchange = (request: OwnRequest): OwnExchange => {
  const { kind, tenant, target, protocol, endpoint, signal, at, body, remoteAddress = '' } = request
  const { path, parameters, query, headers, workMode, tags } = request
  return {
    id: createId('req'),
    kind,
    internal: { tenant, target, ...(tags === undefined ? {} : { tags }) },
    protocol,
    endpoint,
    operation: endpoint.operation,
    incoming: {
      method: endpoint.method,
      path,
      parameters,
      query,
      headers,
      pinnedProvider: undefined,
      workMode,
      remoteAddress,
      readBody: () => Promise.resolve(body),
    },
    signal,
    startedAt: at,
    stage: '',
  }
}
