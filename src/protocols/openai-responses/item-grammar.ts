/** The life of one item in a stream: which events it may have, and in which order. */
import { isJsonObject, type JsonObject } from '../../ir/index.ts'
import { arrayMember, numberMember, objectMember, stringMember } from './members.ts'

interface TextState {
  readonly kind: string
  text: string
  isDone: boolean
  isClosed: boolean
}

/** Events that only report progress, by the item's type. */
const progress: Readonly<Record<string, readonly string[]>> = {
  web_search_call: ['web_search_call.in_progress', 'web_search_call.searching', 'web_search_call.completed'],
  file_search_call: [
    'file_search_call.in_progress',
    'file_search_call.searching',
    'file_search_call.completed',
  ],
  code_interpreter_call: [
    'code_interpreter_call.in_progress',
    'code_interpreter_call.interpreting',
    'code_interpreter_call.completed',
  ],
  image_generation_call: [
    'image_generation_call.in_progress',
    'image_generation_call.generating',
    'image_generation_call.partial_image',
    'image_generation_call.completed',
  ],
  mcp_call: ['mcp_call.in_progress', 'mcp_call.completed', 'mcp_call.failed'],
  mcp_list_tools: ['mcp_list_tools.in_progress', 'mcp_list_tools.completed', 'mcp_list_tools.failed'],
  shell_call: ['shell_call_command.added', 'shell_call_command.delta', 'shell_call_command.done'],
  shell_call_output: ['shell_call_output_content.delta', 'shell_call_output_content.done'],
  compaction: ['compaction.compacting'],
}

/** Strings of an item that come in deltas: the events' name, and the member that holds the whole. */
const streamed: Readonly<Record<string, readonly [string, string]>> = {
  function_call: ['function_call_arguments', 'arguments'],
  custom_tool_call: ['custom_tool_call_input', 'input'],
  mcp_call: ['mcp_call_arguments', 'arguments'],
  code_interpreter_call: ['code_interpreter_call_code', 'code'],
  apply_patch_call: ['apply_patch_call_operation_diff', 'diff'],
}

const partEvents = [
  'content_part.added',
  'content_part.done',
  'output_text.delta',
  'output_text.done',
  'output_text.annotation.added',
  'refusal.delta',
  'refusal.done',
  'reasoning_text.delta',
  'reasoning_text.done',
  'reasoning_summary_part.added',
  'reasoning_summary_part.done',
  'reasoning_summary_text.delta',
  'reasoning_summary_text.done',
]

const known: ReadonlySet<string> = new Set([
  'output_item.added',
  'output_item.done',
  ...partEvents,
  ...Object.values(progress).flat(),
  ...Object.values(streamed).flatMap(([name]) => [`${name}.delta`, `${name}.done`]),
])

export class ItemGrammar {
  readonly type: string
  readonly id: string | undefined
  isDone = false
  readonly #callId: string | undefined
  readonly #parts = new Map<string, TextState>()
  #string = ''

  constructor(item: JsonObject) {
    this.type = stringMember(item, 'type') ?? ''
    this.id = stringMember(item, 'id')
    this.#callId = stringMember(item, 'call_id')
  }

  static knows(type: string): boolean {
    return known.has(type.slice('response.'.length))
  }

  /** The same item at a later time? */
  isSame(item: JsonObject): boolean {
    return (
      stringMember(item, 'type') === this.type &&
      stringMember(item, 'id') === this.id &&
      stringMember(item, 'call_id') === this.#callId
    )
  }

  push(data: JsonObject, type: string): readonly string[] {
    const name = type.slice('response.'.length)
    if (!known.has(name)) return ['unknown-event']
    if (this.isDone) return ['item-closed']
    if (name === 'output_item.done') return this.#done(objectMember(data, 'item') ?? {})
    // The events of shell commands name their item by its place alone.
    const isNamed = stringMember(data, 'item_id') === this.id || name.startsWith('shell_call_command.')
    const rules = isNamed ? [] : ['item-id']
    if (partEvents.includes(name)) return [...rules, ...this.#part(data, name)]
    const [stem, whole] = streamed[this.type] ?? []
    if (stem !== undefined && whole !== undefined && name.startsWith(`${stem}.`)) {
      return [...rules, ...this.#streamed(data, name, whole)]
    }
    return progress[this.type]?.includes(name) === true ? rules : [...rules, 'item-type']
  }

  #streamed(data: JsonObject, name: string, whole: string): readonly string[] {
    if (name.endsWith('.delta')) {
      this.#string += stringMember(data, 'delta') ?? ''
      return []
    }
    return stringMember(data, whole) === this.#string ? [] : ['text-mismatch']
  }

  #part(data: JsonObject, name: string): readonly string[] {
    const isSummary = name.startsWith('reasoning_summary')
    if (isSummary ? this.type !== 'reasoning' : this.type !== 'message' && this.type !== 'reasoning') {
      return ['item-type']
    }
    const index = numberMember(data, isSummary ? 'summary_index' : 'content_index') ?? -1
    const key = `${isSummary ? 'summary' : 'content'} ${index}`
    const part = this.#parts.get(key)
    if (name.endsWith('part.added')) return this.#open(data, key, index, isSummary)
    if (part === undefined) return ['part-missing']
    if (part.isClosed) return ['part-order']
    return partRules(part, data, name)
  }

  #open(data: JsonObject, key: string, index: number, isSummary: boolean): readonly string[] {
    const list = isSummary ? 'summary' : 'content'
    const before = [...this.#parts].filter(([other]) => other.startsWith(list))
    const kind = stringMember(objectMember(data, 'part') ?? {}, 'type') ?? ''
    this.#parts.set(key, { kind, text: '', isDone: false, isClosed: false })
    const isNext = before.length === index && before.every(([, part]) => part.isClosed)
    return isNext ? [] : ['part-order']
  }

  #done(item: JsonObject): readonly string[] {
    this.isDone = true
    const rules: string[] = []
    if (!this.isSame(item)) rules.push('item-identity')
    if ([...this.#parts.values()].some((part) => !part.isClosed)) rules.push('part-open')
    if (!this.#saysTheSame(item)) rules.push('text-mismatch')
    return rules
  }

  /** Is the finished item what its deltas said? */
  #saysTheSame(item: JsonObject): boolean {
    const [, whole] = streamed[this.type] ?? []
    if (whole !== undefined && this.#string !== '' && stringMember(item, whole) !== undefined) {
      if (stringMember(item, whole) !== this.#string) return false
    }
    for (const list of ['summary', 'content']) {
      const parts = [...this.#parts].filter(([key]) => key.startsWith(list)).map(([, part]) => part)
      const said = (arrayMember(item, list) ?? []).map((part) =>
        isJsonObject(part) ? textOf(part) : undefined,
      )
      if (parts.length > 0 && parts.some((part, index) => said[index] !== part.text)) return false
    }
    return true
  }
}

const partRules = (part: TextState, data: JsonObject, name: string): readonly string[] => {
  if (name === 'output_text.annotation.added') return part.isDone ? ['part-order'] : []
  if (name.endsWith('.delta')) {
    part.text += stringMember(data, 'delta') ?? ''
    return part.isDone ? ['part-order'] : []
  }
  if (name.endsWith('part.done')) {
    part.isClosed = true
    const isWhole = part.isDone || !textKinds.includes(part.kind)
    const whole = textOf(objectMember(data, 'part') ?? {})
    if (!isWhole) return ['part-order']
    return !textKinds.includes(part.kind) || whole === part.text ? [] : ['text-mismatch']
  }
  part.isDone = true
  return textOf(data) === part.text ? [] : ['text-mismatch']
}

const textKinds = ['output_text', 'refusal', 'reasoning_text', 'summary_text']

const textOf = (object: JsonObject): string | undefined =>
  stringMember(object, 'text') ?? stringMember(object, 'refusal')
