export { estimateText } from './estimate-text.ts'
export { imageSize } from './image-size.ts'
export { createLearningCounter, type LearningCounter } from './learning-counter.ts'
export {
  type AnswerCount,
  type AnswerCounter,
  createTokenCounter,
  type TokenCount,
  type TokenCounter,
} from './token-counter.ts'
export { countEdition } from './token-profile.ts'
