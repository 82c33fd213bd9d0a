export { summaryAnswer, summaryIn, wantsSummary } from './compaction.ts'
export {
  type AnswerCounter,
  countEdition,
  createLearningCounter,
  createTokenCounter,
  estimateText,
  imageSize,
  type LearningCounter,
  type TokenCounter,
} from './count-tokens/index.ts'
export { type EncodedAnswer, encodeAnswer } from './encode-answer.ts'
export { eventChain } from './event-chain.ts'
export { type Delta, isDelta, joinDeltas } from './join-deltas.ts'
export { joinAnswers, joinedAnswers } from './joined-answers.ts'
export { createLosses, type Losses } from './losses.ts'
export { type FetchMedia, inlineMedia } from './media/index.ts'
export type { Pass, Passed, TranslationContext, TranslationTarget, Warn } from './pass.ts'
export { createPasses } from './passes.ts'
export { type OwnLimit, ownRateLimitHeaders, rateLimitHeaders, usedUpUntil } from './rate-limit-headers.ts'
export {
  reasoningState,
  recallReasoning,
  refusesState,
  rememberReasoning,
  wantsReasoning,
} from './reasoning/index.ts'
export { prewarmAnswer } from './settings/index.ts'
export { arrayFramer, type StreamFramer, sseFramer } from './stream-framer.ts'
export { type StreamFraming, streamHeaders } from './stream-framing.ts'
export { takeOutState } from './take-out-state.ts'
export { toolsRunAt } from './tools/index.ts'
export { RefusedAnswer, translateAnswer } from './translate-answer.ts'
export { translateEmbedding } from './translate-embedding.ts'
export { type TranslatedRequest, translateRequest } from './translate-request.ts'
export { type StreamTranslator, translateStream } from './translate-stream.ts'
export { warningsHeader } from './warnings-header.ts'
export { wordContextError } from './word-context-error.ts'
