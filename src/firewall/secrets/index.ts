export type { AssignedRule, Report, ScannedRule, Scanner, SecretRule, TokenRule } from './rule.ts'
export { secretRules } from './rules/index.ts'
export { createSecretDetector, type SecretDetectorOptions, truncatedType } from './secret-detector.ts'
