import type { JsonObject, JsonText } from './json.ts'
import type { ProtocolId } from './protocol-id.ts'

/**
 * What every node of the canonical form may carry beside its own fields.
 * `extensions` holds, per protocol, what the canonical form has no word for; the same protocol gets it back.
 * `raw` is the node's source text; an encoder writes it verbatim when it speaks the same protocol and nobody edited.
 */
export interface Node {
  readonly extensions?: Extensions
  readonly raw?: Raw
  /**
   * Where it stands in the client's request, in the style of its protocol (`messages.3.content.0`, `input[2]`):
   * for warnings and refusals. Only decoders that were asked for locations write it.
   */
  readonly at?: string
}

export type Extensions = { readonly [id in ProtocolId]?: JsonObject }

export interface Raw {
  readonly protocol: ProtocolId
  readonly json: JsonText
}

/** The node's extension for one protocol, or an empty object. */
export const extensionOf = (node: Node, protocol: ProtocolId): JsonObject => node.extensions?.[protocol] ?? {}

/** Builds the `extensions` member for one protocol; nothing where there is nothing to carry. */
export const extend = (protocol: ProtocolId, members: JsonObject): { readonly extensions?: Extensions } =>
  Object.keys(members).length === 0 ? {} : { extensions: { [protocol]: members } }

/**
 * Removes every raw slice, extension and location, at any depth: what is left is what the canonical form itself says.
 * The law of identity runs with and without.
 */
export const bare = <T>(value: T): T => strip(value) as T

const strip = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(strip)
  if (typeof value !== 'object' || value === null) return value
  const result: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) {
    if (key !== 'raw' && key !== 'extensions' && key !== 'at') result[key] = strip(member)
  }
  return result
}
