export { screenAnswers } from './screen-answers.ts'
export { type ScreenedAnswer, screenedAnswer } from './screened-answer.ts'
