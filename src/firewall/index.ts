export type { Detector, Finding } from './finding.ts'
export * from './loops/index.ts'
export * from './placeholders/index.ts'
export * from './tools/index.ts'
