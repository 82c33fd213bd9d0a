export type { Detector, Finding } from './finding.ts'
export {
  createInjectionDetector,
  type InjectionDetector,
  type InjectionOptions,
  type InjectionRole,
  type InjectionTier,
  type InjectionVerdict,
} from './injection/index.ts'
