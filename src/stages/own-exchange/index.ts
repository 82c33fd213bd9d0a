export { type Answer, type AnswerBytes, type AnswerOfParts, answerOf } from './answer-of.ts'
export { type OwnExchange, type OwnRequest, ownExchange } from './own-exchange.ts'
export { readAnswer } from './read-answer.ts'
