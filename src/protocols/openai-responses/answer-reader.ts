import { type CanonicalError, isJsonObject, type JsonObject, type StreamEvent } from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { decodeItem } from './decode-items.ts'
import { decodeStreamError, errorOfResponse } from './errors.ts'
import { type ItemReader, itemReader, wholeItem } from './item-reader.ts'
import { arrayMember, member, numberMember, objectMember, stringMember } from './members.ts'
import { patchOfResponse, type ResponseHead, readResponse } from './response-object.ts'
import { protocolId } from './wire.ts'

/**
 * Frames of a stream to canonical events. Tolerant: frames may be missing, items may overlap, begin in the middle, or
 * stand in the terminal event alone; what was not streamed is made up for when it becomes known.
 */
export class AnswerReader {
  #head: ResponseHead | undefined
  readonly #items = new Map<number, ItemReader>()
  readonly #done = new Map<number, JsonObject>()
  #nextPart = 0
  readonly #newPart = () => this.#nextPart++
  #isOver = false

  /** @param document the frame's data, for source texts inside it */
  read(data: JsonObject, document: JsonDocument): readonly StreamEvent[] {
    if (this.#isOver) return []
    const type = stringMember(data, 'type') ?? ''
    switch (type) {
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        return this.#start(objectMember(data, 'response') ?? {})
      case 'response.output_item.added':
        return this.#added(this.#place(data), member(data, 'item'))
      case 'response.output_item.done':
        return this.#itemDone(this.#place(data), member(data, 'item'), document)
      case 'response.completed':
      case 'response.incomplete':
        return this.#complete(objectMember(data, 'response') ?? {}, document)
      case 'response.failed':
        return this.#failed(objectMember(data, 'response') ?? {})
      case 'error':
        return this.#over([], decodeStreamError(objectMember(data, 'error') ?? data))
      default:
        return type.startsWith('response.') ? this.#progress(type, data, document) : []
    }
  }

  #start(response: JsonObject): readonly StreamEvent[] {
    if (this.#head !== undefined) return []
    const { finish: _finish, usage: _usage, serviceTier, ...rest } = readResponse(response).head
    // At first `auto` only repeats what was asked for.
    const head = serviceTier === undefined || serviceTier === 'auto' ? rest : { ...rest, serviceTier }
    this.#head = head
    const { hasRefusal: _hasRefusal, ...start } = head
    return [{ type: 'start', ...start }]
  }

  /** The place that a frame speaks of; frames without one speak of the item whose id they name, or of the last. */
  #place(data: JsonObject): number {
    const given = numberMember(data, 'output_index')
    if (given !== undefined) return given
    const id = stringMember(data, 'item_id')
    const places = [...this.#items.keys()]
    return places.find((place) => this.#items.get(place)?.id === id) ?? places.at(-1) ?? 0
  }

  #added(place: number, item: unknown): readonly StreamEvent[] {
    if (!isJsonObject(item) || this.#items.has(place)) return []
    const reader = itemReader(item)
    this.#items.set(place, reader)
    return reader.begin(this.#newPart)
  }

  #progress(type: string, data: JsonObject, document: JsonDocument): readonly StreamEvent[] {
    const place = this.#place(data)
    if (this.#done.has(place)) return []
    return this.#items.get(place)?.progress(type, data, document, this.#newPart) ?? []
  }

  #itemDone(place: number, item: unknown, document: JsonDocument): readonly StreamEvent[] {
    if (this.#done.has(place)) return []
    this.#done.set(place, isJsonObject(item) ? item : {})
    const reader = this.#items.get(place)
    const decoded = decodeItem(item, 'answer', document)
    if (reader !== undefined && isJsonObject(item)) {
      return reader.done(item, decoded, document, this.#newPart)
    }
    return wholeItem(decoded, this.#newPart)
  }

  #complete(response: JsonObject, document: JsonDocument): readonly StreamEvent[] {
    const events = [...this.#start(response)]
    const output = arrayMember(response, 'output') ?? []
    output.forEach((item, place) => {
      events.push(...this.#itemDone(place, item, document))
    })
    events.push(...this.#abandon())
    const { head } = readResponse(this.#withItems(response))
    const known: ResponseHead = {
      ...(this.#head ?? head),
      ...(head.usage === undefined ? {} : { usage: head.usage }),
      ...(head.finish === undefined ? {} : { finish: head.finish }),
      hasRefusal: head.hasRefusal,
    }
    if (head.finish !== undefined) events.push({ type: 'finish', finish: head.finish })
    if (head.usage !== undefined) events.push({ type: 'usage', usage: head.usage })
    events.push({ type: 'end', extensions: { [protocolId]: patchOfResponse(response, known) } })
    this.#isOver = true
    return events
  }

  /** Some terminal events leave the items out; why the answer ended is told by them. */
  #withItems(response: JsonObject): JsonObject {
    const output = arrayMember(response, 'output') ?? []
    return output.length > 0 ? response : { ...response, output: [...this.#done.values()] }
  }

  /** Items that never said that they are done are ended with what they have. */
  #abandon(): readonly StreamEvent[] {
    return [...this.#items].flatMap(([place, reader]) => (this.#done.has(place) ? [] : reader.abandon()))
  }

  #failed(response: JsonObject): readonly StreamEvent[] {
    const { usage } = readResponse(response).head
    const events = [...this.#start(response)]
    if (usage !== undefined) events.push({ type: 'usage', usage })
    return this.#over(events, errorOfResponse(response))
  }

  #over(events: readonly StreamEvent[], error: CanonicalError): readonly StreamEvent[] {
    this.#isOver = true
    return [...events, { type: 'error', error }]
  }
}
