export type { Detector, Finding } from './finding.ts'
export * from './placeholders/index.ts'
