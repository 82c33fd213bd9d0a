import { isJsonObject, type JsonObject, parseJson } from '../../ir/index.ts'
import type { Machine, SseFrame } from '../../wire/index.ts'
import { ItemGrammar } from './item-grammar.ts'
import { arrayMember, member, numberMember, objectMember, stringMember } from './members.ts'

/**
 * The stream's grammar (translation.md §14.2) as a state machine. Each frame gives the names of the rules that it
 * breaks:
 *
 * - `not-json`, `no-type`, `event-name` (the event's name is not its type), `unknown-event`
 * - `created-first` (exactly one `response.created`, before all else), `late-progress` (`queued` or `in_progress` after
 *   an item), `sequence` (numbers are 0, 1, 2 …), `after-terminal`, `no-terminal` (at the end of the input)
 * - `output-index` (places are 0, 1, 2 …), `item-id`, `item-unknown`, `item-closed`, `item-type` (the item's type has no
 *   such event), `item-identity` (`done` is another item than `added`), `item-open` (at the terminal event)
 * - `part-order`, `part-missing`, `part-open`, `text-mismatch` (the whole is not what the deltas said)
 * - `terminal-status` (`response.status` is not what the event says), `terminal-output` (`output` is not the done items)
 */
export const conform = (): Machine<SseFrame, string> => {
  const stream = new StreamGrammar()
  return {
    push: (frame) => stream.push(frame),
    end: () => stream.end(),
  }
}

type Phase = 'new' | 'begun' | 'items' | 'failing' | 'over'

class StreamGrammar {
  #phase: Phase = 'new'
  #number = 0
  readonly #items = new Map<number, ItemGrammar>()

  push(frame: SseFrame): readonly string[] {
    // Some gateways end the stream as Chat Completions does.
    if (frame.data === '[DONE]') return this.#phase === 'over' ? [] : ['no-terminal']
    const data = parseJson(frame.data)
    if (!isJsonObject(data)) return ['not-json']
    const type = stringMember(data, 'type')
    if (type === undefined) return ['no-type']
    const rules = [...this.#common(frame, data, type), ...this.#event(data, type)]
    return [...new Set(rules)]
  }

  end(): readonly string[] {
    return this.#phase === 'over' || this.#phase === 'failing' ? [] : ['no-terminal']
  }

  #common(frame: SseFrame, data: JsonObject, type: string): readonly string[] {
    const rules: string[] = []
    if (frame.event !== type) rules.push('event-name')
    const number = numberMember(data, 'sequence_number')
    if (number !== this.#number) rules.push('sequence')
    this.#number = (number ?? this.#number) + 1
    if (this.#phase === 'over') rules.push('after-terminal')
    if (
      (this.#phase === 'new') !== (type === 'response.created') &&
      type !== 'error' &&
      type !== 'keepalive'
    ) {
      rules.push('created-first')
    }
    if (this.#phase === 'failing' && type !== 'response.failed') rules.push('after-terminal')
    return rules
  }

  #event(data: JsonObject, type: string): readonly string[] {
    switch (type) {
      case 'response.created':
        this.#phase = 'begun'
        return []
      case 'response.queued':
      case 'response.in_progress':
        return this.#phase === 'items' ? ['late-progress'] : []
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
        return this.#terminal(data, type.slice('response.'.length))
      case 'error':
        this.#phase = 'failing'
        return []
      case 'keepalive':
        return []
      case 'response.output_item.added':
        return this.#added(data)
      default:
        return this.#ofItem(data, type)
    }
  }

  #added(data: JsonObject): readonly string[] {
    this.#phase = 'items'
    const place = numberMember(data, 'output_index')
    if (place !== this.#items.size) return ['output-index']
    const item = objectMember(data, 'item') ?? {}
    const grammar = new ItemGrammar(item)
    const id = stringMember(item, 'id')
    const isKnown = [...this.#items.values()].some((other) => other.id === id)
    this.#items.set(place, grammar)
    const needsId = grammar.type !== 'function_call' && grammar.type !== 'custom_tool_call'
    return (id === undefined && !needsId) || (id !== undefined && id !== '' && !isKnown) ? [] : ['item-id']
  }

  #ofItem(data: JsonObject, type: string): readonly string[] {
    if (!type.startsWith('response.')) return ['unknown-event']
    const item = this.#items.get(numberMember(data, 'output_index') ?? -1)
    if (item === undefined) return ItemGrammar.knows(type) ? ['item-unknown'] : ['unknown-event']
    return item.push(data, type)
  }

  #terminal(data: JsonObject, name: string): readonly string[] {
    const rules: string[] = []
    this.#phase = 'over'
    const response = objectMember(data, 'response') ?? {}
    const status = stringMember(response, 'status')
    const ends = ['completed', 'incomplete', 'failed', 'cancelled']
    const expected = status === 'cancelled' ? 'failed' : status
    if (status !== undefined && ends.includes(status) && expected !== name) rules.push('terminal-status')
    if (name === 'failed') return rules
    const items = [...this.#items.values()]
    if (items.some((item) => !item.isDone)) rules.push('item-open')
    if (member(response, 'output') !== undefined && !isSameOutput(items, response))
      rules.push('terminal-output')
    return rules
  }
}

/** The same items in the same places; their contents were compared when they were done. */
const isSameOutput = (items: readonly ItemGrammar[], response: JsonObject): boolean => {
  const output = arrayMember(response, 'output') ?? []
  return (
    output.length === items.length &&
    output.every((item, place) => isJsonObject(item) && items[place]?.isSame(item) === true)
  )
}
