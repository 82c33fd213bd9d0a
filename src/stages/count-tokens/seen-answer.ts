import type { Choice, FinishReason, Part, ReasoningPart, Usage } from '../../ir/index.ts'

/** What of an answer can be counted from outside, and how many tokens the provider reports for just that. */
export interface SeenAnswer {
  readonly parts: readonly Part[]
  readonly reportedTokens: number
  /** Reported for thoughts that are not among the parts. */
  readonly hiddenReasoning: number
}

/**
 * Thoughts that are shown word for word are counted with the rest. Of those that are hidden, sealed or summed up nobody
 * knows the words: then the tokens that the provider reports for them are taken off, and the rest is compared. Undefined
 * where the provider does not say how many they are, and where the answer holds more than words.
 */
export const seenAnswer = ({ parts, finish }: Choice, usage: Usage): SeenAnswer | undefined => {
  const { outputTokens, reasoningTokens = 0, outputAudioTokens = 0, outputImageTokens = 0 } = usage
  if (outputTokens === undefined || outputAudioTokens + outputImageTokens > 0) return undefined
  if (finish === undefined || !wholeEnds.has(finish.reason)) return undefined
  if (!parts.every(({ type }) => words.has(type))) return undefined
  const thoughts = parts.filter((part) => part.type === 'reasoning')
  if (thoughts.length > 0 && thoughts.every(isShown)) {
    return { parts, reportedTokens: outputTokens, hiddenReasoning: 0 }
  }
  if (thoughts.length > 0 && reasoningTokens === 0) return undefined
  return {
    parts: parts.filter(({ type }) => type !== 'reasoning'),
    reportedTokens: Math.max(0, outputTokens - reasoningTokens),
    hiddenReasoning: reasoningTokens,
  }
}

const isShown = ({ pieces, state }: ReasoningPart): boolean =>
  state === undefined && pieces.length > 0 && pieces.every(({ kind }) => kind === 'text')

const words: ReadonlySet<Part['type']> = new Set(['text', 'refusal', 'json', 'reasoning', 'tool-call'])

/** Behind these nothing was taken back of what was written. */
const wholeEnds: ReadonlySet<FinishReason> = new Set(['end', 'stop-sequence', 'tool-calls', 'length'])
