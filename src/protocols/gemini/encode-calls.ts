import {
  extensionOf,
  isJsonObject,
  type JsonObject,
  type Part,
  type ServerCallPart,
  type ToolCallPart,
} from '../../ir/index.ts'
import { rawJson } from '../../wire/index.ts'
import { noArgsNote } from './decode-parts.ts'
import { argsOf } from './json-text.ts'
import { writeMembers } from './read-object.ts'

/** `functionCall`. Free text is the one argument `input`; namespaces and servers stand in front of the name. */
export const encodeCall = (part: ToolCallPart | ServerCallPart): object => {
  const notes = innerNotes(part, 'functionCall')
  const isCustom = part.type === 'tool-call' && part.kind === 'custom'
  const omitted = notes[noArgsNote] === true && part.input === '{}'
  const args = isCustom ? rawJson(JSON.stringify({ input: part.input })) : argsOf(part.input)
  return writeMembers({ id: part.id, name: wireName(part), args: omitted ? undefined : args }, notes)
}

/** The name that the call and its result have on the wire. */
export const wireName = (part: ToolCallPart | ServerCallPart): string => {
  if (part.type === 'tool-call')
    return part.namespace === undefined ? part.name : `${part.namespace}__${part.name}`
  return part.server === undefined ? part.name : `${part.server}_${part.name}`
}

/** What the wire's inner object held beside, where the codec kept it. */
export const innerNotes = (part: Part, name: string): JsonObject => {
  const notes = extensionOf(part, 'gemini')[`$${name}`]
  return isJsonObject(notes) ? notes : {}
}
