export { type CacheParts, cache } from './cache.ts'
export { embedQuestion } from './embed-question.ts'
export { judgeAnswers } from './judge-answers.ts'
export { createSimilarAnswers, type SimilarAnswers } from './similar-answers.ts'
