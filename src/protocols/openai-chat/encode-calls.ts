import { extensionOf, type OpaquePart, type ToolCallPart } from '../../ir/index.ts'
import { type RawJson, rawJson } from '../../wire/index.ts'
import { protocol } from './encode-parts.ts'
import { type Members, restore, spellingKey } from './remainder.ts'
import type { ChatFunctionCall, ChatToolCall, GoogleExtraContent } from './wire.ts'

/** Opaque parts with this prefix stood among the tool calls, not in the content. */
export const opaqueCallPrefix = 'tool_calls.'

/** One entry of `tool_calls`. @param id for a call that has none of its own */
export const encodeCall = (
  part: ToolCallPart | OpaquePart,
  id: string,
): ChatToolCall | Members | RawJson | undefined => {
  if (part.type === 'opaque') return part.raw?.protocol === protocol ? rawJson(part.raw.json) : undefined
  return restore(canonicalCall(part, id), extensionOf(part, protocol))
}

/** The call without its extension. */
export const canonicalCall = (part: ToolCallPart, id: string): ChatToolCall =>
  part.kind === 'custom'
    ? {
        id: part.id ?? id,
        type: 'custom',
        custom: { name: part.name, input: part.input },
        ...extraContent(part),
      }
    : {
        id: part.id ?? id,
        type: 'function',
        function: { name: wireName(part), arguments: part.input },
        ...extraContent(part),
      }

/** The form of before `tool_calls`. */
export const canonicalFunctionCall = (part: ToolCallPart): ChatFunctionCall => ({
  name: wireName(part),
  arguments: part.input,
})

/** Namespaces of Responses flatten; Chat Completions has one flat list of names. */
export const wireName = (part: { readonly name: string; readonly namespace?: string }): string =>
  part.namespace === undefined ? part.name : `${part.namespace}__${part.name}`

export const isFunctionCall = (part: ToolCallPart): boolean =>
  extensionOf(part, protocol)[spellingKey] === 'function_call'

/** State that belongs to a call, by Google's own convention for this protocol. */
export const extraContent = (part: Pick<ToolCallPart, 'state'>): { extra_content?: GoogleExtraContent } =>
  part.state === undefined ? {} : { extra_content: { google: { thought_signature: part.state.value } } }
