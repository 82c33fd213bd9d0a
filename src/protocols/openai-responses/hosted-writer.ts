import { extensionOf, type JsonObject, type Part } from '../../ir/index.ts'
import { parseDocument, RawJson, rawJson, writeJson } from '../../wire/index.ts'
import { encodeOutput, hostedItem } from './answer-items.ts'
import { joinHosted } from './group-parts.ts'
import { decodeHosted } from './hosted-items.ts'
import { type Progress, progressOf, startedItem } from './hosted-progress.ts'
import { createLosses } from './losses.ts'
import { parseObject } from './members.ts'
import type { Written } from './patch.ts'
import { type HostedGroup, isOneItem, rebuildHosted } from './rebuild-hosted.ts'
import type { Frame } from './wire.ts'
import { protocolId } from './wire.ts'

/**
 * Writes an item that comes in whole parts: a hosted call with its result, a result, a picture, or an item whose source
 * is kept. A call waits for its result, which belongs into the same item.
 */
export class HostedWriter {
  readonly opening: readonly Frame[]
  isWhole: boolean
  #item: Written | RawJson
  #value: JsonObject
  readonly #exchange: string
  readonly #outputIndex: number
  #group: HostedGroup
  /** Parts of a kept source that are still to come. */
  #missing: number

  /** Undefined when no item can say the part. */
  static begin(part: Part, exchange: string, outputIndex: number): HostedWriter | undefined {
    if (part.raw?.protocol === protocolId && extensionOf(part, protocolId)['part'] === undefined) {
      const document = parseDocument(part.raw.json)
      const places = decodeHosted(parseObject(part.raw.json), document)?.length ?? 1
      return new HostedWriter(rawJson(part.raw.json), exchange, outputIndex, {}, places - 1, places > 1)
    }
    const group = groupOf(part)
    const place = { exchange, outputIndex, status: 'completed' } as const
    const rebuilt = group === undefined ? undefined : rebuildHosted(group)
    const [item] =
      rebuilt === undefined
        ? encodeOutput([part], exchange, false, createLosses())
        : [hostedItem(rebuilt, place)]
    if (item === undefined) return undefined
    const waits = group?.call !== undefined && isOneItem(group.call)
    return new HostedWriter(item, exchange, outputIndex, group ?? {}, 0, waits)
  }

  private constructor(
    item: Written | RawJson,
    exchange: string,
    outputIndex: number,
    group: HostedGroup,
    missing: number,
    waits: boolean,
  ) {
    this.#item = item
    this.#value = jsonOf(item)
    this.isWhole = !waits
    this.#exchange = exchange
    this.#outputIndex = outputIndex
    this.#group = group
    this.#missing = missing
    const added: Frame = {
      type: 'response.output_item.added',
      output_index: outputIndex,
      item: startedItem(this.#value),
    }
    this.opening = [added, ...this.#progress().before, ...(waits ? [] : this.done())]
  }

  get item(): Written | RawJson {
    return this.#item
  }

  /** Adds the result to the call before it; undefined when it belongs elsewhere. */
  join(part: Part): readonly Frame[] | undefined {
    if (this.#item instanceof RawJson) {
      if (part.raw?.json !== this.#item.text || this.#missing === 0) return undefined
      this.#missing--
      if (this.#missing > 0) return []
      this.isWhole = true
      return this.done()
    }
    const group = part.raw?.protocol === protocolId ? undefined : joinHosted(this.#group, part)
    const rebuilt = group && rebuildHosted(group)
    if (group === undefined || rebuilt === undefined) return undefined
    this.#group = group
    this.#item = hostedItem(rebuilt, {
      exchange: this.#exchange,
      outputIndex: this.#outputIndex,
      status: 'completed',
    })
    this.#value = jsonOf(this.#item)
    this.isWhole = true
    return this.done()
  }

  done(): readonly Frame[] {
    return [
      ...this.#progress().after,
      { type: 'response.output_item.done', output_index: this.#outputIndex, item: this.#item },
    ]
  }

  #progress(): Progress {
    return progressOf(this.#value, this.#outputIndex)
  }
}

const groupOf = (part: Part): HostedGroup | undefined => {
  switch (part.type) {
    case 'server-call':
      return { call: part }
    case 'server-result':
      return { result: part }
    case 'image':
      return { image: part }
    default:
      return undefined
  }
}

/** The item as JSON: sources inside a rebuilt one are parsed. */
const jsonOf = (item: Written | RawJson): JsonObject =>
  parseObject(item instanceof RawJson ? item.text : writeJson(item))
