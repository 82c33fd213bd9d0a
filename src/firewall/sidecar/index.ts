export { changedSpans, type Span } from './changed-spans.ts'
export {
  createLabelClassifier,
  createShieldClassifier,
  type LabelClassifierOptions,
  type ShieldClassifierOptions,
} from './classifiers.ts'
export { createFilter, type FilterOptions } from './filter.ts'
export { createPresidioRecogniser, isPresidioHealthy, type PresidioOptions } from './presidio.ts'
export {
  type Classifier,
  type FaultReason,
  type Filter,
  type FilterRequest,
  type FilterVerdict,
  type RecogniseContext,
  type Recogniser,
  SidecarFault,
  type TextKind,
} from './recogniser.ts'
export type { SidecarOptions } from './sidecar-client.ts'
export { type SidecarKind, type SidecarParty, sidecarKinds, sidecarParties } from './sidecar-kinds.ts'
