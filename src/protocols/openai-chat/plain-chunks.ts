import { memberMarker } from './marker.ts'

/**
 * Chunks of one stream differ in their text alone: what stands before and behind it is the same in each. So once a
 * chunk is known to be plain, those that begin and end like it are plain too, and comparing is all there is to do.
 */
export interface PlainChunks {
  /** A block that says nothing but a piece of text. */
  learn(block: string): void
  /** Where the first block begins that is not like the learned one. */
  skip(run: string, from: number): number
}

export const plainChunks = (): PlainChunks => {
  let head = ''
  let tail = ''
  return {
    learn(block) {
      const name = block.indexOf(contentMarker)
      const open = name < 0 ? -1 : block.indexOf('"', name + contentMarker.length)
      // Only white space and a colon may stand between a name and its string.
      if (open < 0 || block.slice(name + contentMarker.length, open).trim() !== ':') return
      head = block.slice(0, open + 1)
      tail = block.slice(closingQuote(block, open + 1))
    },
    skip(run, from) {
      if (head === '') return from
      let at = from
      while (run.startsWith(head, at)) {
        const close = closingQuote(run, at + head.length)
        if (!run.startsWith(tail, close)) break
        at = close + tail.length
      }
      return at
    },
  }
}

const contentMarker = memberMarker('content')

const closingQuote = (text: string, from: number): number => {
  let at = text.indexOf('"', from)
  while (at >= 0 && isEscaped(text, at, from)) at = text.indexOf('"', at + 1)
  return at < 0 ? text.length : at
}

/** An odd number of backslashes in front, as far as the string reaches back. */
const isEscaped = (text: string, at: number, from: number): boolean => {
  let slashes = 0
  while (at - slashes > from && text.charCodeAt(at - slashes - 1) === 0x5c) slashes++
  return slashes % 2 === 1
}
