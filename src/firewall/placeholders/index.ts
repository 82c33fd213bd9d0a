export { applyEdits } from './apply-edits.ts'
export { type LeafText, readLeaf } from './leaf-text.ts'
export { newFindings } from './new-findings.ts'
export { idOf, longestPlaceholder, type PlaceholderForm } from './placeholder.ts'
export {
  createPlaceholderMap,
  joinPlaceholderMaps,
  type PlaceholderEntry,
  type PlaceholderMap,
} from './placeholder-map.ts'
export { placeholderOf } from './placeholder-of.ts'
export { createRedaction, type Redaction, type RedactionInput } from './redact.ts'
export { restoreDocument } from './restore-document.ts'
export { type RestoreOptions, restorePart, restoreResponse } from './restore-response.ts'
export { type RestoreMachine, restoreStream } from './restore-stream.ts'
export { createRestorer, type RestoreCounts, type Restorer, restoreJson, restoreText } from './restorer.ts'
export { signsReasoning } from './signs-reasoning.ts'
