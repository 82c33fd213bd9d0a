import type { Draft } from './draft.ts'
import type { Place } from './source-node.ts'

export interface ImportedLimit {
  readonly level: 'global' | 'key' | 'provider' | 'model'
  /** Which provider or model; absent: each of them. */
  readonly name?: string
  readonly requestsPerMinute?: number
  readonly inputTokensPerMinute?: number
  readonly outputTokensPerMinute?: number
  readonly concurrent?: number
}

/** The one place that knows how our `limits` section says it. */
export const addLimit = (draft: Draft, limit: ImportedLimit, from: Place, text?: string): void => {
  const { level, name, requestsPerMinute, inputTokensPerMinute, outputTokensPerMinute, concurrent } = limit
  draft.add(
    'limits',
    {
      level,
      ...(name === undefined ? {} : { name }),
      ...(requestsPerMinute === undefined ? {} : { requests_per_minute: requestsPerMinute }),
      ...(inputTokensPerMinute === undefined ? {} : { input_tokens_per_minute: inputTokensPerMinute }),
      ...(outputTokensPerMinute === undefined ? {} : { output_tokens_per_minute: outputTokensPerMinute }),
      ...(concurrent === undefined ? {} : { concurrent }),
    },
    from,
    text,
  )
}
