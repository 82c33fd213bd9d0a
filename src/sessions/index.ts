export { type Handle, type HandleKind, type HandleRow, handleKinds, handleLifetime } from './handle.ts'
export {
  createHandleRegistry,
  type HandleRegistry,
  type HandleRegistryOptions,
  type NewHandle,
} from './handle-registry.ts'
export { createHandleStore, type HandleStore, insertHandles } from './handle-store.ts'
