export {
  createInjectionDetector,
  type InjectionDetector,
  type InjectionOptions,
  type InjectionTier,
  type InjectionVerdict,
} from './injection-detector.ts'
export type { InjectionRole } from './window-scores.ts'
