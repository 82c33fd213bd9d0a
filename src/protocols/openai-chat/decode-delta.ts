/** The deltas of one choice as canonical events: opens and closes its parts. */
import type { JsonObject, JsonValue, ReasoningPart, ReasoningState, StreamEvent } from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { AnswerText } from './answer-text.ts'
import { CallDecoder } from './call-decoder.ts'
import { decodeAnnotation } from './citations.ts'
import { decodePart } from './decode-parts.ts'
import { protocol } from './encode-parts.ts'
import { decodeFinish } from './finish-reason.ts'
import { arrayOf, objectOf, optional, stringOf } from './members.ts'
import { piecesOfDetails, statesOfDetails } from './reasoning-fields.ts'
import { spellingKey } from './remainder.ts'
import { splitSurrogate } from './surrogate.ts'

type TextKind = 'text' | 'refusal'

interface OpenPart {
  readonly kind: TextKind | 'reasoning'
  readonly index: number
  /** Half of a character whose other half comes with the next delta. */
  held: string
  state: ReasoningState | undefined
}

export class ChoiceDecoder {
  readonly #at: { readonly choice?: number }
  readonly #calls: CallDecoder
  readonly #text = new AnswerText()
  #parts = 0
  #open: OpenPart | undefined
  #hasRefusal = false
  #hasPlainThoughts = false
  readonly #states = new Set<string>()
  #audio: { data: string; transcript: string | undefined } | undefined
  finished = false

  constructor(index: number) {
    this.#at = index === 0 ? {} : { choice: index }
    this.#calls = new CallDecoder(this.#at, () => this.#parts++)
  }

  /** @param wire the chunk's choice: `delta` and `finish_reason` */
  push(wire: JsonObject, document: JsonDocument): readonly StreamEvent[] {
    // The first finish reason counts; what some servers send behind it is repetition.
    if (this.finished) return []
    const events: StreamEvent[] = []
    const delta = objectOf(wire['delta'])
    if (delta !== undefined) this.#delta(delta, events, document)
    const held = { calls: this.#calls.count > 0, refusal: this.#hasRefusal }
    // An empty word is what some servers write into every chunk.
    const finish = wire['finish_reason'] === '' ? undefined : decodeFinish(wire, held)
    if (finish !== undefined) {
      this.finished = true
      events.push(...this.close(), { type: 'finish', ...this.#at, finish })
    }
    return events
  }

  /** A slice of the text or thought that is open; undefined where something else is, or characters are cut. */
  plain(field: 'content' | 'reasoning_content', text: string): StreamEvent | undefined {
    const open = this.#open
    const isText = field === 'content'
    if (this.finished || open?.kind !== (isText ? 'text' : 'reasoning') || open.held !== '' || text === '') {
      return undefined
    }
    if (splitSurrogate(text)[1] !== '') return undefined
    const at = { ...this.#at, index: open.index }
    if (!isText) return { type: 'reasoning-delta', ...at, piece: 0, kind: 'text', text }
    this.#text.add(open.index, text)
    return { type: 'text-delta', ...at, text }
  }

  /** Ends everything that is open. */
  close(): readonly StreamEvent[] {
    const events: StreamEvent[] = []
    this.#closeOpen(events)
    events.push(...this.#calls.closeAll())
    if (this.#audio !== undefined) {
      const { data, transcript } = this.#audio
      const source = { type: 'base64', data } as const
      events.push({
        type: 'part',
        ...this.#at,
        index: this.#parts++,
        part: { type: 'audio', source, ...optional('transcript', transcript) },
      })
      this.#audio = undefined
    }
    return events
  }

  #delta(delta: JsonObject, events: StreamEvent[], document: JsonDocument): void {
    this.#reasoning(delta, events)
    this.#content(delta['content'], events)
    this.#say('refusal', stringOf(delta['refusal']) ?? '', events)
    for (const image of arrayOf(delta['images'])) {
      this.#closeOpen(events)
      const part = decodePart(image, document)
      events.push({ type: 'part', ...this.#at, index: this.#parts++, part })
    }
    this.#audioDelta(objectOf(delta['audio']))
    const calls = arrayOf(delta['tool_calls'])
    const functionCall = objectOf(delta['function_call'])
    if (calls.length > 0 || functionCall !== undefined) this.#closeOpen(events)
    calls.forEach((call, position) => {
      events.push(...this.#calls.push(objectOf(call) ?? {}, position, document))
    })
    if (functionCall !== undefined) events.push(...this.#calls.pushOld(functionCall))
    for (const annotation of arrayOf(delta['annotations'])) {
      const place = this.#text.last
      if (place === undefined) continue
      const citation = decodeAnnotation(annotation, place, document)
      events.push({ type: 'citation', ...this.#at, index: place.index, citation })
    }
  }

  #content(content: JsonValue | undefined, events: StreamEvent[]): void {
    if (typeof content === 'string') {
      this.#say('text', content, events)
      return
    }
    // Mistral: a list of text and thinking parts.
    for (const item of arrayOf(content)) {
      const part = objectOf(item)
      if (part?.['type'] === 'text') this.#say('text', stringOf(part['text']) ?? '', events)
      if (part?.['type'] !== 'thinking') continue
      for (const thought of arrayOf(part['thinking'])) {
        this.#think(stringOf(objectOf(thought)?.['text']) ?? '', 'text', 'thinking', events)
      }
    }
  }

  #reasoning(delta: JsonObject, events: StreamEvent[]): void {
    const text = stringOf(delta['reasoning_content']) ?? ''
    const other = stringOf(delta['reasoning']) ?? ''
    const details = delta['reasoning_details']
    if (text !== '') this.#think(text, 'text', undefined, events)
    else if (other !== '') this.#think(other, 'text', 'reasoning', events)
    else if (!this.#hasPlainThoughts) {
      for (const piece of piecesOfDetails(details)) {
        this.#think(piece.text, piece.kind, 'reasoning_details', events)
      }
    }
    // Details repeat what a plain field says, so their words count only where there is none.
    this.#hasPlainThoughts ||= text !== '' || other !== ''
    for (const state of statesOfDetails(details)) this.#addState(state, events)
  }

  /** Lists of details may come complete more than once. */
  #addState(state: ReasoningState, events: StreamEvent[]): void {
    if (this.#states.has(state.value)) return
    this.#states.add(state.value)
    if (this.#open?.kind !== 'reasoning' || this.#open.state !== undefined)
      this.#openThought(undefined, events)
    if (this.#open !== undefined) this.#open.state = state
  }

  #think(text: string, kind: 'text' | 'summary', spelling: string | undefined, events: StreamEvent[]): void {
    if (text === '') return
    if (this.#open?.kind !== 'reasoning') this.#openThought(spelling, events)
    const open = this.#open
    if (open === undefined) return
    const [said, held] = splitSurrogate(open.held + text)
    open.held = held
    if (said === '') return
    events.push({ type: 'reasoning-delta', ...this.#at, index: open.index, piece: 0, kind, text: said })
  }

  #openThought(spelling: string | undefined, events: StreamEvent[]): void {
    this.#closeOpen(events)
    const index = this.#parts++
    this.#open = { kind: 'reasoning', index, held: '', state: undefined }
    const part: ReasoningPart = {
      type: 'reasoning',
      pieces: [],
      ...(spelling === undefined ? {} : { extensions: { [protocol]: { [spellingKey]: spelling } } }),
    }
    events.push({ type: 'reasoning-start', ...this.#at, index, part })
  }

  #say(kind: TextKind, text: string, events: StreamEvent[]): void {
    if (text === '') return
    if (this.#open?.kind !== kind) this.#openText(kind, events)
    const open = this.#open
    if (open === undefined) return
    const [said, held] = splitSurrogate(open.held + text)
    open.held = held
    if (said === '') return
    if (kind === 'text') this.#text.add(open.index, said)
    else this.#hasRefusal = true
    events.push({ type: `${kind}-delta`, ...this.#at, index: open.index, text: said })
  }

  #openText(kind: TextKind, events: StreamEvent[]): void {
    this.#closeOpen(events)
    const index = this.#parts++
    this.#open = { kind, index, held: '', state: undefined }
    if (kind === 'text') this.#text.open(index)
    events.push({ type: `${kind}-start`, ...this.#at, index, part: { type: kind, text: '' } })
  }

  #closeOpen(events: StreamEvent[]): void {
    const open = this.#open
    if (open === undefined) return
    this.#open = undefined
    const at = { ...this.#at, index: open.index }
    if (open.held !== '') {
      const text = '\ufffd'
      if (open.kind === 'reasoning') {
        events.push({ type: 'reasoning-delta', ...at, piece: 0, kind: 'text', text })
      } else events.push({ type: `${open.kind}-delta`, ...at, text })
    }
    events.push({ type: `${open.kind}-end`, ...at, ...optional('state', open.state) })
  }

  /** Sound comes in slices; it is one part, told when it is whole. */
  #audioDelta(wire: JsonObject | undefined): void {
    if (wire === undefined) return
    const data = stringOf(wire['data']) ?? ''
    const transcript = stringOf(wire['transcript'])
    const before = this.#audio
    this.#audio = {
      data: (before?.data ?? '') + data,
      transcript: transcript === undefined ? before?.transcript : (before?.transcript ?? '') + transcript,
    }
  }
}
