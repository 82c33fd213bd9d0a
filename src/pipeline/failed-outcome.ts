import { toGatewayError } from '../errors.ts'
import type { Outcome } from './reply.ts'

/** What an exchange came to that ended with a thrown error: the one answer for ledger, metrics and log. */
export const failedOutcome = (error: unknown): Outcome => {
  const { code, row } = toGatewayError(error)
  return {
    result: resultOf(row.kind, code),
    status: row.status,
    error: { kind: row.kind, message: code, code },
    responseBytes: 0,
  }
}

const resultOf = (kind: string, code: string): Outcome['result'] => {
  if (kind === 'client_gone') return 'client_aborted'
  if (kind === 'internal') return 'gateway_error'
  return upstreamCodes.has(code) ? 'upstream_error' : 'refused'
}

const upstreamCodes: ReadonlySet<string> = new Set([
  'gateway_upstream_unreachable',
  'gateway_upstream_timeout',
  'gateway_upstream_died',
  'gateway_upstream_invalid',
  'gateway_upstream_redirect',
  'gateway_upstream_credentials_exhausted',
])
