export type { Detector, Finding } from './finding.ts'
export { createPersonalDetector, type PersonalOptions, personalTypes } from './personal/index.ts'
export {
  type Classifier,
  createFilter,
  createLabelClassifier,
  createPresidioRecogniser,
  createShieldClassifier,
  type FaultReason,
  type Filter,
  type FilterOptions,
  type FilterRequest,
  type FilterVerdict,
  isPresidioHealthy,
  type LabelClassifierOptions,
  type PresidioOptions,
  type RecogniseContext,
  type Recogniser,
  type ShieldClassifierOptions,
  SidecarFault,
  type SidecarOptions,
  type TextKind,
} from './sidecar/index.ts'
