import type { Extensions, Node, ProtocolId } from '../../ir/index.ts'

/**
 * The node without members of its protocol's extension: what a pass has said in other words is no loss any more.
 * The node itself where it has none of them.
 */
export const withoutExtension = <Given extends Node>(
  node: Given,
  protocol: ProtocolId,
  keys: readonly string[],
): Given => {
  const own = node.extensions?.[protocol]
  if (own === undefined || !keys.some((key) => Object.hasOwn(own, key))) return node
  const rest = Object.fromEntries(Object.entries(own).filter(([key]) => !keys.includes(key)))
  const extensions: Extensions = { ...node.extensions, [protocol]: rest }
  return { ...node, extensions }
}
