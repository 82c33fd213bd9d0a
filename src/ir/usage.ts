/**
 * Tokens of one upstream call, in OpenTelemetry's words. A counter that the provider did not report is absent,
 * never 0. `inputTokens` includes cache reads and writes; `outputTokens` includes reasoning.
 * Source: translation.md §12.
 */
export interface Usage {
  readonly inputTokens?: number
  readonly outputTokens?: number
  readonly cacheReadTokens?: number
  /** Written for a short life (Anthropic 5 minutes, OpenAI 30 minutes). */
  readonly cacheWriteTokens?: number
  /** Written for a long life (Anthropic 1 hour, OpenAI 12 hours). */
  readonly cacheWriteLongTokens?: number
  readonly reasoningTokens?: number
  /** Part of `inputTokens`: what server tools fed to the model (Gemini `toolUsePromptTokenCount`). */
  readonly toolPromptTokens?: number
  readonly inputAudioTokens?: number
  readonly outputAudioTokens?: number
  readonly inputImageTokens?: number
  readonly outputImageTokens?: number
  readonly webSearches?: number
  readonly webFetches?: number
}

export const usageCounters = [
  'inputTokens',
  'outputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'cacheWriteLongTokens',
  'reasoningTokens',
  'toolPromptTokens',
  'inputAudioTokens',
  'outputAudioTokens',
  'inputImageTokens',
  'outputImageTokens',
  'webSearches',
  'webFetches',
] as const satisfies readonly (keyof Usage)[]

/** What two calls came to together; a counter that neither reported stays absent. */
export const addUsage = (one: Usage, other: Usage): Usage => {
  const sum: Partial<Record<keyof Usage, number>> = {}
  for (const counter of usageCounters) {
    const [first, second] = [one[counter], other[counter]]
    if (first !== undefined || second !== undefined) sum[counter] = (first ?? 0) + (second ?? 0)
  }
  return sum
}

/** Later non-absent counters win: providers send preliminary numbers first (translation.md §12). */
export const mergeUsage = (earlier: Usage | undefined, later: Usage): Usage => ({ ...earlier, ...later })
