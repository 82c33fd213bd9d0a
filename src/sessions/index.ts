export { type Handle, type HandleKind, type HandleRow, handleKinds, handleLifetime } from './handle.ts'
export {
  createHandleRegistry,
  type HandleRegistry,
  type HandleRegistryOptions,
  type NewHandle,
} from './handle-registry.ts'
export { createHandleStore, type HandleStore, insertHandles } from './handle-store.ts'
export {
  createReasoningRegistry,
  type ReasoningRegistry,
  type ReasoningRegistryOptions,
} from './reasoning-registry.ts'
export { createReasoningStore, type ReasoningRow, type ReasoningStore } from './reasoning-store.ts'
export { callKey, type RememberedCall, type RememberedThought } from './remembered-call.ts'
export { accountOf, type PieceLayout, type SealedState, type StatePosition } from './sealed-state.ts'
export { holdsSealedState, isSealedState, openState, sealState } from './state-envelope.ts'
export { createStateKeys, type StateKeys, type StateKeysOf } from './state-keys.ts'
