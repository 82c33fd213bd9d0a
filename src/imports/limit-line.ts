import type { Draft } from './draft.ts'
import type { Place } from './source-node.ts'

export interface ImportedLimit {
  readonly for:
    | { readonly level: 'global' | 'key' }
    /** What a provider allows for a model; `isOnly`: it is asked for no other. */
    | {
        readonly level: 'deployment'
        readonly provider: string
        readonly model: string
        readonly isOnly: boolean
      }
  readonly window:
    | 'requests_per_minute'
    | 'input_tokens_per_minute'
    | 'output_tokens_per_minute'
    | 'tokens_per_minute'
    | 'concurrent'
  readonly value: number
  readonly burst?: number
}

/** The one place that knows how our `limits` and `providers.<name>.limits` say it. */
export const addLimit = (draft: Draft, limit: ImportedLimit, from: Place): void => {
  const { for: whom, window, value, burst } = limit
  if (whom.level === 'deployment' && whom.isOnly) {
    draft.set(['providers', whom.provider, 'limits', window], value, from)
    return
  }
  const [level, text] =
    whom.level === 'deployment'
      ? ([
          'model',
          'holds for all providers of the model together, since a provider has its limits for all models here',
        ] as const)
      : [whom.level, undefined]
  draft.add(
    'limits',
    {
      level,
      ...(whom.level === 'deployment' ? { match: whom.model } : {}),
      [window]: value,
      ...(burst === undefined ? {} : { burst }),
    },
    from,
    text,
  )
}
