import { type CanonicalError, isJsonObject, type JsonObject, parseJson } from '../../ir/index.ts'
import { encodeFrame, parseFrame, writeJson } from '../../wire/index.ts'
import type { AnswerFacts, StreamMeter, StreamMeterOptions } from '../protocol.ts'
import { handlesOfItem, unique } from './answer-handles.ts'
import { conform } from './conform.ts'
import { decodeStreamError, errorEvent, responseError } from './errors.ts'
import { eventTypeOf } from './event-type.ts'
import { numberMember, objectMember, stringMember } from './members.ts'
import { responseFacts } from './meter-body.ts'

/**
 * Watches a stream on its way through. A block's type is read from its first bytes; only the events that carry ids,
 * usage or the end are parsed, and most of those only when somebody asks.
 */
export const meterStream = (options: StreamMeterOptions): StreamMeter => new ResponsesMeter(options)

const textDelta = 'event: response.output_text.delta\n'
/** Events that say nothing of the answer as a whole, and are no text for the user. */
const silentDeltas = [
  'event: response.function_call_arguments.delta\n',
  'event: response.reasoning_summary_text.delta\n',
  'event: response.reasoning_text.delta\n',
  'event: response.custom_tool_call_input.delta\n',
]

class ResponsesMeter implements StreamMeter {
  hasContent = false
  hasText = false
  readonly #conform: ReturnType<typeof conform> | undefined
  readonly #violations: string[] = []
  #created: Uint8Array | undefined
  /** Blocks in which items began or ended: what there is to say of an answer that was cut. */
  #itemBlocks: Uint8Array[] = []
  #last: Uint8Array | undefined
  #count = 0
  #final: AnswerFacts | undefined

  constructor(options: StreamMeterOptions) {
    this.#conform = options.conform ? conform() : undefined
  }

  push(block: Uint8Array): Uint8Array {
    const type = eventTypeOf(block)
    if (type !== undefined) {
      this.#note(type, block)
      this.#last = block
      this.#count++
    }
    if (this.#conform !== undefined) {
      const frame = parseFrame(block)
      if (frame !== undefined) this.#violations.push(...this.#conform.push(frame))
    }
    return block
  }

  skim(run: string, from: number): number {
    if (this.#conform !== undefined || this.#final !== undefined) return from
    let at = from
    let last = from
    for (;;) {
      const isText = this.hasText && run.startsWith(textDelta, at)
      if (!isText && !silentDeltas.some((line) => run.startsWith(line, at))) break
      last = at
      at = run.indexOf('\n\n', at) + 2
      this.#count++
    }
    if (at > from) this.#last = Buffer.from(run.slice(last, at), 'latin1')
    return at
  }

  #note(type: string, block: Uint8Array): void {
    if (this.#final !== undefined) return
    switch (type) {
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        this.#created ??= block
        return
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
      case 'error':
        this.#finish(type, block)
        return
      case 'keepalive':
        return
      case 'response.output_item.added':
      case 'response.output_item.done':
        this.#itemBlocks.push(block)
        break
      case 'response.output_text.delta':
      case 'response.refusal.delta':
        this.hasText = true
        break
    }
    this.hasContent = true
  }

  #finish(type: string, block: Uint8Array): void {
    const data = dataOf(block)
    // The name of an event may lie; its data says what it is.
    if (data === undefined || (stringMember(data, 'type') ?? type) !== type) return
    const begun = this.#begun()
    this.#itemBlocks = []
    if (type === 'error') {
      const error = decodeStreamError(objectMember(data, 'error') ?? data)
      this.#final = { ...begun, ended: 'failed', error }
      return
    }
    const { ended: _ended, error, ...facts } = responseFacts(objectMember(data, 'response') ?? {}, 'generate')
    const hasFailed = type === 'response.failed'
    this.#final = {
      ...begun,
      ...facts,
      ...(begun.model === undefined ? {} : { model: begun.model }),
      ...(begun.responseId === undefined ? {} : { responseId: begun.responseId }),
      ended: hasFailed ? 'failed' : 'complete',
      ...(hasFailed ? { error: error ?? decodeStreamError(undefined) } : {}),
      handles: unique([...begun.handles, ...facts.handles]),
    }
  }

  /**
   * Asked after every read whether the stream has ended, so before the end nothing is parsed for it: what costs a
   * parse is read when somebody looks at it.
   */
  facts(): AnswerFacts {
    if (this.#final !== undefined) return this.#final
    const lazy = (key: 'model' | 'responseId' | 'handles') => ({
      enumerable: true,
      get: () => this.#begun()[key],
    })
    return Object.defineProperties(
      { handles: [] },
      { model: lazy('model'), responseId: lazy('responseId'), handles: lazy('handles') },
    )
  }

  /** What is known before the terminal event. */
  #begun(): AnswerFacts {
    const response = this.#response() ?? {}
    const { model, responseId, handles } = responseFacts(response, 'generate')
    const isStored = response['store'] !== false
    const ofItems = [...this.#items().values()].flatMap((item) => handlesOfItem(item, isStored))
    return {
      ...(model === undefined ? {} : { model }),
      ...(responseId === undefined ? {} : { responseId }),
      handles: unique([...handles, ...ofItems]),
    }
  }

  #response(): JsonObject | undefined {
    return this.#created === undefined ? undefined : objectMember(dataOf(this.#created) ?? {}, 'response')
  }

  /** Items by their place; one that is done replaces what it was when it began. */
  #items(): ReadonlyMap<number, JsonObject> {
    const items = new Map<number, JsonObject>()
    for (const block of this.#itemBlocks) {
      const data = dataOf(block) ?? {}
      const item = objectMember(data, 'item')
      if (item !== undefined) items.set(numberMember(data, 'output_index') ?? items.size, item)
    }
    return items
  }

  violations(): readonly string[] {
    return this.#violations
  }

  fail(error: CanonicalError): readonly Uint8Array[] {
    const last = this.#last === undefined ? {} : (dataOf(this.#last) ?? {})
    const number = (numberMember(last, 'sequence_number') ?? this.#count - 1) + 1
    const items = [...this.#items()].sort(([a], [b]) => a - b)
    const response = {
      object: 'response',
      ...this.#response(),
      status: 'failed',
      error: responseError(error),
      output: items.map(([, item]) => unfinished(item)),
    }
    return [block('error', number, errorEvent(error)), block('response.failed', number + 1, { response })]
  }
}

const dataOf = (block: Uint8Array): JsonObject | undefined => {
  const frame = parseFrame(block)
  const data = frame === undefined ? undefined : parseJson(frame.data)
  return isJsonObject(data) ? data : undefined
}

/** An item that was still being written when the stream broke. */
const unfinished = (item: JsonObject): JsonObject =>
  item['status'] === 'in_progress' ? { ...item, status: 'incomplete' } : item

const block = (type: string, number: number, members: object): Uint8Array =>
  encodeFrame({ event: type, data: writeJson({ type, sequence_number: number, ...members }) })
