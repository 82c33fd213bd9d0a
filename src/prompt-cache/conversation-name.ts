import type { ProtocolId } from '../ir/index.ts'
import { isStringAt, itemsAt, memberAt, type Place, stringAt } from '../wire/index.ts'
import { promptOrder, rootMembers } from './prompt-order.ts'

export interface ConversationName {
  readonly name: string
  /** Something was said after the first words of the user. */
  readonly goesOn: boolean
}

/**
 * A name for the conversation that a request belongs to, for clients that give it none: of what stands before the
 * first words of the user, and of these words. Every later request of the conversation has the same; so have others
 * that begin alike, and they share a prefix, too. Undefined for what is no conversation.
 *
 * @param text latin1 view of the body, well formed
 */
export const conversationName = (text: string, protocol: ProtocolId): ConversationName | undefined => {
  const order = promptOrder(protocol)
  if (order === undefined) return undefined
  const members = rootMembers(text)
  const history = members.get(order.history)?.value
  if (history === undefined) return undefined
  let name = 0
  const add = ({ start, end }: Place): void => {
    name = Bun.hash.xxHash32(plain(text.slice(start, end)), name)
  }
  for (const key of order.prompt) {
    const member = members.get(key)
    // Tools come and go in the middle of a session.
    if (member !== undefined && key !== order.history && !toolKeys.has(key)) add(member.value)
  }
  if (isStringAt(text, history.start)) add(history)
  let goesOn = false
  let isFirst = true
  for (const item of itemsAt(text, history.start)) {
    if (!isFirst) {
      goesOn = true
      break
    }
    add(item)
    const role = memberAt(text, item.start, 'role')
    isFirst = role === undefined || stringAt(text, role) !== 'user'
  }
  return { name: `~${name.toString(16).padStart(8, '0')}`, goesOn }
}

const toolKeys: ReadonlySet<string> = new Set(['tools', 'functions'])

/** The first words have a mark in the first request and none in the next, and are a string then. */
const plain = (source: string): string => {
  const texts: string[] = []
  JSON.parse(source, (key, value: unknown) => {
    if (typeof value === 'string' && !formKeys.has(key)) texts.push(value)
    return value
  })
  return texts.join('\n')
}

const formKeys: ReadonlySet<string> = new Set(['type', 'ttl', 'role', 'id'])
