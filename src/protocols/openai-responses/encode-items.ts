/** Items of turns that were decoded from this protocol: a turn is one item. */
import { extensionOf, type Part, type ToolResultPart, type Turn } from '../../ir/index.ts'
import { RawJson, rawJson } from '../../wire/index.ts'
import type { Item } from './encode-input.ts'
import { encodePart } from './encode-parts.ts'
import { encodeTools } from './encode-tools.ts'
import { groupParts, type ItemGroup } from './group-parts.ts'
import type { Losses } from './losses.ts'
import { patched } from './patch.ts'
import { rebuildHosted } from './rebuild-hosted.ts'
import { protocolId } from './wire.ts'
import {
  writeCall,
  writeCompaction,
  writeConfiguration,
  writeMessage,
  writeReasoning,
  writeToolResult,
} from './write-items.ts'

export interface TurnContext {
  /** The turn's place in the request, for warnings. */
  readonly path: string
  readonly losses: Losses
}

export const encodeOwnTurn = (turn: Turn, context: TurnContext): readonly Item[] => {
  const items = turnItems(turn, context)
  const [only] = items
  if (items.length !== 1 || only === undefined || only instanceof RawJson) return items
  return [patched(only, extensionOf(turn, protocolId))]
}

const turnItems = (turn: Turn, context: TurnContext): readonly Item[] => {
  const special = settingItems(turn, true, context)
  if (turn.parts.length === 0) {
    return special.length > 0 ? special : [writeMessage({ ...messageHead(turn), content: [] })]
  }
  const groups = groupParts(turn.parts, turn.role === 'assistant' ? 'assistant' : 'user')
  return [...special, ...groups.flatMap((group) => encodeGroup(group, turn, context))]
}

/** What a turn changes for all that follows: tools, and settings. */
export const settingItems = (turn: Turn, own: boolean, { path, losses }: TurnContext): readonly Item[] => {
  const items: Item[] = []
  if (turn.tools !== undefined) {
    const tools = encodeTools(turn.tools, own, `${path}.tools`, losses)
    items.push({ type: 'additional_tools', role: 'developer', tools })
  }
  if (turn.reasoning?.effort !== undefined || turn.output !== undefined) items.push(writeConfiguration(turn))
  return items
}

const encodeGroup = (group: ItemGroup, turn: Turn, context: TurnContext): readonly Item[] => {
  switch (group.type) {
    case 'message':
      return [encodeMessage(group.parts, turn, context)]
    case 'source':
      return [rawJson(group.json)]
    case 'call':
      return [writeCall(group.part, 'request', 'completed')]
    case 'result':
      return [encodeToolResult(group.part, context)]
    case 'reasoning':
      return [writeReasoning(group.part, 'request')]
    case 'hosted':
      return orLost(rebuildHosted(group.group), 'server tool call', context)
    case 'lost':
      return orLost(writeCompaction(group.part, 'request'), featureOf(group.part), context)
  }
}

/** What a warning calls a part; of those without a canonical word, the wire's own word. */
export const featureOf = (part: Part): string =>
  part.type === 'opaque' && part.name !== '' ? part.name : part.type

const orLost = (item: Item | undefined, feature: string, { path, losses }: TurnContext): readonly Item[] => {
  if (item !== undefined) return [item]
  losses.add('dropped', feature, path, 'no counterpart')
  return []
}

export const messageHead = (turn: Turn) =>
  ({
    side: 'request',
    status: 'completed',
    role: turn.role === 'system' ? (turn.authority ?? 'developer') : turn.role,
  }) as const

const encodeMessage = (parts: readonly Part[], turn: Turn, context: TurnContext): Item => {
  const [first] = parts
  const content =
    turn.form === 'string' && parts.length === 1 && first?.type === 'text'
      ? first.text
      : encodeContent(parts, turn.role === 'assistant' ? 'assistant' : 'user', context)
  return writeMessage({ ...messageHead(turn), content })
}

/** Content parts as they stand in a message or a tool's output. */
export const encodeContent = (
  parts: readonly Part[],
  speaker: 'user' | 'assistant',
  { path, losses }: TurnContext,
): readonly Item[] =>
  parts.flatMap((part) => {
    const written = encodePart(part, { speaker, side: 'request' })
    if (written !== undefined) return [written]
    losses.add('dropped', featureOf(part), part.at ?? path, 'no counterpart')
    return []
  })

const encodeToolResult = (part: ToolResultPart, context: TurnContext): Item => {
  const [first] = part.content
  const isText = part.form === 'string' && part.content.length === 1 && first?.type === 'text'
  return writeToolResult(part, 'request', isText ? first.text : encodeContent(part.content, 'user', context))
}
