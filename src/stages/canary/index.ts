export { type AskCanaryParts, askCanary } from './ask-canary.ts'
export { type Canaries, type CanariesParts, type Canary, createCanaries } from './canaries.ts'
