import { extensionOf, type Part, type ToolResultPart, type Turn } from '../../ir/index.ts'
import { RawJson, rawJson } from '../../wire/index.ts'
import { encodePart } from './encode-parts.ts'
import { encodeTools, type Warn } from './encode-tools.ts'
import { groupParts, type ItemGroup } from './group-parts.ts'
import { patched, type Written } from './patch.ts'
import { rebuildHosted } from './rebuild-hosted.ts'
import { protocolId } from './wire.ts'
import { writeCall, writeCompaction, writeMessage, writeReasoning, writeToolResult } from './write-items.ts'

export interface TurnContext {
  /** The request was decoded from this protocol, so its reasoning and hosted items are ours. */
  readonly own: boolean
  readonly path: string
  readonly warn: Warn
}

type Item = Written | RawJson

/** The items of one turn. A turn of our own is one item; those of other protocols may be several, or none. */
export const encodeTurn = (turn: Turn, context: TurnContext): readonly Item[] => {
  const items = turnItems(turn, context)
  const patch = extensionOf(turn, protocolId)
  const [only] = items
  if (items.length !== 1 || only === undefined || only instanceof RawJson) return items
  return [patched(only, patch)]
}

const turnItems = (turn: Turn, context: TurnContext): readonly Item[] => {
  const special: Item[] = []
  if (turn.tools !== undefined) {
    const tools = encodeTools(turn.tools, !context.own, context.warn)
    special.push({ type: 'additional_tools', role: 'developer', tools })
  }
  if (turn.reasoning?.effort !== undefined) {
    special.push({ type: 'configuration_update', reasoning: { effort: turn.reasoning.effort } })
  }
  if (turn.parts.length === 0) {
    if (special.length > 0) return special
    return context.own ? [writeMessage({ ...messageHead(turn), content: [] })] : []
  }
  const speaker = turn.role === 'assistant' ? 'assistant' : 'user'
  const items = groupParts(turn.parts, speaker).flatMap((group) => encodeGroup(group, turn, context))
  return [...special, ...items]
}

const encodeGroup = (group: ItemGroup, turn: Turn, context: TurnContext): readonly Item[] => {
  switch (group.type) {
    case 'message':
      return encodeMessage(group.parts, turn, context)
    case 'source':
      return [rawJson(group.json)]
    case 'call':
      return [writeCall(group.part, 'request', 'completed')]
    case 'result':
      return [encodeToolResult(group.part, context)]
    case 'reasoning': {
      const isOurs =
        group.part.state?.protocol === protocolId || (context.own && group.part.state === undefined)
      if (isOurs) return [writeReasoning(group.part)]
      context.warn('reasoning', context.path, 'state of another provider')
      return []
    }
    case 'hosted': {
      const item = context.own ? rebuildHosted(group.group) : undefined
      if (item !== undefined) return [item]
      context.warn('server tool call', context.path, 'history of another provider')
      return []
    }
    case 'lost': {
      const compaction = writeCompaction(group.part)
      if (compaction !== undefined) return [compaction]
      context.warn(group.part.type, context.path, 'no counterpart')
      return []
    }
  }
}

const messageHead = (turn: Turn) =>
  ({
    side: 'request',
    status: 'completed',
    role: turn.role === 'system' ? (turn.authority ?? 'developer') : turn.role,
  }) as const

const encodeMessage = (parts: readonly Part[], turn: Turn, context: TurnContext): readonly Item[] => {
  const [first] = parts
  if (turn.form === 'string' && parts.length === 1 && first?.type === 'text') {
    return [writeMessage({ ...messageHead(turn), content: first.text })]
  }
  const speaker = turn.role === 'assistant' ? 'assistant' : 'user'
  const content = encodeContent(parts, speaker, context)
  // Other protocols may leave nothing that can be said; an empty message would be refused.
  return content.length === 0 && !context.own ? [] : [writeMessage({ ...messageHead(turn), content })]
}

const encodeContent = (
  parts: readonly Part[],
  speaker: 'user' | 'assistant',
  context: TurnContext,
): readonly Item[] => {
  const content: Item[] = []
  parts.forEach((part, index) => {
    const isEmpty = part.type === 'text' && part.text === '' && !context.own
    const written = isEmpty ? undefined : encodePart(part, { speaker, side: 'request' })
    if (written !== undefined) content.push(written)
    else if (!isEmpty) context.warn(part.type, `${context.path}.content[${index}]`, 'no counterpart')
  })
  return content
}

/** Errors have no flag here: the words say it, and an empty one gets some (translation.md §5.4 TR2). */
const encodeToolResult = (part: ToolResultPart, context: TurnContext): Item => {
  const [first] = part.content
  const output =
    part.form === 'string' && part.content.length === 1 && first?.type === 'text'
      ? first.text
      : part.content.length === 0 && !context.own
        ? ''
        : encodeContent(part.content, 'user', context)
  const isSilent = output === '' || (Array.isArray(output) && output.length === 0)
  return writeToolResult(
    part,
    'request',
    part.isError === true && isSilent ? 'Tool execution failed' : output,
  )
}
