import {
  extensionOf,
  type Finish,
  type JsonObject,
  type Part,
  type PartEndEvent,
  type PartStartEvent,
  type ReasoningState,
  type RefusalPart,
  replay,
  type StartEvent,
  type StreamEvent,
  type TextPart,
} from '../../ir/index.ts'
import type { RawJson } from '../../wire/index.ts'
import type { ReplyContext } from '../protocol.ts'
import { CallWriter } from './call-writer.ts'
import { featureOf } from './encode-items.ts'
import { encodePart } from './encode-parts.ts'
import { isCut } from './finish.ts'
import { beginsItem, isContent, isMarked } from './group-parts.ts'
import { HostedWriter } from './hosted-writer.ts'
import { createLosses, type Losses } from './losses.ts'
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
}

/**
 * Canonical events to the frames of the stream, without their numbers. What may still change is held until the next
 * event: foreign text may go on in the same content part, a hosted call waits for its result, and a length stop makes
 * the last item incomplete.
 */
export class AnswerWriter {
  readonly #reply: ReplyContext
  readonly #losses: Losses
  readonly #response: ResponseWriter
  #greeting: Frame | undefined
  #items = new Map<number, (status: WireStatus) => Written | RawJson>()
  #nextItem = 0
  /** Texts of other protocols that have begun and said nothing: empty ones are left out. */
  readonly #silent = new Map<number, TextPart | RefusalPart>()
  readonly #messages = new Map<number, MessageWriter>()
  readonly #reasonings = new Map<number, ReasoningWriter>()
  readonly #calls = new Map<number, CallWriter>()
  /** Parts that have begun and not ended: a stream that forgets their ends gets them at its own. */
  readonly #open = new Map<number, PartStartEvent['part']['type']>()
  /** Hosted calls whose result is still to come. */
  #hosted: readonly HostedWriter[] = []
  /** The message that the next text may belong to. */
  #message: MessageWriter | undefined
  #tail: Tail | undefined
  #hasText = false

  /** @param losses collects what no item of the answer can say */
  constructor(reply: ReplyContext, losses: Losses = createLosses()) {
    this.#reply = reply
    this.#losses = losses
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
        this.#open.set(event.index, event.part.type)
        return this.#openPart(event.index, event.part)
      case 'text-delta':
      case 'refusal-delta':
        return this.#textDelta(event.index, event.text)
      case 'reasoning-delta':
        return this.#reasonings.get(event.index)?.delta(event.piece, event.kind, event.text) ?? []
      case 'tool-call-delta':
        return this.#calls.get(event.index)?.delta(event.input) ?? []
      case 'citation': {
        const opened = this.#speak(event.index)
        const message = this.#messages.get(event.index)
        return [...opened, ...(message?.cite(event.index, event.citation, this.#losses) ?? [])]
      }
      case 'text-end':
      case 'refusal-end':
      case 'reasoning-end':
      case 'tool-call-end':
        return this.#endPart(event)
      case 'part':
        return this.#wholePart(event.index, event.part)
      case 'usage':
        this.#response.count(event.usage, event.model)
        return []
      case 'finish':
        return this.#finish(event.finish)
      case 'error':
        return this.#response.fail(event.error, this.#output('incomplete'))
      case 'extension':
        return []
      case 'end': {
        const settled = [...this.#endOpenParts(), ...this.#settleAll('completed')]
        return [...settled, this.#response.end(event, this.#output('completed'))]
      }
    }
  }

  #start(event: StartEvent, isOwn: boolean): readonly Frame[] {
    const { created, inProgress } = this.#response.start(event, isOwn)
    this.#greeting = inProgress
    return [created]
  }

  #openPart(index: number, part: PartStartEvent['part']): readonly Frame[] {
    const state = part.type === 'reasoning' ? undefined : part.state
    const before = state === undefined ? [] : this.#stateItem(state)
    switch (part.type) {
      case 'text':
      case 'refusal': {
        if (!isMarked(part) && part.text === '') {
          this.#silent.set(index, part)
          return before
        }
        const opened = this.#openText(index, part)
        return [...before, ...opened, ...(this.#messages.get(index)?.delta(part.text) ?? [])]
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
        return [...before, ...settled, writer.added(), ...writer.delta(part.input)]
      }
    }
  }

  /** Only reasoning items carry state: that of another part goes before it in an item of its own. */
  #stateItem(state: ReasoningState): readonly Frame[] {
    const settled = this.#newItem()
    const writer: ReasoningWriter = new ReasoningWriter(
      { type: 'reasoning', pieces: [] },
      this.#reply.id,
      this.#place(() => writer.item()),
    )
    return [...settled, writer.added(), ...this.#noted(writer.done(state, undefined))]
  }

  /** Opens a text that has been silent so far. */
  #speak(index: number): readonly Frame[] {
    const part = this.#silent.get(index)
    if (part === undefined) return []
    this.#silent.delete(index)
    return this.#openText(index, part)
  }

  #openText(index: number, part: TextPart | RefusalPart): readonly Frame[] {
    if (part.type === 'refusal') this.#response.refused()
    this.#hasText = true
    const { message, frames } = this.#messageFor(part)
    this.#messages.set(index, message)
    return [...frames, ...message.start(index, part)]
  }

  #textDelta(index: number, text: string): readonly Frame[] {
    if (text === '') return []
    const opened = this.#silent.size === 0 ? [] : this.#speak(index)
    const said = this.#messages.get(index)?.delta(text) ?? []
    return opened.length === 0 ? said : [...opened, ...said]
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
    return this.#settleAll('completed')
  }

  /** Hosted calls without a result have come before what is the tail now. */
  #settleAll(status: WireStatus): readonly Frame[] {
    if (this.#hosted.length === 0 && this.#tail === undefined) return []
    const waiting = this.#hosted.flatMap((writer) => this.#noted(writer.done()))
    this.#hosted = []
    return [...waiting, ...this.#settle(status)]
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

  #endPart(event: PartEndEvent): readonly Frame[] {
    if (!this.#open.delete(event.index)) return []
    switch (event.type) {
      case 'text-end':
      case 'refusal-end':
        return [...this.#endText(event), ...this.#lateState(event)]
      case 'reasoning-end':
        return this.#noted(this.#reasonings.get(event.index)?.done(event.state, itemPatch(event)) ?? [])
      case 'tool-call-end':
        return [...this.#endCall(event), ...this.#lateState(event)]
    }
  }

  #lateState({ state }: PartEndEvent): readonly Frame[] {
    return state === undefined ? [] : this.#stateItem(state)
  }

  #endText(event: PartEndEvent): readonly Frame[] {
    if (this.#silent.delete(event.index)) return []
    const message = this.#messages.get(event.index)
    if (message === undefined) return []
    const frames = message.end(event.index, event, this.#losses)
    const isDone = hasOwnItem(event) || this.#message !== message
    if (!isDone) {
      this.#tail = { message, done: (status) => message.done(status) }
      return frames
    }
    if (this.#message === message) this.#message = undefined
    return this.#noted([...frames, ...message.done('completed')])
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

  #endOpenParts(): readonly Frame[] {
    return [...this.#open].flatMap(([index, type]) => this.#endPart({ type: `${type}-end`, index }))
  }

  #wholePart(index: number, part: Part): readonly Frame[] {
    switch (part.type) {
      case 'text':
      case 'refusal':
      case 'reasoning':
      case 'tool-call':
        return this.#replayed(index, part)
      case 'json':
        return this.#replayed(index, { type: 'text', text: part.json })
      default:
        return isContent(part, 'assistant') ? this.#wholeContent(part) : this.#hostedPart(part)
    }
  }

  #replayed(index: number, part: Part): readonly Frame[] {
    const events = replay({ protocol: protocolId, choices: [{ index: 0, parts: [part] }] })
    return events.flatMap((event) => ('index' in event ? this.#write({ ...event, index }, false) : []))
  }

  #wholeContent(part: Part): readonly Frame[] {
    const content = encodePart(part, { speaker: 'assistant', side: 'answer' })
    if (content === undefined) return []
    const { message, frames } = this.#messageFor(part)
    this.#tail = { message, done: (status) => message.done(status) }
    return [...frames, ...message.whole(content)]
  }

  #hostedPart(part: Part): readonly Frame[] {
    for (const writer of this.#hosted) {
      const joined = writer.join(part)
      if (joined === undefined) continue
      if (writer.isWhole) this.#hosted = this.#hosted.filter((other) => other !== writer)
      return this.#noted(joined)
    }
    this.#message = undefined
    const settled = this.#settle('completed')
    const writer = HostedWriter.begin(part, this.#reply.id, this.#nextItem)
    if (writer === undefined) {
      this.#losses.add('dropped', featureOf(part), part.at ?? `output[${this.#nextItem}]`, 'no counterpart')
      return settled
    }
    this.#place(() => writer.item)
    if (!writer.isWhole) this.#hosted = [...this.#hosted, writer]
    return [...settled, ...this.#noted(writer.opening)]
  }

  #finish(finish: Finish): readonly Frame[] {
    const explained = this.#explanation(finish)
    this.#response.finish(finish)
    return [...explained, ...this.#settleAll(isCut(finish.reason) ? 'incomplete' : 'completed')]
  }

  /** A refusal without words of the model says why in the provider's (translation.md §11.2). */
  #explanation({ reason, message }: Finish): readonly Frame[] {
    if (reason !== 'refusal' || message === undefined || message === '' || this.#hasText) return []
    return this.#replayed(-1, { type: 'refusal', text: message })
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
