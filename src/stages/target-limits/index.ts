export { type TargetLimited, type TargetLimitsParts, targetLimits } from './target-limits.ts'
