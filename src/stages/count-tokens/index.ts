export { type AnsweredCall, compareCall } from './compare-call.ts'
export type { ComparedCounts } from './compare-counts.ts'
export { type CountChecks, type CountChecksParts, createCountChecks } from './count-checks.ts'
export { type CountTokensParts, countTokens } from './count-tokens.ts'
