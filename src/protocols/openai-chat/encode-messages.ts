import {
  extensionOf,
  type Part,
  type ReasoningPart,
  type ToolCallPart,
  type ToolResultPart,
  type Turn,
} from '../../ir/index.ts'
import { rawJson } from '../../wire/index.ts'
import { canonicalFunctionCall, encodeCall, isFunctionCall, opaqueCallPrefix } from './encode-calls.ts'
import { encodePart, isThinkingPart, protocol } from './encode-parts.ts'
import { optional } from './members.ts'
import { encodeReasoning } from './reasoning-fields.ts'
import { type Members, restore, spellingKey } from './remainder.ts'

/** One turn; its tool results are messages of their own. */
export const encodeTurn = (turn: Turn): readonly unknown[] => {
  if (turn.raw?.protocol === protocol) return [rawJson(turn.raw.json)]
  const messages = canonicalMessages(turn)
  const [message] = messages
  return messages.length === 1 && message !== undefined
    ? [restore(message, extensionOf(turn, protocol))]
    : messages
}

/** The messages without the turn's own extension (those of its parts are in). */
export const canonicalMessages = (turn: Turn): readonly Members[] => {
  if (turn.role === 'assistant') return [assistantMessage(turn)]
  if (turn.role === 'system') {
    const role = turn.authority === 'developer' ? 'developer' : 'system'
    return [{ role, content: contentOf(turn.parts, turn.form), ...optional('name', turn.name) }]
  }
  const results = turn.parts.filter((part) => part.type === 'tool-result')
  const rest = turn.parts.filter((part) => part.type !== 'tool-result')
  const messages: Members[] = results.map(toolMessage)
  if (rest.length > 0 || results.length === 0) {
    messages.push({ role: 'user', content: contentOf(rest, turn.form), ...optional('name', turn.name) })
  }
  return messages
}

const toolMessage = (part: ToolResultPart): Members => {
  const content = contentOf(part.content, part.form)
  // The form of before `tool_calls` has no id.
  if (part.callId === undefined && extensionOf(part, protocol)[spellingKey] === 'function') {
    return { role: 'function', name: part.name ?? '', content }
  }
  return {
    role: 'tool',
    content: part.content.length === 0 ? '' : content,
    tool_call_id: part.callId ?? '',
    ...optional('name', part.name),
  }
}

const assistantMessage = (turn: Turn): Members => {
  const content: Part[] = []
  const thoughts: ReasoningPart[] = []
  const calls: unknown[] = []
  const refusals: string[] = []
  let functionCall: ToolCallPart | undefined
  let audio: string | undefined
  const hasText = turn.parts.some((part) => part.type === 'text')
  turn.parts.forEach((part, index) => {
    if (part.type === 'tool-call' && isFunctionCall(part)) functionCall = part
    else if (
      part.type === 'tool-call' ||
      (part.type === 'opaque' && part.name.startsWith(opaqueCallPrefix))
    ) {
      calls.push(encodeCall(part, `call_${index}`))
    } else if (part.type === 'reasoning' && !isThinkingPart(part)) thoughts.push(part)
    else if (part.type === 'refusal' && (isOfMessage(part) || !hasText || turn.form === 'string')) {
      refusals.push(part.text)
    } else if (part.type === 'audio' && part.source.type === 'file') audio = part.source.id
    else content.push(part)
  })
  return {
    role: 'assistant',
    content: content.length === 0 && turn.form === undefined ? null : contentOf(content, turn.form),
    ...optional('name', turn.name),
    ...(refusals.length === 0 ? {} : { refusal: refusals.join('') }),
    ...encodeReasoning(thoughts),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
    ...(functionCall === undefined
      ? {}
      : {
          function_call: restore(canonicalFunctionCall(functionCall), extensionOf(functionCall, protocol)),
        }),
    ...(audio === undefined ? {} : { audio: { id: audio } }),
  }
}

/** A string where the source wrote one and nothing needs a list. */
const contentOf = (parts: readonly Part[], form: 'string' | undefined): string | readonly unknown[] => {
  const needsList = parts.some(
    (part) => part.type !== 'text' || (part.cache !== undefined && !isOfMessage(part)),
  )
  if (form === 'string' && !needsList) {
    return parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
  }
  return parts.map(encodePart).filter((part) => part !== undefined)
}

/** Its place on the wire is a member of the message: a refusal beside the content, a cache mark on the whole. */
export const isOfMessage = (part: Part): boolean => extensionOf(part, protocol)[spellingKey] === 'message'
