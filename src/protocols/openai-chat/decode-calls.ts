import {
  extend,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type OpaquePart,
  type ReasoningState,
  type ToolCallPart,
} from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { cacheOf } from './decode-parts.ts'
import { canonicalCall, canonicalFunctionCall, opaqueCallPrefix } from './encode-calls.ts'
import { protocol } from './encode-parts.ts'
import { objectOf, optional, stringOf } from './members.ts'
import { remainder, spellingKey } from './remainder.ts'

/** One entry of `tool_calls`. */
export const decodeCall = (wire: JsonValue, document: JsonDocument): ToolCallPart | OpaquePart => {
  const known = isJsonObject(wire) ? knownCall(wire, document) : undefined
  if (known === undefined || !isJsonObject(wire)) {
    const type = isJsonObject(wire) ? stringOf(wire['type']) : undefined
    return {
      type: 'opaque',
      name: `${opaqueCallPrefix}${type ?? 'unknown'}`,
      raw: { protocol, json: document.source(wire) },
    }
  }
  const part: ToolCallPart = { ...known, ...cacheOf(wire) }
  return { ...part, ...extend(protocol, remainder(wire, canonicalCall(part, ''), document)) }
}

const knownCall = (wire: JsonObject, document: JsonDocument): ToolCallPart | undefined => {
  const base = { type: 'tool-call', ...optional('id', stringOf(wire['id'])), ...stateOf(wire) } as const
  const custom = objectOf(wire['custom'])
  if (wire['type'] === 'custom' && custom !== undefined) {
    const name = stringOf(custom['name'])
    return name === undefined
      ? undefined
      : { ...base, kind: 'custom', name, input: stringOf(custom['input']) ?? '' }
  }
  const call = objectOf(wire['function'])
  const name = stringOf(call?.['name'])
  if (call === undefined || name === undefined) return undefined
  return { ...base, kind: 'function', name, input: argumentsOf(call, document) }
}

/** The legacy `function_call` of a message. Servers that always send the member leave its name empty. */
export const decodeFunctionCall = (
  value: JsonValue | undefined,
  document: JsonDocument,
): ToolCallPart | undefined => {
  const wire = objectOf(value)
  const name = stringOf(wire?.['name'])
  if (wire === undefined || name === undefined || name === '') return undefined
  const part: ToolCallPart = {
    type: 'tool-call',
    kind: 'function',
    name,
    input: argumentsOf(wire, document),
  }
  return {
    ...part,
    ...extend(protocol, {
      [spellingKey]: 'function_call',
      ...remainder(wire, canonicalFunctionCall(part), document),
    }),
  }
}

/** A string as it is; some servers send the object itself, whose source text is kept. */
const argumentsOf = (call: JsonObject, document: JsonDocument): string => {
  const value = call['arguments']
  if (typeof value === 'string') return value
  return isJsonObject(value) ? document.source(value) : ''
}

const stateOf = (wire: JsonObject): { readonly state?: ReasoningState } => {
  const value = stringOf(objectOf(objectOf(wire['extra_content'])?.['google'])?.['thought_signature'])
  return value === undefined ? {} : { state: { protocol: 'gemini', kind: 'thought-signature', value } }
}
