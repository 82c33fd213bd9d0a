import { type CompressOptions, compressCode } from './compress-code.ts'
import { fencedBlocks } from './fenced-blocks.ts'
import { languageOf } from './languages/index.ts'
import type { Removal } from './removals.ts'

/**
 * Of the rules by which blocks are compressed. A text that was served by one version is served by it again, or as its
 * client wrote it, so that a change of the rules changes no text that a provider has seen.
 */
export const compressorVersion = 1

/** What goes from the fenced blocks of a text. */
export interface TextCompression {
  /** UTF-16 code units of the text, in order and apart, all inside of blocks. */
  readonly removals: readonly Removal[]
  /** Blocks from which something goes. */
  readonly blocks: number
  /** UTF-8 bytes of those blocks, before and after. */
  readonly bytesBefore: number
  readonly bytesAfter: number
}

/** What goes from the fenced blocks of a text; undefined for nothing. Each block by itself, whatever stands around it. */
export const compressText = (text: string, options: CompressOptions): TextCompression | undefined => {
  const removals: Removal[] = []
  let blocks = 0
  let bytesBefore = 0
  let bytesRemoved = 0
  for (const { tag, start, end } of fencedBlocks(text)) {
    const language = languageOf(tag)
    if (language === undefined) continue
    const code = text.slice(start, end)
    const found = compressCode(code, language, options)
    if (found.length === 0) continue
    blocks++
    bytesBefore += Buffer.byteLength(code)
    for (const removal of found) {
      bytesRemoved += Buffer.byteLength(code.slice(removal.start, removal.end))
      removals.push({ start: removal.start + start, end: removal.end + start })
    }
  }
  return blocks === 0 ? undefined : { removals, blocks, bytesBefore, bytesAfter: bytesBefore - bytesRemoved }
}
