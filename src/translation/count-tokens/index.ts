export { estimateText } from './estimate-text.ts'
export { createLearningCounter, type LearningCounter } from './learning-counter.ts'
export { createTokenCounter, type TokenCount, type TokenCounter } from './token-counter.ts'
