export type { Detector, Finding } from './finding.ts'
export { createPersonalDetector, type PersonalOptions, personalTypes } from './personal/index.ts'
