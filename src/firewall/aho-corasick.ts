/** Where one of many words ends in a text; see `createAutomaton`. */
export interface Automaton {
  /**
   * Reads the text once, from `from` on, and tells every word that ends, also words inside other words, in order of
   * their ends. `visit` gets the word's index in the list and where it ends (not included); false from it stops.
   */
  scan(text: string, visit: (word: number, end: number) => boolean, from?: number): void
  /** States of the machine, for tests of its size. */
  readonly states: number
}

/**
 * A machine that finds all the words in one pass over a text (Aho and Corasick 1975), as one table of transitions:
 * a step per character whatever the words, no allocation, no going back. Upper and lower case are alike.
 *
 * @throws RangeError on an empty word
 */
export const createAutomaton = (words: readonly string[]): Automaton => {
  const { classes, width } = classify(words)
  const trie = buildTrie(words, classes, width)
  const { table, outputs, firstOutput } = determine(trie, width)
  return {
    states: trie.children.length / width,
    scan: (text, visit, from = 0) => {
      const reached: Reached = { state: 0 }
      for (let at = from; ; at++) {
        at = nextOutput(text, at, table, classes, firstOutput, reached)
        if (at < 0) return
        const words = outputs[(reached.state - firstOutput) / width] ?? []
        for (let index = 0; index < words.length; index++) if (!visit(words[index] ?? 0, at + 1)) return
      }
    },
  }
}

/** The state that the walk is in. */
interface Reached {
  state: number
}

/**
 * Where the next state with output is reached, or -1. The loop that reads every character stands alone, without closures
 * and calls: so compilers make ten times more of it.
 */
const nextOutput = (
  text: string,
  from: number,
  table: Int32Array,
  classes: Uint16Array,
  firstOutput: number,
  reached: Reached,
): number => {
  const length = text.length
  let state = reached.state
  for (let at = from; at < length; at++) {
    // Both indexes are inside their tables by construction.
    state = (table[state + (classes[text.charCodeAt(at)] as number)] as number) | 0
    if (state >= firstOutput) {
      reached.state = state
      return at
    }
  }
  return -1
}

interface Trie {
  /** Row by row: the child for a class, or 0 for none. */
  readonly children: Int32Array
  /** The words that end in a node. */
  readonly ends: readonly (readonly number[])[]
}

/** The class of each UTF-16 unit: 0 for what is in no word, then one for each letter, its two cases together. */
const classify = (words: readonly string[]): { classes: Uint16Array; width: number } => {
  const classes = new Uint16Array(0x10000)
  let width = 1
  for (const word of words) {
    if (word === '') throw new RangeError('a word to look for is empty')
    for (const unit of word.toLowerCase().split('')) {
      if (classes[unit.charCodeAt(0)] !== 0) continue
      classes[unit.charCodeAt(0)] = width
      const upper = unit.toUpperCase()
      if (upper.length === 1) classes[upper.charCodeAt(0)] = width
      width += 1
    }
  }
  return { classes, width }
}

const buildTrie = (words: readonly string[], classes: Uint16Array, width: number): Trie => {
  const total = words.reduce((sum, word) => sum + word.length, 1)
  const children = new Int32Array(total * width)
  const ends: number[][] = [[]]
  words.forEach((word, index) => {
    let node = 0
    for (const unit of word.toLowerCase().split('')) {
      const slot = node * width + (classes[unit.charCodeAt(0)] ?? 0)
      if (children[slot] === 0) children[slot] = ends.push([]) - 1
      node = children[slot] ?? 0
    }
    ends[node]?.push(index)
  })
  return { children: children.slice(0, ends.length * width), ends }
}

/** Follows the failure links once and for all; states with output come last, so that one comparison tells them. */
const determine = (
  { children, ends }: Trie,
  width: number,
): { table: Int32Array; outputs: number[][]; firstOutput: number } => {
  const next = children.slice()
  const failure = new Int32Array(ends.length)
  const words = ends.map((list) => [...list])
  const order: number[] = []
  for (let unit = 0; unit < width; unit++) if (next[unit] !== 0) order.push(next[unit] ?? 0)
  for (let index = 0; index < order.length; index++) {
    const node = order[index] ?? 0
    const fallen = failure[node] ?? 0
    words[node]?.push(...(words[fallen] ?? []))
    for (let unit = 0; unit < width; unit++) {
      const slot = node * width + unit
      const child = next[slot] ?? 0
      const other = next[fallen * width + unit] ?? 0
      if (child === 0) next[slot] = other
      else {
        failure[child] = other
        order.push(child)
      }
    }
  }
  const nodes = ends.map((_, node) => node)
  const silent = nodes.filter((node) => words[node]?.length === 0)
  const speaking = nodes.filter((node) => words[node]?.length !== 0)
  const place = new Int32Array(ends.length)
  ;[...silent, ...speaking].forEach((node, index) => {
    place[node] = index * width
  })
  const table = new Int32Array(next.length)
  for (const node of nodes)
    for (let unit = 0; unit < width; unit++)
      table[(place[node] ?? 0) + unit] = place[next[node * width + unit] ?? 0] ?? 0
  return { table, outputs: speaking.map((node) => words[node] ?? []), firstOutput: silent.length * width }
}
