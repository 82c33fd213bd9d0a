import type { Span } from './json-scan.ts'

/** A replacement of a byte range; everything outside stays byte-identical. */
export interface Splice extends Span {
  readonly text: string
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
