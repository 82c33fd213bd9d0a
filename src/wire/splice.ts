import type { Span } from './json-scan.ts'

/** A replacement of a byte range; everything outside stays byte-identical. */
export interface Splice extends Span {
  readonly text: string
}

/** The same for a text, whose spans are of its own units. @param splices in order and apart */
export const spliceText = (text: string, splices: readonly Splice[]): string => {
  let result = ''
  let at = 0
  for (const splice of splices) {
    result += text.slice(at, splice.start) + splice.text
    at = splice.end
  }
  return result + text.slice(at)
}

/** Applies non-overlapping splices in one pass. An empty span inserts. */
export const applySplices = (bytes: Uint8Array, splices: readonly Splice[]): Uint8Array => {
  if (splices.length === 0) return bytes
  const ordered = [...splices].sort((a, b) => a.start - b.start)
  const pieces: Uint8Array[] = []
  let at = 0
  for (const splice of ordered) {
    if (splice.start < at) throw new RangeError('splices overlap')
    pieces.push(bytes.subarray(at, splice.start), Buffer.from(splice.text, 'utf8'))
    at = splice.end
  }
  pieces.push(bytes.subarray(at))
  return Buffer.concat(pieces)
}
