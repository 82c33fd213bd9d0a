import { type CompressOptions, compressCode, withoutRemovals } from './compress-code.ts'
import { fencedBlocks } from './fenced-blocks.ts'
import { languageOf } from './languages/index.ts'
import type { Removal } from './removals.ts'

/**
 * Of the rules by which blocks are compressed. A text that was served by one version is served by it again, or as its
 * client wrote it, so that the form of a text says all about it.
 */
export const compressorVersion = 1

/** What goes from the fenced blocks of a text. */
export interface TextCompression {
  /** UTF-16 code units of the text, in order and apart, all inside of blocks. */
  readonly removals: readonly Removal[]
  /** The whole text without them. */
  readonly text: string
  /** The code of those blocks from which something goes. */
  readonly blocks: readonly { readonly before: string; readonly after: string }[]
}

const fences = (code: string): number =>
  code.includes('```') || code.includes('~~~') ? (code.match(fence)?.length ?? 0) : 0

const fence = /^ {0,3}(?:```|~~~)/gm

/** What goes from the fenced blocks of a text; undefined for nothing. Each block by itself, whatever stands around it. */
export const compressText = (text: string, options: CompressOptions): TextCompression | undefined => {
  const removals: Removal[] = []
  const blocks: { readonly before: string; readonly after: string }[] = []
  for (const { tag, start, end } of fencedBlocks(text)) {
    const language = languageOf(tag)
    if (language === undefined) continue
    const before = text.slice(start, end)
    const found = compressCode(before, language, options)
    if (found.length === 0) continue
    const after = withoutRemovals(before, found)
    // A fence that a comment or an indentation had hidden would end the block.
    if (fences(after) !== fences(before)) continue
    blocks.push({ before, after })
    for (const removal of found) removals.push({ start: removal.start + start, end: removal.end + start })
  }
  return blocks.length === 0 ? undefined : { removals, text: withoutRemovals(text, removals), blocks }
}
