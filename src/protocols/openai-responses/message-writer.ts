import {
  type Citation,
  extensionOf,
  type JsonObject,
  type Part,
  type PartEndEvent,
  type RefusalPart,
  type TextPart,
} from '../../ir/index.ts'
import { RawJson } from '../../wire/index.ts'
import { type ItemPlace, idOf, messageItem, outputText } from './answer-items.ts'
import { codePoints, encodeCitation, type TextRange } from './citations.ts'
import { encodePart } from './encode-parts.ts'
import { isMarked } from './group-parts.ts'
import type { Losses } from './losses.ts'
import { objectMember } from './members.ts'
import { ownItem } from './own-item.ts'
import type { Written } from './patch.ts'
import { WellFormedText } from './well-formed.ts'
import type { Frame } from './wire.ts'
import { protocolId, type WireStatus } from './wire.ts'

interface OpenContent {
  /** The canonical part that is being written; of several that flow together, the last. */
  part: TextPart | RefusalPart
  text: string
  readonly annotations: (Written | RawJson)[]
  readonly citations: Citation[]
  /** Where each canonical part stands in the text, by its index. */
  readonly ranges: Map<number, PartRange>
  /** The part that is being said. */
  current: PartRange
  /** Of other protocols' text: half characters wait for their other half. */
  readonly wellFormed: WellFormedText | undefined
  /** Several parts of another protocol flowed together. */
  joined: boolean
  ended: boolean
}

/** A part's place in the text of its content part. */
interface PartRange {
  /** In UTF-16 units. */
  readonly from: number
  /** In code points, as is `end`, which is known when the part has ended. */
  readonly start: number
  end?: number
  /** Citations of the whole part: their range is known at its end. */
  readonly waiting: Citation[]
}

/** Writes one message item: its content parts open, grow and close; the item is done when nothing can follow. */
export class MessageWriter {
  readonly outputIndex: number
  readonly #exchange: string
  readonly #id: string
  #patch: JsonObject
  readonly #content: (Written | RawJson)[] = []
  #open: OpenContent | undefined

  constructor(first: Part, exchange: string, outputIndex: number) {
    this.outputIndex = outputIndex
    this.#exchange = exchange
    this.#patch = ownItem(first)
    this.#id = idOf(this.item('in_progress'))
  }

  /** The item as it is now. */
  item(status: WireStatus): Written {
    const place: ItemPlace = { exchange: this.#exchange, outputIndex: this.outputIndex, status }
    return messageItem(this.#content, this.#patch, place)
  }

  added(): Frame {
    const { status: _status, ...patch } = this.#patch
    const place: ItemPlace = {
      exchange: this.#exchange,
      outputIndex: this.outputIndex,
      status: 'in_progress',
    }
    return {
      type: 'response.output_item.added',
      output_index: this.outputIndex,
      item: messageItem([], patch, place),
    }
  }

  /** Can this text go on in the content part that has just ended? */
  continues(part: Part): boolean {
    const open = this.#open
    return (
      open?.ended === true &&
      open.part.type === 'text' &&
      part.type === 'text' &&
      !isMarked(open.part) &&
      !isMarked(part)
    )
  }

  /** @param index the part's index in the answer, by which citations name it */
  start(index: number, part: TextPart | RefusalPart): readonly Frame[] {
    const open = this.#open
    if (open !== undefined && this.continues(part)) {
      open.current = { from: open.text.length, start: open.current.end ?? 0, waiting: [] }
      open.ranges.set(index, open.current)
      Object.assign(open, { part, ended: false, joined: true })
      return []
    }
    const closing = this.close()
    const current: PartRange = { from: 0, start: 0, waiting: [] }
    this.#open = {
      part,
      text: '',
      annotations: [],
      citations: [],
      ranges: new Map([[index, current]]),
      current,
      wellFormed: isMarked(part) ? undefined : new WellFormedText(),
      joined: false,
      ended: false,
    }
    return [...closing, { type: 'response.content_part.added', ...this.#at(), part: emptyContent(part.type) }]
  }

  delta(slice: string): readonly Frame[] {
    const open = this.#open
    if (open === undefined) return []
    const text = open.wellFormed?.push(slice) ?? slice
    return text === '' ? [] : [this.#say(open, text)]
  }

  #say(open: OpenContent, text: string): Frame {
    open.text += text
    return open.part.type === 'text'
      ? { type: 'response.output_text.delta', ...this.#at(), delta: text, logprobs: [] }
      : { type: 'response.refusal.delta', ...this.#at(), delta: text }
  }

  /** A citation may come late, as long as nothing else was said: the content part is still open then. */
  cite(index: number, citation: Citation, losses: Losses): readonly Frame[] {
    const open = this.#open
    const range = open?.ranges.get(index)
    if (open === undefined || range === undefined) {
      losses.add('dropped', 'citation', `output[${this.outputIndex}]`, 'it came after its text was closed')
      return []
    }
    open.citations.push(citation)
    if (citation.start !== undefined || citation.kind === 'file') {
      return this.#annotate(citation, { start: range.start, end: range.start }, losses)
    }
    if (range.end !== undefined) {
      return this.#annotate(citation, { start: range.start, end: range.end }, losses)
    }
    range.waiting.push(citation)
    return []
  }

  /** The canonical part ends; the content part stays open, because foreign text may continue it. */
  end(index: number, members: Pick<PartEndEvent, 'extensions'>, losses: Losses): readonly Frame[] {
    const open = this.#open
    const range = open?.ranges.get(index)
    if (open === undefined || range === undefined) return []
    const left = open.wellFormed?.end() ?? ''
    const frames: Frame[] = left === '' ? [] : [this.#say(open, left)]
    const end = range.start + codePoints(range.from === 0 ? open.text : open.text.slice(range.from))
    range.end = end
    for (const citation of range.waiting.splice(0)) {
      frames.push(...this.#annotate(citation, { start: range.start, end }, losses))
    }
    open.ended = true
    const own = extensionOf(members, protocolId)
    open.part = {
      ...open.part,
      extensions: { [protocolId]: { ...extensionOf(open.part, protocolId), ...own } },
    }
    this.#patch = objectMember(own, 'item') ?? objectMember(own, 'itemEnd') ?? this.#patch
    return frames
  }

  get hasOpenText(): boolean {
    return this.#open !== undefined && !this.#open.ended
  }

  /** A content part that comes in one piece. */
  whole(content: Written | RawJson): readonly Frame[] {
    const closing = this.close()
    const at = this.#at()
    this.#content.push(content)
    return [
      ...closing,
      { type: 'response.content_part.added', ...at, part: content },
      { type: 'response.content_part.done', ...at, part: content },
    ]
  }

  /** Closes the open content part. */
  close(): readonly Frame[] {
    const open = this.#open
    if (open === undefined) return []
    const at = this.#at()
    const part = finished(open)
    this.#open = undefined
    this.#content.push(part)
    const done: Frame =
      open.part.type === 'text'
        ? { type: 'response.output_text.done', ...at, logprobs: logprobsOf(part), text: open.text }
        : { type: 'response.refusal.done', ...at, refusal: open.text }
    return [done, { type: 'response.content_part.done', ...at, part }]
  }

  done(status: WireStatus): readonly Frame[] {
    return [
      ...this.close(),
      { type: 'response.output_item.done', output_index: this.outputIndex, item: this.item(status) },
    ]
  }

  #annotate(citation: Citation, range: TextRange, losses: Losses): readonly Frame[] {
    const open = this.#open
    const annotation = encodeCitation(citation, range)
    if (open === undefined) return []
    if (annotation === undefined) {
      losses.add('dropped', `${citation.kind} citation`, `output[${this.outputIndex}]`, 'no counterpart')
      return []
    }
    open.annotations.push(annotation)
    return [
      {
        type: 'response.output_text.annotation.added',
        ...this.#at(),
        annotation_index: open.annotations.length - 1,
        annotation,
      },
    ]
  }

  #at() {
    return { item_id: this.#id, output_index: this.outputIndex, content_index: this.#content.length }
  }
}

const emptyContent = (type: 'text' | 'refusal'): Written =>
  type === 'text' ? { ...outputText('', []) } : { type: 'refusal', refusal: '' }

/** A part of our own is written as whole answers write it; joined ones have but text and annotations. */
const finished = (open: OpenContent): Written | RawJson => {
  if (open.part.type === 'refusal') {
    return encodePart({ ...open.part, text: open.text }, { speaker: 'assistant', side: 'answer' }) ?? {}
  }
  if (open.joined || !isMarked(open.part)) return { ...outputText(open.text, open.annotations) }
  const part: TextPart = {
    ...open.part,
    text: open.text,
    ...(open.citations.length === 0 ? {} : { citations: open.citations }),
  }
  return encodePart(part, { speaker: 'assistant', side: 'answer' }) ?? {}
}

const logprobsOf = (part: Written | RawJson): readonly unknown[] => {
  const logprobs = part instanceof RawJson ? undefined : part['logprobs']
  return Array.isArray(logprobs) ? logprobs : []
}
