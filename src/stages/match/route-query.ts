import type { Operation, ProtocolId } from '../../ir/index.ts'
import type { Demands } from './demands.ts'

/** What rules look at. Demands are read only if a rule asks. */
export interface RouteQuery {
  readonly model: string
  readonly pinnedProvider: string | undefined
  readonly operation: Operation
  readonly protocol: ProtocolId
  readonly key: { readonly id: string; readonly name: string }
  readonly team: string | null
  readonly headers: { get(name: string): string | null }
  readonly session: string | undefined
  readonly demands: () => Demands
  /** Milliseconds since 1970. */
  readonly at: number
}
