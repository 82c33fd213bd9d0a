/** Items of turns of other protocols: a turn becomes several items, one, or none. */
import { GatewayError } from '../../errors.ts'
import {
  extensionOf,
  type Part,
  type ProtocolId,
  parseJson,
  type ToolCallPart,
  type ToolResultPart,
  type Turn,
} from '../../ir/index.ts'
import { RawJson, rawJson } from '../../wire/index.ts'
import { codePoints, encodeCitation } from './citations.ts'
import type { Item } from './encode-input.ts'
import { encodeContent, featureOf, messageHead, settingItems, type TurnContext } from './encode-items.ts'
import { adoptContent } from './foreign-content.ts'
import { groupParts, type ItemGroup } from './group-parts.ts'
import { historyItem } from './history-item.ts'
import { parseObject, stringMember } from './members.ts'
import { patched } from './patch.ts'
import { rebuildHosted } from './rebuild-hosted.ts'
import { protocolId } from './wire.ts'
import { writeCall, writeCompaction, writeMessage, writeReasoning, writeToolResult } from './write-items.ts'

export interface ForeignContext extends TurnContext {
  readonly protocol: ProtocolId
  /** Kinds of all calls of the request, by their ids. */
  readonly calls: ReadonlyMap<string, ToolCallPart['kind']>
}

export const encodeForeignTurn = (turn: Turn, context: ForeignContext): readonly Item[] => {
  const { path, losses } = context
  if (turn.role === 'system') refuseMedia(turn, context)
  if (turn.name !== undefined) losses.add('dropped', 'name', `${path}.name`, 'messages have no names')
  const groups = groupParts(turn.parts, turn.role === 'assistant' ? 'assistant' : 'user')
  const items = [
    ...settingItems(turn, false, context),
    ...groups.flatMap((group) => encodeGroup(group, turn, context)),
  ]
  const [only] = items
  if (items.length === 1 && only !== undefined && !(only instanceof RawJson)) {
    // What was restored from an envelope of ours has what its item said beyond its parts, such as its id.
    return [patched(only, extensionOf(turn, protocolId))]
  }
  if (items.length > 0 || turn.role !== 'user') return items
  losses.add('approximated', 'empty message', path, 'a user message must not be empty')
  return [writeMessage({ ...messageHead(turn), content: '(empty)' })]
}

/** Gemini takes media in its instructions (translation.md S7); what would be left of them is something else. */
const refuseMedia = (turn: Turn, { protocol, path }: ForeignContext): void => {
  const media = turn.parts.find((part) => mediaTypes.has(part.type))
  if (protocol !== 'gemini' || media === undefined) return
  const param = media.at ?? path
  throw new GatewayError(
    'gateway_translation_unsupported',
    `${param}: system instructions with ${media.type} cannot be said in the Responses protocol: move it to a message`,
    { param },
  )
}

const mediaTypes: ReadonlySet<Part['type']> = new Set(['image', 'document', 'audio', 'video'])

const encodeGroup = (group: ItemGroup, turn: Turn, context: ForeignContext): readonly Item[] => {
  switch (group.type) {
    case 'message':
      return encodeMessage(group.parts, turn, context)
    case 'source':
      return [rawJson(group.json)]
    case 'call':
      return [writeCall({ ...group.part, input: inputOf(group.part) }, 'request', 'completed')]
    case 'result':
      return [encodeToolResult(group.part, context)]
    case 'reasoning': {
      const { state, at } = group.part
      if (state?.protocol === protocolId) {
        return [writeReasoning(group.part, 'request')]
      }
      // Thoughts without our state are refused, and never become words of the answer.
      if (state !== undefined) {
        context.losses.add('dropped', 'reasoning', at ?? context.path, 'state of another provider')
      }
      return []
    }
    case 'hosted': {
      const item = rebuildHosted(group.group)
      const { call, image, result } = group.group
      if (item !== undefined) return [historyItem(item, group.group)]
      const at = (call ?? image ?? result)?.at ?? context.path
      context.losses.add('dropped', 'server tool call', at, 'history of another provider')
      return []
    }
    case 'lost': {
      const compaction = writeCompaction(group.part, 'request')
      if (compaction !== undefined) return [compaction]
      context.losses.add('dropped', featureOf(group.part), group.part.at ?? context.path, 'no counterpart')
      return []
    }
  }
}

const encodeMessage = (parts: readonly Part[], turn: Turn, context: ForeignContext): readonly Item[] => {
  const said = parts.filter((part) => part.type !== 'text' || part.text !== '')
  const [first] = said
  if (first === undefined) return []
  const isOneText = said.length === 1 && first.type === 'text'
  if (turn.role === 'assistant') {
    const content = isOneText && first.citations === undefined ? first.text : assistantContent(said, context)
    return content.length === 0 ? [] : [writeMessage({ ...messageHead(turn), content })]
  }
  // However it was written: clients write a block in one request and a string in the next, and the prompt stays.
  if (isOneText && first.cache === undefined) {
    return [writeMessage({ ...messageHead(turn), content: first.text })]
  }
  const content = encodeContent(said.map(adoptContent), 'user', context)
  return content.length === 0 ? [] : [writeMessage({ ...messageHead(turn), content })]
}

/**
 * What the assistant said. Anthropic cuts a text where it cites; such pieces are one text again, so that the
 * annotations say where. Others stay as many texts as they were.
 */
const assistantContent = (parts: readonly Part[], context: ForeignContext): readonly Item[] => {
  const isCited = parts.some((part) => part.type === 'text' && part.citations !== undefined)
  if (!isCited) return encodeContent(parts, 'assistant', context)
  const content: Item[] = []
  let text = ''
  let annotations: Item[] = []
  let length = 0
  const flush = () => {
    if (text !== '') content.push({ type: 'output_text', annotations, text })
    text = ''
    annotations = []
    length = 0
  }
  for (const part of parts) {
    if (part.type !== 'text') {
      flush()
      content.push(...encodeContent([part], 'assistant', context))
      continue
    }
    const range = { start: length, end: length + codePoints(part.text) }
    text += part.text
    length = range.end
    for (const citation of part.citations ?? []) {
      const annotation = encodeCitation(citation, range)
      if (annotation !== undefined) annotations.push(annotation)
    }
  }
  flush()
  return content
}

/** Arguments that nobody wrote are `{}`. What was no JSON object, and was wrapped for others, is itself again. */
const inputOf = (part: ToolCallPart): string => {
  if (part.kind === 'custom') return part.input
  if (part.input.trim() === '') return '{}'
  if (!/^\s*\{\s*"INVALID_JSON"/.test(part.input)) return part.input
  const object = parseObject(part.input)
  const wrapped = stringMember(object, 'INVALID_JSON')
  return wrapped === undefined || Object.keys(object).length > 1 || isObject(wrapped) ? part.input : wrapped
}

const isObject = (text: string): boolean => {
  const value = parseJson(text)
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Errors have no flag here: the words say it, and an empty one gets some (translation.md §5.4 TR2). */
const encodeToolResult = (part: ToolResultPart, context: ForeignContext): Item => {
  const output = outputOf(part, context)
  const kind = (part.callId === undefined ? undefined : context.calls.get(part.callId)) ?? part.kind
  const { name: _name, ...rest } = part
  const silent = part.isError === true && output === ''
  return writeToolResult({ ...rest, kind }, 'request', silent ? 'Tool execution failed' : output)
}

const outputOf = (part: ToolResultPart, context: ForeignContext): string | readonly Item[] => {
  const said = part.content.filter((each) => each.type !== 'text' || each.text !== '')
  const [first] = said
  if (first === undefined) return ''
  if (said.length === 1 && first.type === 'json') return first.json
  // One text is a string, however it was written, as in messages.
  if (said.length === 1 && first.type === 'text' && first.cache === undefined) return first.text
  const content = encodeContent(said.map(adoptContent), 'user', context)
  return content.length === 0 ? '' : content
}
