export { type Automaton, createAutomaton } from './aho-corasick.ts'
export { type AllowedValue, type AllowList, createAllowList } from './allow-list.ts'
export { type AnswerGate, type AnswerGateParts, createAnswerGate } from './answer-gate.ts'
export { type AnswerWatchParts, createAnswerWatch } from './answer-watch.ts'
export { canaryEdit, canaryOf, createCanaryDetector } from './canary.ts'
export { evidenceOf, type FirewallEvidence, firewallHeader } from './evidence.ts'
export type { Detector, Finding } from './finding.ts'
export { createFirewall, type Firewall, type FirewallSubject, type FirewallTools } from './firewall.ts'
export { createInjectionDetector, type InjectionDetector, type InjectionRole } from './injection/index.ts'
export * from './loops/index.ts'
export { createPersonalDetector, type PersonalOptions, personalTypes } from './personal/index.ts'
export * from './placeholders/index.ts'
export {
  createPolicy,
  type Direction,
  type FirewallMode,
  type FirewallPolicy,
  firewallModes,
  type PolicyLayer,
} from './policy.ts'
export { reachSidecar } from './reach-sidecar.ts'
export { createScanMemory, type ScanMemory } from './scan-memory.ts'
export {
  createScreen,
  type Found,
  type Screen,
  type ScreenedText,
  type Screener,
  type Screening,
  type Told,
} from './screen.ts'
export {
  createSecretDetector,
  type SecretDetectorOptions,
  secretRules,
  truncatedType,
} from './secrets/index.ts'
export * from './sidecar/index.ts'
export {
  type Away,
  awayFinding,
  createSidecars,
  type LookContext,
  type Looked,
  type Sidecars,
  type SidecarsParts,
  sidecarAway,
} from './sidecars.ts'
export * from './tools/index.ts'
