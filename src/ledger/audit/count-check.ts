/** What a provider reported of one call, beside what was counted here. No word of prompts or answers. */
export interface CountCheck {
  readonly exchange: string
  /** Number of the upstream call, from 1. */
  readonly attempt: number
  /** When it began. Milliseconds since 1970. */
  readonly at: number
  readonly provider: string
  /** The model that was asked for. */
  readonly model: string
  /** Of the upstream. */
  readonly protocol: string
  readonly method: CountMethod
  /** Which edition of the counting this is: others count otherwise. */
  readonly edition: number
  /** Null where the prompt holds what nobody can count from outside. */
  readonly input: CountPair | null
  /** Null where the answer does. */
  readonly output: CountPair | null
  /** Tokens of thoughts that are not shown: the provider's word for them is taken, and they are not in `output`. */
  readonly hiddenReasoning: number | null
}

/** Tokens. */
export interface CountPair {
  readonly reported: number
  readonly counted: number
}

/** `counted`: in the model's own alphabet; `estimated`: by the features of its texts. */
export type CountMethod = 'counted' | 'estimated'

export const countMethods = ['counted', 'estimated'] as const satisfies readonly CountMethod[]
