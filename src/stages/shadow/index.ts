export { type ShadowParts, shadow } from './shadow.ts'
export { createShadowCopies, type DropReason, type ShadowCopies } from './shadow-copies.ts'
