export { type CanonicalError, canonicalOf } from './canonical-error.ts'
export type * from './capabilities.ts'
export { type Collected, collect, mergeExtensions } from './collect.ts'
export type { EmbedRequest, EmbedResponse } from './embed.ts'
export { globTest } from './glob.ts'
export {
  isJsonObject,
  type JsonArray,
  type JsonObject,
  type JsonText,
  type JsonValue,
  parseJson,
} from './json.ts'
export { lazyLeaf } from './lazy-leaf.ts'
export type { Change, Edit, Leaf } from './leaf.ts'
export { formatUsd, type NanoUsd, parseUsd } from './money.ts'
export { bare, type Extensions, extend, extensionOf, type Node, type Raw } from './node.ts'
export type * from './part.ts'
export { type Operation, operations, type ProtocolId, protocolIds } from './protocol-id.ts'
export { replay } from './replay.ts'
export type * from './request.ts'
export type * from './response.ts'
export { billableClasses, billableRegions, type Service, servedAs } from './service.ts'
export type * from './stream-event.ts'
export { beginsSummary, isSummary, summaryText } from './summary.ts'
export { addUsage, mergeUsage, type Usage, usageCounters } from './usage.ts'
export type { Warning } from './warning.ts'
export { type WorkMode, workModes } from './work-mode.ts'
