import {
  extend,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type Part,
  type ToolResultPart,
  type Turn,
} from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { decodeCall, decodeFunctionCall } from './decode-calls.ts'
import { cacheOf, decodeContent } from './decode-parts.ts'
import { canonicalMessages } from './encode-messages.ts'
import { protocol } from './encode-parts.ts'
import { arrayOf, objectOf, optional, stringOf } from './members.ts'
import { decodeReasoning } from './reasoning-fields.ts'
import { remainder, spellingKey } from './remainder.ts'

/** One message as one turn; one of an unknown role is kept whole. */
export const decodeMessage = (wire: JsonValue, document: JsonDocument): Turn => {
  const known = isJsonObject(wire) ? knownTurn(wire, document) : undefined
  if (known === undefined || !isJsonObject(wire)) {
    const raw = { protocol, json: document.source(wire) } as const
    const role = isJsonObject(wire) ? stringOf(wire['role']) : undefined
    return { role: 'user', parts: [{ type: 'opaque', name: role ?? 'message', raw }], raw }
  }
  const turn = { ...known, parts: markLast(known.parts, wire) }
  const [canonical] = canonicalMessages(turn)
  return { ...turn, ...extend(protocol, remainder(wire, canonical ?? {}, document)) }
}

const knownTurn = (wire: JsonObject, document: JsonDocument): Turn | undefined => {
  const name = optional('name', stringOf(wire['name']))
  switch (wire['role']) {
    case 'system':
    case 'developer': {
      const content = decodeContent(wire['content'], document)
      return { role: 'system', authority: wire['role'], placement: 'inline', ...content, ...name }
    }
    case 'user':
      return { role: 'user', ...decodeContent(wire['content'], document), ...name }
    case 'assistant':
      return { role: 'assistant', ...assistantContent(wire, document), ...name }
    case 'tool':
    case 'function':
      return { role: 'user', parts: [toolResult(wire, wire['role'], document)] }
    default:
      return undefined
  }
}

const toolResult = (wire: JsonObject, role: 'tool' | 'function', document: JsonDocument): ToolResultPart => {
  const { parts: content, form } = decodeContent(wire['content'], document)
  return {
    type: 'tool-result',
    kind: 'function',
    ...optional('callId', stringOf(wire['tool_call_id'])),
    ...optional('name', stringOf(wire['name'])),
    content,
    ...optional('form', form),
    ...(role === 'function' ? { extensions: { [protocol]: { [spellingKey]: 'function' } } } : {}),
  }
}

/** Thoughts first, then words, then calls: their order within a message is not on the wire. */
const assistantContent = (wire: JsonObject, document: JsonDocument): Pick<Turn, 'parts' | 'form'> => {
  const { parts: content, form } = decodeContent(wire['content'], document)
  const parts: Part[] = []
  parts.push(...decodeReasoning(wire, document), ...content)
  const refusal = stringOf(wire['refusal'])
  if (refusal !== undefined && refusal !== '') {
    const extensions = { [protocol]: { [spellingKey]: 'message' } }
    parts.push({ type: 'refusal', text: refusal, extensions })
  }
  const audio = stringOf(objectOf(wire['audio'])?.['id'])
  if (audio !== undefined) parts.push({ type: 'audio', source: { type: 'file', id: audio } })
  for (const call of arrayOf(wire['tool_calls'])) parts.push(decodeCall(call, document))
  const functionCall = decodeFunctionCall(wire['function_call'], document)
  if (functionCall !== undefined) parts.push(functionCall)
  return { parts, ...optional('form', form) }
}

/** A mark on the message means its last part (clients that speak to Claude through this protocol send it). */
const markLast = (parts: readonly Part[], wire: JsonObject): readonly Part[] => {
  const mark = cacheOf(wire)
  const last = parts.at(-1)
  if (mark.cache === undefined || last === undefined || last.cache !== undefined) return parts
  const extension = { ...last.extensions?.[protocol], [spellingKey]: 'message' }
  // A part that has a spelling of its own keeps it; such a mark stays the message's alone.
  if (last.extensions?.[protocol]?.[spellingKey] !== undefined) return parts
  return [
    ...parts.slice(0, -1),
    { ...last, ...mark, extensions: { ...last.extensions, [protocol]: extension } },
  ]
}
