import type { Draft } from '../draft.ts'
import { textOf } from '../section.ts'
import type { Said, SourceNode } from '../source-node.ts'

/** Group → groups that take over, as `[{ "gpt-4": ["claude"] }]` says it; `*` is every group. */
export interface Fallback {
  readonly group: string
  readonly to: readonly string[]
  readonly from: Said<SourceNode>
}

export const readFallbacks = (items: readonly Said<SourceNode>[], draft: Draft): readonly Fallback[] =>
  items.flatMap((item) => {
    const { content } = item.value
    if (content.type !== 'map') {
      draft.leave(item, 'is no pair of a model and those that take over')
      return []
    }
    return [...content.entries].flatMap(([group, node]) => {
      const to = namesIn(node)
      if (to.length > 0) return [{ group, to, from: { ...item, line: node.line } }]
      draft.leave(item, 'names no model that takes over')
      return []
    })
  })

export const namesIn = ({ content }: SourceNode): readonly string[] =>
  content.type !== 'list'
    ? []
    : content.items.flatMap((item) => {
        const name = textOf(item)
        return name === undefined ? [] : [name]
      })
