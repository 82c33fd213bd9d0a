export { markedEnd } from './cache-marks.ts'
export { type CompressOptions, compressCode, withoutRemovals } from './compress-code.ts'
export { compressorVersion, compressText, type TextCompression } from './compress-text.ts'
export { bringsEditTools, opaqueMembers } from './edit-tools.ts'
export { type Language, type LanguageId, languageOf } from './languages/index.ts'
export { asksForEdits, countsLines, isPasted } from './pasted-leaves.ts'
export { printsOf } from './prints.ts'
export type { Removal } from './removals.ts'
export {
  createServedForms,
  type Form,
  type ServedForms,
  type ServedFormsOptions,
  type SharedForms,
} from './served-forms.ts'
export type { CompressMode } from './settings.ts'
