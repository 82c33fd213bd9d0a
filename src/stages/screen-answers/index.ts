export { screenAnswers } from './screen-answers.ts'
