import type { Leaf } from '../../ir/index.ts'
import { steadyText } from './steady-text.ts'

/**
 * How often the most frequent tool call or tool answer stands in a request: no loop in it is longer. For telling
 * cheaply that a request has none, before it is decoded.
 */
export const mostRepeated = (leaves: readonly Leaf[]): number => {
  const counts = new Map<string, number>()
  let most = 0
  for (const leaf of leaves) {
    const { kind } = leaf
    if (kind !== 'tool-input' && kind !== 'tool-output') continue
    const name = kind === 'tool-output' ? steadyText(leaf.text) : leaf.text
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    most = Math.max(most, count)
  }
  return most
}
