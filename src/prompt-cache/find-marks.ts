import { itemsAt, type Member, membersAt, type Place } from '../wire/index.ts'
import { rootMembers } from './prompt-order.ts'

/** A `cache_control` of an Anthropic request. */
export interface FoundMark {
  readonly member: Member
  /** Tools, system, messages, or the whole request. */
  readonly on: 'tools' | 'system' | 'messages' | 'request'
}

/**
 * All marks of an Anthropic request, where the API reads them: words of that name elsewhere (in the schema of a tool,
 * in what a tool was called with) are the client's own.
 */
export const findMarks = (text: string): readonly FoundMark[] => {
  // Most requests of clients that set none are told by one search.
  if (!text.includes(`"${markKey}"`)) return []
  const members = rootMembers(text)
  const found: FoundMark[] = []
  const look = (start: number, on: FoundMark['on']): void => {
    for (const member of membersAt(text, start)) if (member.key === markKey) found.push({ member, on })
  }
  const whole = members.get(markKey)
  if (whole !== undefined) found.push({ member: whole, on: 'request' })
  for (const tool of itemsOf(text, members.get('tools'))) look(tool.start, 'tools')
  for (const block of itemsOf(text, members.get('system'))) look(block.start, 'system')
  for (const message of itemsOf(text, members.get('messages'))) {
    for (const { key, value } of membersAt(text, message.start)) {
      if (key !== 'content') continue
      for (const block of itemsAt(text, value.start)) {
        look(block.start, 'messages')
        for (const inner of insideOf(text, block)) look(inner.start, 'messages')
      }
    }
  }
  return found
}

/** The member that says where to cache. */
export const markKey = 'cache_control'

const itemsOf = (text: string, member: Member | undefined): Iterable<Place> =>
  member === undefined ? [] : itemsAt(text, member.value.start)

/** What a tool answered, or a document is made of, is a list of blocks, too. */
function* insideOf(text: string, block: Place): Generator<Place, void> {
  for (const { key, value } of membersAt(text, block.start)) {
    if (key === 'content') yield* itemsAt(text, value.start)
    if (key !== 'source') continue
    for (const member of membersAt(text, value.start)) {
      if (member.key === 'content') yield* itemsAt(text, member.value.start)
    }
  }
}
