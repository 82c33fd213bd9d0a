export { bodyBytes } from './body-bytes.ts'
export { connectionNames, headerText, mayGoBack, mayGoUpstream } from './headers.ts'
export { jsonArraySplitter, parseElement } from './json-array.ts'
export { type JsonDocument, parseDocument } from './json-document.ts'
export {
  booleanMember,
  type JsonScan,
  JsonSyntaxError,
  numberMember,
  ownDepth,
  type Span,
  scanJson,
  stringMember,
  valueAt,
  type WatchedMember,
} from './json-scan.ts'
export {
  afterSpace,
  isArrayAt,
  isObjectAt,
  isStringAt,
  itemsAt,
  type Member,
  memberAt,
  membersAt,
  type Place,
  stringAt,
  stringEnd,
  valueEnd,
  walkArray,
  walkObject,
} from './json-walk.ts'
export { RawJson, rawJson, writeJson } from './json-write.ts'
export type { Machine } from './machine.ts'
export { memberSplice } from './member-splice.ts'
export { applySplices, type Splice, spliceText } from './splice.ts'
export {
  countBlocks,
  encodeFrame,
  type FrameSplitter,
  formatFrame,
  frameSplitter,
  isComplete,
  parseFrame,
  parseRun,
  type SseFrame,
  sseDecoder,
} from './sse.ts'
