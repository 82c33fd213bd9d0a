/**
 * Finds the first of several strings in a text that comes in pieces, and tells how much of the text's end could still
 * become one (Aho and Corasick 1975). One step per character, however many strings there are.
 */
export interface StringFinder {
  /** @returns where the match ends in this piece and which string it is; undefined when there is none in it */
  feed(piece: string): { readonly end: number; readonly found: string } | undefined
  /** So many of the characters seen last are the longest beginning of a string. */
  readonly pending: number
}

interface Node {
  readonly next: Map<number, Node>
  readonly depth: number
  /** Where the longest other beginning goes on that ends here as well. */
  fallback: Node
  /** The longest of the strings that end here. */
  found: string | undefined
}

/** @param strings none of them empty; compiled once for all finders */
export const stringFinders = (strings: readonly string[]): (() => StringFinder) => {
  const root = compile(strings)
  return () => createFinder(root)
}

const createFinder = (root: Node): StringFinder => {
  let node = root
  return {
    feed(piece) {
      for (let index = 0; index < piece.length; index++) {
        node = step(node, piece.charCodeAt(index), root)
        if (node.found !== undefined) return { end: index + 1, found: node.found }
      }
      return undefined
    },
    get pending() {
      return node.depth
    },
  }
}

const step = (from: Node, code: number, root: Node): Node => {
  let node = from
  for (;;) {
    const next = node.next.get(code)
    if (next !== undefined) return next
    if (node === root) return root
    node = node.fallback
  }
}

const compile = (strings: readonly string[]): Node => {
  const root = createNode(0)
  for (const text of strings) {
    let node = root
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index)
      let next = node.next.get(code)
      if (next === undefined) {
        next = createNode(index + 1)
        node.next.set(code, next)
      }
      node = next
    }
    node.found = text
  }
  link(root)
  return root
}

const createNode = (depth: number): Node => {
  const node: Omit<Node, 'fallback'> = { next: new Map(), depth, found: undefined }
  // A node without another beginning falls back to itself until it is linked.
  return Object.assign(node, { fallback: node as Node })
}

/** Level by level, as fallbacks are always shorter. */
const link = (root: Node): void => {
  const queue = [...root.next.values()]
  for (const node of queue) node.fallback = root
  for (let index = 0; index < queue.length; index++) {
    const node = queue[index]
    if (node === undefined) break
    for (const [code, child] of node.next) {
      child.fallback = step(node.fallback, code, root)
      child.found ??= child.fallback.found
      queue.push(child)
    }
  }
}
