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
import { type ItemPlace, idOf, messageItem, outputText, ownItem } from './answer-items.ts'
import { codePoints, encodeCitation } from './citations.ts'
import { encodePart } from './encode-parts.ts'
import { isMarked } from './group-parts.ts'
import { objectMember } from './members.ts'
import type { Written } from './patch.ts'
import type { Frame } from './wire.ts'
import { protocolId, type WireStatus } from './wire.ts'

interface OpenContent {
  /** The canonical part that is being written; of several that flow together, the last. */
  part: TextPart | RefusalPart
  text: string
  readonly annotations: (Written | RawJson)[]
  readonly citations: Citation[]
  /** Citations of the whole part: their range is known at its end. */
  waiting: Citation[]
  /** Where the current part begins in the text, in code points. */
  start: number
  /** Several parts of another protocol flowed together. */
  joined: boolean
  ended: boolean
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

  start(part: TextPart | RefusalPart): readonly Frame[] {
    if (this.#open !== undefined && this.continues(part)) {
      Object.assign(this.#open, { part, ended: false, joined: true, start: codePoints(this.#open.text) })
      return []
    }
    const closing = this.close()
    this.#open = {
      part,
      text: '',
      annotations: [],
      citations: [],
      waiting: [],
      start: 0,
      joined: false,
      ended: false,
    }
    return [...closing, { type: 'response.content_part.added', ...this.#at(), part: emptyContent(part.type) }]
  }

  delta(text: string): readonly Frame[] {
    if (this.#open === undefined) return []
    this.#open.text += text
    return this.#open.part.type === 'text'
      ? [{ type: 'response.output_text.delta', ...this.#at(), delta: text, logprobs: [] }]
      : [{ type: 'response.refusal.delta', ...this.#at(), delta: text }]
  }

  cite(citation: Citation): readonly Frame[] {
    const open = this.#open
    if (open === undefined) return []
    open.citations.push(citation)
    if (citation.start === undefined && citation.kind !== 'file') {
      open.waiting.push(citation)
      return []
    }
    return this.#annotate(citation, { start: open.start, end: open.start })
  }

  /** The canonical part ends; the content part stays open, because foreign text may continue it. */
  end(members: Pick<PartEndEvent, 'extensions'>): readonly Frame[] {
    const open = this.#open
    if (open === undefined) return []
    const range = { start: open.start, end: codePoints(open.text) }
    const frames = open.waiting.flatMap((citation) => this.#annotate(citation, range))
    open.waiting = []
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

  #annotate(citation: Citation, range: { start: number; end: number }): readonly Frame[] {
    const open = this.#open
    const annotation = encodeCitation(citation, range)
    if (open === undefined || annotation === undefined) return []
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
