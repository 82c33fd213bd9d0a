import type { JsonObject, ToolCallPart } from '../../ir/index.ts'
import { callItem, idOf } from './answer-items.ts'
import { isMarked } from './group-parts.ts'
import { ownItem } from './own-item.ts'
import type { Written } from './patch.ts'
import { WellFormedText } from './well-formed.ts'
import type { Frame, WireStatus } from './wire.ts'

/** Writes one function or custom tool call. */
export class CallWriter {
  readonly outputIndex: number
  readonly #exchange: string
  readonly #id: string
  readonly #part: ToolCallPart
  #input = ''
  readonly #wellFormed: WellFormedText | undefined
  #patch: JsonObject

  constructor(part: ToolCallPart, exchange: string, outputIndex: number) {
    this.outputIndex = outputIndex
    this.#exchange = exchange
    this.#part = { ...part, input: '' }
    this.#wellFormed = isMarked(part) ? undefined : new WellFormedText()
    this.#patch = ownItem(part)
    this.#id = idOf(this.item('in_progress'))
  }

  item(status: WireStatus): Written {
    return callItem({ ...this.#part, input: this.#input }, this.#patch, {
      exchange: this.#exchange,
      outputIndex: this.outputIndex,
      status,
    })
  }

  added(): Frame {
    const item = this.item('in_progress')
    const empty = this.#part.kind === 'function' ? { ...item, arguments: '' } : { ...item, input: '' }
    return { type: 'response.output_item.added', output_index: this.outputIndex, item: empty }
  }

  delta(slice: string): readonly Frame[] {
    const input = this.#wellFormed?.push(slice) ?? slice
    if (input === '') return []
    this.#input += input
    const members = { ...this.#at(), delta: input }
    return this.#part.kind === 'function'
      ? [{ type: 'response.function_call_arguments.delta', ...members }]
      : [{ type: 'response.custom_tool_call_input.delta', ...members }]
  }

  /** The arguments are complete. Nobody's arguments are `{}` (translation.md §14.4 ST4). */
  end(patch: JsonObject | undefined): readonly Frame[] {
    const left = this.delta(this.#wellFormed?.end() ?? '')
    const isEmpty = this.#input === '' && this.#part.kind === 'function' && !isMarked(this.#part)
    const filled = isEmpty ? this.delta('{}') : left
    this.#patch = patch ?? this.#patch
    const input = this.#input
    const done: Frame =
      this.#part.kind === 'function'
        ? { type: 'response.function_call_arguments.done', ...this.#at(), arguments: input }
        : { type: 'response.custom_tool_call_input.done', ...this.#at(), input }
    return [...filled, done]
  }

  done(status: WireStatus): Frame {
    return {
      type: 'response.output_item.done',
      output_index: this.outputIndex,
      item: this.item(status),
    }
  }

  #at() {
    return { item_id: this.#id, output_index: this.outputIndex }
  }
}
