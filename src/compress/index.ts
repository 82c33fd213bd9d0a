export { type CompressOptions, compressCode, withoutRemovals } from './compress-code.ts'
export { compressorVersion, compressText, type TextCompression } from './compress-text.ts'
export { type Language, type LanguageId, languageOf } from './languages/index.ts'
export type { Removal } from './removals.ts'
