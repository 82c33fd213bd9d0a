export { type Automaton, createAutomaton } from './aho-corasick.ts'
export type { Detector, Finding } from './finding.ts'
export {
  createSecretDetector,
  type SecretDetectorOptions,
  secretRules,
  truncatedType,
} from './secrets/index.ts'
