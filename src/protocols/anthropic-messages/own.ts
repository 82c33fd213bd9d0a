import type { Extensions, JsonObject, Node } from '../../ir/index.ts'
import { isEmpty } from './members.ts'
import { protocolId } from './wire.ts'

/**
 * What the wire said beyond the canonical form. Answers always carry it, even empty: its presence tells the encoder
 * that the node came from this protocol, so that what is absent was absent and no default is filled in.
 */
export const own = (rest: JsonObject): { readonly extensions: Extensions } => ({
  extensions: { [protocolId]: rest },
})

/** As `own`, but nothing where there is nothing to carry. */
export const ownIfAny = (rest: JsonObject): { readonly extensions?: Extensions } =>
  isEmpty(rest) ? {} : own(rest)

/** This protocol's extension of a node; undefined for a node of another protocol, or a bare one. */
export const ownRest = (node: Pick<Node, 'extensions'>): JsonObject | undefined =>
  node.extensions?.[protocolId]
