import type { JsonObject, ToolCallPart } from '../../ir/index.ts'
import { callItem, idOf, ownItem } from './answer-items.ts'
import { isMarked } from './group-parts.ts'
import type { Written } from './patch.ts'
import type { Frame, WireStatus } from './wire.ts'

/** Writes one function or custom tool call. */
export class CallWriter {
  readonly outputIndex: number
  readonly #exchange: string
  readonly #id: string
  #part: ToolCallPart
  #patch: JsonObject

  constructor(part: ToolCallPart, exchange: string, outputIndex: number) {
    this.outputIndex = outputIndex
    this.#exchange = exchange
    this.#part = { ...part, input: '' }
    this.#patch = ownItem(part)
    this.#id = idOf(this.item('in_progress'))
  }

  item(status: WireStatus): Written {
    return callItem(this.#part, this.#patch, {
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

  delta(input: string): readonly Frame[] {
    this.#part = { ...this.#part, input: this.#part.input + input }
    const members = { ...this.#at(), delta: input }
    return this.#part.kind === 'function'
      ? [{ type: 'response.function_call_arguments.delta', ...members }]
      : [{ type: 'response.custom_tool_call_input.delta', ...members }]
  }

  /** The arguments are complete. Nobody's arguments are `{}` (translation.md §14.4 ST4). */
  end(patch: JsonObject | undefined): readonly Frame[] {
    const isEmpty = this.#part.input === '' && this.#part.kind === 'function' && !isMarked(this.#part)
    const filled = isEmpty ? this.delta('{}') : []
    this.#patch = patch ?? this.#patch
    const { input } = this.#part
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
