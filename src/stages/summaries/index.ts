export { type SummariesParts, summaries } from './summaries.ts'
