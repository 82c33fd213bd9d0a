import type { JsonObject, ToolCallPart } from '../../ir/index.ts'
import { callItem, ownItem } from './answer-items.ts'
import { isMarked } from './group-parts.ts'
import type { Frame } from './hosted-progress.ts'
import type { Written } from './patch.ts'
import type { WireStatus } from './wire.ts'

/** Writes one function or custom tool call. */
export class CallWriter {
  readonly outputIndex: number
  readonly #exchange: string
  readonly #id: unknown
  #part: ToolCallPart
  #patch: JsonObject
  readonly #name: string

  constructor(part: ToolCallPart, exchange: string, outputIndex: number) {
    this.outputIndex = outputIndex
    this.#exchange = exchange
    this.#part = { ...part, input: '' }
    this.#patch = ownItem(part)
    this.#name = part.kind === 'function' ? 'function_call_arguments' : 'custom_tool_call_input'
    this.#id = this.item('in_progress')['id']
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
    return [{ type: `response.${this.#name}.delta`, ...this.#at(), delta: input }]
  }

  /** The arguments are complete. Nobody's arguments are `{}` (translation.md §14.4 ST4). */
  end(patch: JsonObject | undefined): readonly Frame[] {
    const isEmpty = this.#part.input === '' && this.#part.kind === 'function' && !isMarked(this.#part)
    const filled = isEmpty ? this.delta('{}') : []
    this.#patch = patch ?? this.#patch
    const { input } = this.#part
    const whole = this.#part.kind === 'function' ? { arguments: input } : { input }
    return [...filled, { type: `response.${this.#name}.done`, ...this.#at(), ...whole }]
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
