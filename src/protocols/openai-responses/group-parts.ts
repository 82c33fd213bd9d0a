import {
  extensionOf,
  type ImagePart,
  type Part,
  type ReasoningPart,
  type ServerCallPart,
  type ServerResultPart,
  type ToolCallPart,
  type ToolResultPart,
} from '../../ir/index.ts'
import { type HostedGroup, isOneItem } from './rebuild-hosted.ts'
import { protocolId } from './wire.ts'

/** Parts that become one item. */
export type ItemGroup =
  | { readonly type: 'message'; readonly parts: readonly Part[] }
  | { readonly type: 'reasoning'; readonly part: ReasoningPart }
  | { readonly type: 'call'; readonly part: ToolCallPart }
  | { readonly type: 'result'; readonly part: ToolResultPart }
  /** Source text of a whole item. */
  | { readonly type: 'source'; readonly json: string }
  | { readonly type: 'hosted'; readonly group: HostedGroup }
  /** A part that no item can say. */
  | { readonly type: 'lost'; readonly part: Part }

/**
 * Cuts parts into items, in their order. A mark of our own decoder begins a new message; parts without one continue
 * the message that is open.
 */
export const groupParts = (parts: readonly Part[], speaker: 'user' | 'assistant'): readonly ItemGroup[] => {
  const groups: ItemGroup[] = []
  let message: Part[] | undefined
  /** Places of calls whose results may follow; several run at once where a model searches in parallel. */
  let hosted: number[] = []
  let source: string | undefined
  const close = () => {
    message = undefined
    hosted = []
    source = undefined
  }
  for (const part of parts) {
    if (isContent(part, speaker)) {
      if (message === undefined || beginsItem(part)) {
        close()
        message = []
        groups.push({ type: 'message', parts: message })
      }
      message.push(part)
      continue
    }
    message = undefined
    if (part.raw?.protocol === protocolId) {
      // Call and result of one item share its source.
      if (source !== part.raw.json) groups.push({ type: 'source', json: part.raw.json })
      close()
      source = part.raw.json
      continue
    }
    source = undefined
    const place = hosted.find((at) => joinedGroup(groups[at], part) !== undefined)
    const joined = place === undefined ? undefined : joinedGroup(groups[place], part)
    if (place !== undefined && joined !== undefined) {
      groups[place] = { type: 'hosted', group: joined }
      continue
    }
    const group = singleGroup(part)
    if (group.type === 'hosted') hosted.push(groups.length)
    else close()
    groups.push(group)
  }
  return groups
}

const joinedGroup = (group: ItemGroup | undefined, part: Part): HostedGroup | undefined =>
  group?.type === 'hosted' ? joinHosted(group.group, part) : undefined

const singleGroup = (part: Part): ItemGroup => {
  switch (part.type) {
    case 'reasoning':
      return { type: 'reasoning', part }
    case 'tool-call':
      return { type: 'call', part }
    case 'tool-result':
      return { type: 'result', part }
    case 'server-call':
      return { type: 'hosted', group: { call: part } }
    case 'server-result':
      return { type: 'hosted', group: { result: part } }
    case 'image':
      return { type: 'hosted', group: { image: part } }
    default:
      return { type: 'lost', part }
  }
}

/** Adds a result, or a produced image, to the call right before it. */
export const joinHosted = (
  group: HostedGroup,
  part: Part,
): (HostedGroup & { readonly call: ServerCallPart }) | undefined => {
  const { call } = group
  if (call === undefined || !isOneItem(call) || group.result !== undefined) return undefined
  if (part.type === 'server-result') return answers(part, call) ? { ...group, call, result: part } : undefined
  return isProducedImage(part) && call.tool === 'image-generation' && group.image === undefined
    ? { ...group, call, image: part }
    : undefined
}

const answers = (result: ServerResultPart, call: ServerCallPart): boolean =>
  result.tool === call.tool && (result.callId === undefined || result.callId === call.id)

const isProducedImage = (part: Part): part is ImagePart => part.type === 'image'

/** Content of a message, as opposed to an item of its own. */
export const isContent = (part: Part, speaker: 'user' | 'assistant'): boolean => {
  switch (part.type) {
    case 'text':
    case 'refusal':
    case 'json':
      return true
    case 'image':
    case 'document':
    case 'audio':
    case 'video':
      return speaker === 'user' || isMarked(part)
    case 'opaque':
      return isMarked(part)
    default:
      return false
  }
}

/** Does our own decoder's mark say that a new item begins with this part? */
export const beginsItem = (part: Part): boolean => Object.hasOwn(extensionOf(part, protocolId), 'item')

/** Was this part decoded from this protocol? Unmarked texts of other protocols flow together. */
export const isMarked = (part: Part): boolean => {
  const extension = extensionOf(part, protocolId)
  return Object.hasOwn(extension, 'item') || Object.hasOwn(extension, 'part')
}
