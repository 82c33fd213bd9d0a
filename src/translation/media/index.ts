export { documentAsText, documentTemplate } from './document-text.ts'
export { media } from './fit-media.ts'
export { type FetchMedia, type InlineOptions, inlineMedia } from './inline-media.ts'
export { mediaTypeOf, mediaTypeOfBase64 } from './media-type.ts'
