export { type CountChecks, type CountChecksParts, createCountChecks } from './count-checks.ts'
export { type CountTokensParts, countTokens } from './count-tokens.ts'
