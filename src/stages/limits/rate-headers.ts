import type { ProtocolId } from '../../ir/index.ts'
import type { Standing } from '../../limits/index.ts'
import { type OwnLimit, ownRateLimitHeaders } from '../../translation/index.ts'

/** How limits stand, in the client's own headers. @param said of the answer: only what is smaller is said again */
export const rateHeaders = (
  standings: readonly Standing[],
  client: ProtocolId,
  now: number,
  said?: Headers,
): Readonly<Record<string, string>> => {
  const limits = standings.flatMap(({ bound: { unit, limit }, level }): readonly OwnLimit[] =>
    unit === 'concurrent' || level.type !== 'bucket'
      ? []
      : [{ kind: kinds[unit], limit, remaining: level.left, reset: level.full }],
  )
  return limits.length === 0 ? none : ownRateLimitHeaders(limits, client, now, said)
}

const none: Readonly<Record<string, string>> = {}

const kinds = {
  requests: 'requests',
  tokens: 'tokens',
  input_tokens: 'input-tokens',
  output_tokens: 'output-tokens',
} as const
