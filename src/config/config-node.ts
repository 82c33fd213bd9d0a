import type { PathSegment, SettingPath } from './setting-path.ts'

/** Where a value was said. */
export type Origin =
  | { readonly type: 'file'; readonly file: string; readonly line: number; readonly column: number }
  | { readonly type: 'env'; readonly name: string }
  | { readonly type: 'flag'; readonly name: string }
  | { readonly type: 'default' }

export type Scalar = string | number | boolean | null

export type Content =
  | { readonly type: 'map'; readonly entries: ReadonlyMap<string, ConfigNode> }
  | { readonly type: 'list'; readonly items: readonly ConfigNode[] }
  | { readonly type: 'scalar'; readonly value: Scalar }

/** A value that remembers where it comes from. */
export interface ConfigNode {
  readonly origin: Origin
  /** Where its key stands; differs from `origin` in files. */
  readonly keyOrigin?: Origin
  readonly content: Content
  /**
   * The other reading of a text whose type is open (an environment variable, an expanded `${VAR}`): the plain
   * text where the content is typed, or the typed scalar where the content is text. Tried when the schema
   * refuses the content.
   */
  readonly alternative?: Scalar
  /** True when the operator wrote the value in the open, so that a message may repeat it. */
  readonly literal: boolean
}

export const emptyMap = (origin: Origin): ConfigNode => ({
  origin,
  literal: true,
  content: { type: 'map', entries: new Map() },
})

/** `upper` wins; maps merge deeply and keep the place where they were first said, all else is replaced. */
export const mergeNodes = (lower: ConfigNode | undefined, upper: ConfigNode): ConfigNode => {
  if (lower === undefined || lower.content.type !== 'map' || upper.content.type !== 'map') return upper
  const entries = new Map(lower.content.entries)
  for (const [key, node] of upper.content.entries) entries.set(key, mergeNodes(entries.get(key), node))
  const { alternative: _, ...place } = lower
  return { ...place, content: { type: 'map', entries } }
}

/** A tree that holds only `node`, at `path`. */
export const nodeAtPath = (path: readonly string[], node: ConfigNode): ConfigNode =>
  path.reduceRight<ConfigNode>(
    (inner, key) => ({
      origin: node.origin,
      literal: true,
      content: { type: 'map', entries: new Map([[key, inner]]) },
    }),
    node,
  )

export const plainOf = (node: ConfigNode): unknown => {
  const { content } = node
  if (content.type === 'scalar') return content.value
  if (content.type === 'list') return content.items.map(plainOf)
  return Object.fromEntries([...content.entries].map(([key, child]) => [key, plainOf(child)]))
}

/** The node at `path`, or undefined. */
export const nodeAt = (node: ConfigNode, path: SettingPath): ConfigNode | undefined =>
  path.reduce<ConfigNode | undefined>(
    (current, segment) => (current === undefined ? undefined : childOf(current, segment)),
    node,
  )

/** The node at `path`, or the closest one around it. */
export const closestNode = (node: ConfigNode, path: SettingPath): ConfigNode => {
  let current = node
  for (const segment of path) {
    const child = childOf(current, segment)
    if (child === undefined) return current
    current = child
  }
  return current
}

/**
 * The tree with what stands at `path` put through `change`; a change to undefined removes it. Unchanged when
 * nothing stands there.
 */
export const changeNode = (
  node: ConfigNode,
  path: SettingPath,
  change: (node: ConfigNode) => ConfigNode | undefined,
): ConfigNode | undefined => {
  const [segment, ...rest] = path
  if (segment === undefined) return change(node)
  const child = childOf(node, segment)
  if (child === undefined) return node
  const changed = changeNode(child, rest, change)
  const { content } = node
  if (content.type === 'map') {
    const entries = new Map(content.entries)
    if (changed === undefined) entries.delete(String(segment))
    else entries.set(String(segment), changed)
    return { ...node, content: { type: 'map', entries } }
  }
  if (content.type !== 'list') return node
  const items = content.items.flatMap((item, index) =>
    index !== segment ? [item] : changed === undefined ? [] : [changed],
  )
  return { ...node, content: { type: 'list', items } }
}

const childOf = (node: ConfigNode, segment: PathSegment): ConfigNode | undefined => {
  const { content } = node
  if (content.type === 'map') return content.entries.get(String(segment))
  return content.type === 'list' && typeof segment === 'number' ? content.items[segment] : undefined
}
