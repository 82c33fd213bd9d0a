import type { Node, Warning } from '../../ir/index.ts'

/** Collects what an encoder could not say. */
export interface Losses {
  readonly warnings: readonly Warning[]
  /** @param path in the client's request, or a canonical field */
  readonly add: (code: Warning['code'], feature: string, path: string, reason: string) => void
  /** The same, of a node that knows its place. */
  readonly lose: (code: Warning['code'], feature: string, node: Node, reason: string) => void
}

export const losses = (): Losses => {
  const warnings: Warning[] = []
  const add: Losses['add'] = (code, feature, path, reason) => {
    warnings.push({ code, feature, path, reason })
  }
  return {
    warnings,
    add,
    lose: (code, feature, node, reason) => add(code, feature, node.at ?? '', reason),
  }
}
