/** What a canary prompt came to, once. No word of prompts or answers. */
export interface CanaryRun {
  /** Its own exchange. */
  readonly exchange: string
  /** Which prompt: `canaryId`. */
  readonly canary: string
  /** When it was sent. Milliseconds since 1970. */
  readonly at: number
  readonly provider: string
  readonly model: string
  readonly result: CanaryResult
  /** Why there is no answer: our error code, or the status of a refusal. */
  readonly error: string | null
}

/** `failed`: an answer came and is not the expected one. */
export type CanaryResult = 'passed' | 'failed' | 'no_answer'

export const canaryResults = ['passed', 'failed', 'no_answer'] as const satisfies readonly CanaryResult[]

/** Everything that an answer depends on. */
export interface CanaryPrompt {
  readonly provider: string
  readonly model: string
  readonly prompt: string
  readonly expect?: string | undefined
  readonly max_output_tokens: number
}

/** The same for the same prompt in every process; another one where anything about it changes. */
export const canaryId = ({ provider, model, prompt, expect, max_output_tokens }: CanaryPrompt): string =>
  new Bun.CryptoHasher('sha256')
    .update(JSON.stringify([provider, model, prompt, expect ?? null, max_output_tokens]))
    .digest('hex')
    .slice(0, 16)
