import {
  extensionOf,
  type Finish,
  type JsonObject,
  type Part,
  type PartEndEvent,
  type PartStartEvent,
  type StartEvent,
  type StreamEvent,
} from '../../ir/index.ts'
import type { RawJson } from '../../wire/index.ts'
import type { ReplyContext } from '../protocol.ts'
import { CallWriter } from './call-writer.ts'
import { encodePart } from './encode-parts.ts'
import { beginsItem, isContent } from './group-parts.ts'
import { HostedWriter } from './hosted-writer.ts'
import { objectMember } from './members.ts'
import { MessageWriter } from './message-writer.ts'
import type { Written } from './patch.ts'
import { ReasoningWriter } from './reasoning-writer.ts'
import { ResponseWriter } from './response-writer.ts'
import type { Frame } from './wire.ts'
import { protocolId, type WireStatus } from './wire.ts'

/** An item that has been said whole, but may still be continued, or turn out to be cut. */
interface Tail {
  readonly done: (status: WireStatus) => readonly Frame[]
  readonly message?: MessageWriter
  readonly hosted?: HostedWriter
}

/**
 * Canonical events to the frames of the stream, without their numbers. What may still change is held until the next
 * event: foreign text may go on in the same content part, and a length stop makes the last item incomplete.
 */
export class AnswerWriter {
  readonly #reply: ReplyContext
  readonly #response: ResponseWriter
  #greeting: Frame | undefined
  #items = new Map<number, (status: WireStatus) => Written | RawJson>()
  #nextItem = 0
  readonly #messages = new Map<number, MessageWriter>()
  readonly #reasonings = new Map<number, ReasoningWriter>()
  readonly #calls = new Map<number, CallWriter>()
  /** The message that the next text may belong to. */
  #message: MessageWriter | undefined
  #tail: Tail | undefined

  constructor(reply: ReplyContext) {
    this.#reply = reply
    this.#response = new ResponseWriter(reply)
  }

  /** @param isOwn the event was decoded from this protocol, which repeats the request by itself */
  write(event: StreamEvent, isOwn: boolean): readonly Frame[] {
    // One answer is all that a response holds.
    if ('choice' in event && (event.choice ?? 0) > 0) return []
    const frames = this.#write(event, isOwn)
    if (this.#greeting === undefined || event.type === 'start') return frames
    const greeted = [this.#greeting, ...frames]
    this.#greeting = undefined
    return greeted
  }

  /** Places may have been given by the wire instead of by us. */
  adopt(outputIndex: number): void {
    this.#nextItem = Math.max(this.#nextItem, outputIndex + 1)
  }

  #write(event: StreamEvent, isOwn: boolean): readonly Frame[] {
    switch (event.type) {
      case 'start':
        return this.#start(event, isOwn)
      case 'text-start':
      case 'refusal-start':
      case 'reasoning-start':
      case 'tool-call-start':
        return this.#openPart(event.index, event.part)
      case 'text-delta':
      case 'refusal-delta':
        return this.#messages.get(event.index)?.delta(event.text) ?? []
      case 'reasoning-delta':
        return this.#reasonings.get(event.index)?.delta(event.piece, event.kind, event.text) ?? []
      case 'tool-call-delta':
        return this.#calls.get(event.index)?.delta(event.input) ?? []
      case 'citation':
        return this.#messages.get(event.index)?.cite(event.citation) ?? []
      case 'text-end':
      case 'refusal-end':
        return this.#endText(event)
      case 'reasoning-end':
        return this.#endReasoning(event)
      case 'tool-call-end':
        return this.#endCall(event)
      case 'part':
        return this.#wholePart(event.index, event.part)
      case 'usage':
        this.#response.count(event.usage)
        return []
      case 'finish':
        return this.#finish(event.finish)
      case 'error':
        return this.#response.fail(event.error, this.#output('incomplete'))
      case 'extension':
        return []
      case 'end':
        return [...this.#settle('completed'), this.#response.end(event, this.#output('completed'))]
    }
  }

  #start(event: StartEvent, isOwn: boolean): readonly Frame[] {
    const { created, inProgress } = this.#response.start(event, isOwn)
    this.#greeting = inProgress
    return [created]
  }

  #openPart(index: number, part: PartStartEvent['part']): readonly Frame[] {
    switch (part.type) {
      case 'text':
      case 'refusal': {
        if (part.type === 'refusal') this.#response.refused()
        const { message, frames } = this.#messageFor(part)
        this.#messages.set(index, message)
        return [...frames, ...message.start(part)]
      }
      case 'reasoning': {
        const settled = this.#newItem()
        const writer: ReasoningWriter = new ReasoningWriter(
          part,
          this.#reply.id,
          this.#place(() => writer.item()),
        )
        this.#reasonings.set(index, writer)
        return [...settled, writer.added()]
      }
      case 'tool-call': {
        const settled = this.#newItem()
        const writer: CallWriter = new CallWriter(
          part,
          this.#reply.id,
          this.#place((status) => writer.item(status)),
        )
        this.#calls.set(index, writer)
        return [...settled, writer.added()]
      }
    }
  }

  /** The message that this content belongs to: the current one, or a new one. */
  #messageFor(part: Part): { readonly message: MessageWriter; readonly frames: readonly Frame[] } {
    const current = this.#message
    if (current !== undefined && !beginsItem(part) && !current.hasOpenText) {
      this.#tail = undefined
      return { message: current, frames: [] }
    }
    const settled = this.#newItem()
    const message: MessageWriter = new MessageWriter(
      part,
      this.#reply.id,
      this.#place((status) => message.item(status)),
    )
    this.#message = message
    return { message, frames: [...settled, message.added()] }
  }

  /** Gives the next place in the output to an item. */
  #place(item: (status: WireStatus) => Written | RawJson): number {
    const place = this.#nextItem++
    this.#items.set(place, item)
    return place
  }

  /** Whatever was held is done before another item begins. */
  #newItem(): readonly Frame[] {
    this.#message = undefined
    return this.#settle('completed')
  }

  #settle(status: WireStatus): readonly Frame[] {
    const frames = this.#tail?.done(status) ?? []
    this.#tail = undefined
    return this.#noted(frames)
  }

  /** Done items stay as they were said. */
  #noted(frames: readonly Frame[]): readonly Frame[] {
    for (const frame of frames) {
      if (frame.type === 'response.output_item.done') this.#items.set(frame.output_index, () => frame.item)
    }
    return frames
  }

  #endText(event: PartEndEvent): readonly Frame[] {
    const message = this.#messages.get(event.index)
    if (message === undefined) return []
    const frames = message.end(event)
    const isDone = hasOwnItem(event) || this.#message !== message
    if (!isDone) {
      this.#tail = { message, done: (status) => message.done(status) }
      return frames
    }
    if (this.#message === message) this.#message = undefined
    return this.#noted([...frames, ...message.done('completed')])
  }

  #endReasoning(event: PartEndEvent): readonly Frame[] {
    const writer = this.#reasonings.get(event.index)
    return this.#noted(writer?.done(event.state, itemPatch(event)) ?? [])
  }

  #endCall(event: PartEndEvent): readonly Frame[] {
    const writer = this.#calls.get(event.index)
    if (writer === undefined) return []
    const frames = writer.end(itemPatch(event))
    if (hasOwnItem(event) || this.#nextItem !== writer.outputIndex + 1) {
      return this.#noted([...frames, writer.done('completed')])
    }
    this.#tail = { done: (status) => [writer.done(status)] }
    return frames
  }

  #wholePart(index: number, part: Part): readonly Frame[] {
    if (part.type === 'text' || part.type === 'refusal') {
      const start = this.#openPart(index, part)
      const text = this.#messages.get(index)?.delta(part.text) ?? []
      return [...start, ...text, ...this.#endText({ type: 'text-end', index })]
    }
    if (isContent(part, 'assistant')) {
      const content = encodePart(part, { speaker: 'assistant', side: 'answer' })
      if (content === undefined) return []
      const { message, frames } = this.#messageFor(part)
      this.#tail = { message, done: (status) => message.done(status) }
      return [...frames, ...message.whole(content)]
    }
    const joined = this.#tail?.hosted?.join(part)
    if (joined !== undefined) {
      if (this.#tail?.hosted?.isWhole === true) this.#tail = undefined
      return this.#noted(joined)
    }
    const settled = this.#newItem()
    const writer = HostedWriter.begin(part, this.#reply.id, this.#nextItem)
    if (writer === undefined) return settled
    this.#place(() => writer.item)
    if (!writer.isWhole) this.#tail = { hosted: writer, done: () => writer.done() }
    return [...settled, ...this.#noted(writer.opening)]
  }

  #finish(finish: Finish): readonly Frame[] {
    this.#response.finish(finish)
    return this.#settle(finish.reason === 'length' ? 'incomplete' : 'completed')
  }

  #output(status: WireStatus): readonly (Written | RawJson)[] {
    return [...this.#items].sort(([a], [b]) => a - b).map(([, item]) => item(status))
  }
}

const itemPatch = (event: PartEndEvent): JsonObject | undefined => {
  const own = extensionOf(event, protocolId)
  return objectMember(own, 'item') ?? objectMember(own, 'itemEnd')
}

/** Did our own decoder see the item's end together with the part's? */
const hasOwnItem = (event: PartEndEvent): boolean => itemPatch(event) !== undefined
