import type { Citation, Part, TextPart } from '../../ir/index.ts'
import type { SseFrame } from '../../wire/index.ts'
import { type BlockContext, saysNothing } from './block-context.ts'
import { deltaFrame, startFrame, stopFrame } from './block-event.ts'
import { encodeCitation } from './citations.ts'
import { withCitedText } from './cited-text.ts'
import { encodeText } from './encode-parts.ts'
import { heldSurrogate } from './held-surrogate.ts'
import type { OpenBlock, TakeIndex } from './open-block.ts'
import { ownRest } from './own.ts'

/** A citation quotes from what was said; beyond this many characters it comes without its words. */
const longestQuoted = 1 << 20

/** Foreign texts start with their first words: a block that says nothing would be refused when it comes back. */
export const textBlock = (part: TextPart, takeIndex: TakeIndex, context: BlockContext): OpenBlock => {
  const isOwn = ownRest(part) !== undefined
  const surrogate = heldSurrogate()
  let index: number | undefined
  let said = ''
  /** White space that no words have followed yet. */
  let blank = ''
  /** Citations that came ahead of their words. */
  const early: Citation[] = []
  const begin = (at: number): SseFrame => {
    index = at
    return startFrame(at, encodeText({ ...part, text: isOwn ? part.text : '' }, '', context))
  }
  const say = (text: string, event?: Pick<Part, 'extensions'>): readonly SseFrame[] => {
    if (index !== undefined) return [deltaFrame(index, { type: 'text_delta', text }, event)]
    const at = takeIndex()
    return [begin(at), deltaFrame(at, { type: 'text_delta', text }, event)]
  }
  const sayForeign = (text: string, event?: Pick<Part, 'extensions'>): readonly SseFrame[] => {
    if (text === '') return []
    if (index === undefined && saysNothing(text)) {
      blank += text
      return []
    }
    if (blank !== '') {
      const words = blank + text
      blank = ''
      return sayForeign(words, event)
    }
    if (said.length < longestQuoted) said += text
    const frames = say(text, event)
    if (early.length === 0) return frames
    return [...frames, ...early.splice(0).flatMap(cite)]
  }
  const cite = (citation: Citation): readonly SseFrame[] => {
    const encoded = encodeCitation(isOwn ? citation : withCitedText(citation, said))
    if (encoded === undefined) return []
    if (index === undefined) {
      early.push(citation)
      return []
    }
    return [deltaFrame(index, { type: 'citations_delta', citation: encoded })]
  }
  return {
    open: () => (isOwn ? [begin(takeIndex())] : sayForeign(surrogate.say(part.text))),
    delta(event) {
      if (event.type === 'citation') return cite(event.citation)
      if (event.type !== 'text-delta' && event.type !== 'refusal-delta') return []
      return isOwn ? say(event.text, event) : sayForeign(surrogate.say(event.text), event)
    },
    close() {
      const left = sayForeign(surrogate.rest())
      return index === undefined ? left : [...left, stopFrame(index)]
    },
    get canLinger() {
      return index !== undefined
    },
  }
}
