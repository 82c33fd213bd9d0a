/** Tool calls of one streamed choice. */
import type { JsonObject, ReasoningState, StreamEvent, ToolCallPart } from '../../ir/index.ts'
import { isJsonObject } from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { protocol } from './encode-parts.ts'
import { numberOf, objectOf, optional, stringOf } from './members.ts'
import { spellingKey } from './remainder.ts'

interface Call {
  readonly kind: ToolCallPart['kind']
  readonly oldForm: boolean
  id: string | undefined
  name: string | undefined
  state: string | undefined
  /** State that came behind the opening. */
  lateState: string | undefined
  /** The part's index once it is open; a call opens when its name is known. */
  index: number | undefined
  input: string
  /** Arguments that came before the name. */
  waiting: string
  ended: boolean
}

export class CallDecoder {
  readonly #at: { readonly choice?: number }
  readonly #nextIndex: () => number
  /** In the order of their appearance; the key is the wire's index, made unique. */
  readonly #calls = new Map<string, Call>()

  constructor(at: { readonly choice?: number }, nextIndex: () => number) {
    this.#at = at
    this.#nextIndex = nextIndex
  }

  get count(): number {
    return this.#calls.size
  }

  /** One entry of `delta.tool_calls`. */
  push(wire: JsonObject, position: number, document: JsonDocument): readonly StreamEvent[] {
    const kind = wire['type'] === 'custom' || isJsonObject(wire['custom']) ? 'custom' : 'function'
    const holder = objectOf(wire[kind]) ?? {}
    const id = stringOf(wire['id'])
    const call = this.#find(wire, position, id, kind)
    const google = objectOf(objectOf(wire['extra_content'])?.['google'])
    const state = stringOf(google?.['thought_signature'])
    if (state !== undefined && call.index !== undefined) call.lateState = state
    else call.state = state ?? call.state
    const value = holder[kind === 'custom' ? 'input' : 'arguments']
    const text = isJsonObject(value) ? document.source(value) : (stringOf(value) ?? '')
    return this.#take(call, id, stringOf(holder['name']), text)
  }

  /** The older `delta.function_call`. */
  pushOld(wire: JsonObject): readonly StreamEvent[] {
    const call = this.#calls.get('function_call') ?? this.#add('function_call', 'function', true)
    return this.#take(call, undefined, stringOf(wire['name']), stringOf(wire['arguments']) ?? '')
  }

  /** Ends every call; one that never got a name cannot be told. */
  closeAll(): readonly StreamEvent[] {
    return [...this.#calls.values()].flatMap((call) => this.#close(call))
  }

  /**
   * Index missing: the call with that id, else the last one, else by position. Index given with another id: a new call
   * (Gemini's compatibility endpoint numbers all parallel calls 0).
   */
  #find(wire: JsonObject, position: number, id: string | undefined, kind: ToolCallPart['kind']): Call {
    const index = numberOf(wire['index'])
    const known = id === undefined ? undefined : [...this.#calls].find(([, call]) => call.id === id)
    if (index === undefined && known !== undefined) return known[1]
    const last = [...this.#calls.values()].at(-1)
    if (index === undefined && id === undefined && last !== undefined) return last
    let key = String(index ?? position)
    let call = this.#calls.get(key)
    while (call?.id !== undefined && id !== undefined && id !== '' && call.id !== id) {
      key = `${key}+`
      call = this.#calls.get(key)
    }
    // A continuation without an id belongs to the newest call of that index.
    if (id === undefined) {
      while (this.#calls.has(`${key}+`)) {
        key = `${key}+`
        call = this.#calls.get(key)
      }
    }
    return call ?? this.#add(key, kind, false)
  }

  #add(key: string, kind: ToolCallPart['kind'], oldForm: boolean): Call {
    const call: Call = {
      kind,
      oldForm,
      id: undefined,
      name: undefined,
      state: undefined,
      lateState: undefined,
      index: undefined,
      input: '',
      waiting: '',
      ended: false,
    }
    this.#calls.set(key, call)
    return call
  }

  #take(call: Call, id: string | undefined, name: string | undefined, text: string): readonly StreamEvent[] {
    if (call.ended) return text.trim() === '' ? [] : [lateArguments]
    call.id ??= id === '' ? undefined : id
    call.name ??= name === '' ? undefined : name
    call.waiting += text
    const events: StreamEvent[] = []
    if (call.index === undefined) {
      if (call.name === undefined) return []
      for (const other of this.#calls.values()) {
        if (other !== call && isWhole(other)) events.push(...this.#close(other))
      }
      events.push(this.#start(call, call.name))
    }
    if (call.waiting !== '' && call.index !== undefined) {
      const input = call.waiting
      call.input += input
      call.waiting = ''
      events.push({ type: 'tool-call-delta', ...this.#at, index: call.index, input })
    }
    return events
  }

  #start(call: Call, name: string): StreamEvent {
    call.index = this.#nextIndex()
    const part: ToolCallPart = {
      type: 'tool-call',
      ...optional('id', call.id),
      name,
      kind: call.kind,
      input: '',
      ...stateOf(call.state),
      ...(call.oldForm ? { extensions: { [protocol]: { [spellingKey]: 'function_call' } } } : {}),
    }
    return { type: 'tool-call-start', ...this.#at, index: call.index, part }
  }

  #close(call: Call): readonly StreamEvent[] {
    if (call.index === undefined || call.ended) return []
    call.ended = true
    return [{ type: 'tool-call-end', ...this.#at, index: call.index, ...stateOf(call.lateState) }]
  }
}

const stateOf = (value: string | undefined): { readonly state?: ReasoningState } =>
  value === undefined ? {} : { state: { protocol: 'gemini', kind: 'thought-signature', value } }

/** Another call began and this one's arguments were whole: they cannot go on. */
const lateArguments: StreamEvent = {
  type: 'error',
  error: { kind: 'upstream', message: 'the provider went on with a tool call that was over' },
}

/** Arguments that parse are over: a complete object cannot go on. Free text cannot be told. */
const isWhole = (call: Call): boolean => {
  if (call.kind === 'custom' || !call.input.trimEnd().endsWith('}')) return false
  try {
    JSON.parse(call.input)
    return true
  } catch {
    return false
  }
}
