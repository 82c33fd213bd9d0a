export {
  type ConversationStore,
  createConversationStore,
  type ItemRange,
} from './conversation-store.ts'
export { type Handle, type HandleKind, type HandleRow, handleKinds, handleLifetime } from './handle.ts'
export {
  createHandleRegistry,
  type HandleRegistry,
  type HandleRegistryOptions,
  type NewHandle,
} from './handle-registry.ts'
export { createHandleStore, type HandleStore, insertHandles } from './handle-store.ts'
export { isOwnId, ownConversationId, ownName, ownResponseId, responseOfItem } from './own-ids.ts'
export type { Owner } from './owner.ts'
export {
  createPlaceholderRegistry,
  type KeptPlaceholder,
  type PlaceholderRegistry,
  type PlaceholderState,
} from './placeholder-registry.ts'
export {
  createPlaceholderStore,
  type PlaceholderRow,
  type PlaceholderStore,
} from './placeholder-store.ts'
export {
  createReasoningRegistry,
  type ReasoningRegistry,
  type ReasoningRegistryOptions,
} from './reasoning-registry.ts'
export { createReasoningStore, type ReasoningRow, type ReasoningStore } from './reasoning-store.ts'
export { callKey, type RememberedCall, type RememberedThought } from './remembered-call.ts'
export type { ResponseRecord } from './response-record.ts'
export { createResponseStore, type ResponseStore } from './response-store.ts'
export { accountOf, type PieceLayout, type SealedState, type StatePosition } from './sealed-state.ts'
export {
  createSessions,
  type KeptConversation,
  type KeptItem,
  type KeptResponse,
  type NewItem,
  type SessionLimits,
  type Sessions,
  type SessionsOptions,
} from './sessions.ts'
export { holdsSealedState, isSealedState, openState, sealState } from './state-envelope.ts'
export { createStateKeys, type StateKeys, type StateKeysOf } from './state-keys.ts'
