export {
  type AnswerCache,
  type AnswerCacheParts,
  type CacheCounts,
  type CacheResult,
  type CacheStats,
  createAnswerCache,
  type KnownAnswer,
  longestStreamWait,
  longestWait,
} from './answer-cache.ts'
export type { AnswerPlace, AnswerStore, StoreSize } from './answer-store.ts'
export { type CacheKey, cacheKey, type KeyQuestion, type KeySection, keySections } from './cache-key.ts'
export { type Claim, type ClaimOutcome, type Claims, noClaims, sharedClaims } from './claims.ts'
export type { Flight, Landing } from './flights.ts'
export { memoryStore } from './memory-store.ts'
export { type CacheLayer, type CachePolicy, type CacheScope, cachePolicy, cacheScopes } from './policy.ts'
export { createRequestMemory } from './request-memory.ts'
export { sharedStore } from './shared-store.ts'
export { chanceToAsk, leastSimilarity } from './similar/error-bound.ts'
export { memoryIndex } from './similar/memory-index.ts'
export { type Difference, difference } from './similar/question-traits.ts'
export { type SharedIndex, sharedIndex } from './similar/shared-index.ts'
export type {
  KeptQuestion,
  NearQuestion,
  QuestionPlace,
  SimilarIndex,
  SimilarSize,
} from './similar/similar-index.ts'
export { type NotComparable, type SimilarQuestion, similarQuestion } from './similar/similar-question.ts'
export { vectorSetIndex } from './similar/vector-set-index.ts'
export {
  type AnswerOrigin,
  callsTools,
  holdsMore,
  isFor,
  type StoredAnswer,
  storedAnswer,
  type UnstorableReason,
  unstorable,
} from './stored-answer.ts'
export { type BypassReason, uncacheable } from './uncacheable.ts'
