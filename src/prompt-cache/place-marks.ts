import type { Splice } from '../wire/index.ts'
import { findMarks } from './find-marks.ts'
import { isStringAt, itemsAt, memberAt, membersAt, type Place, stringAt } from './json-walk.ts'
import { rootMembers } from './prompt-order.ts'

export interface MarkRules {
  /** Tokens of the shortest prefix that the model keeps. */
  readonly minimumTokens: number
  /** How long the prefix is kept. */
  readonly ttl: '5m' | '1h'
}

/**
 * The edits that give an Anthropic request without a mark up to four: on the last tool, at the end of the system
 * prompt, and at the ends of the last two turns of the user. The last but one is where the request before had its
 * last, so the provider finds what it has kept however much was said since.
 *
 * A pure function of the text: what it does to the front of a conversation it does to it in every later request. So
 * every string of a user becomes a list of one block as soon as any is marked, since a mark needs one. Nothing is
 * taken away and nothing is moved: without what was put in, the text is what it was.
 *
 * @returns nothing where the client has set a mark, or the prompt is too short
 */
export const placeMarks = (text: string, rules: MarkRules): readonly Splice[] => {
  if (findMarks(text).length > 0) return []
  const members = rootMembers(text)
  const tools = members.get('tools')?.value
  const system = members.get('system')?.value
  const messages = members.get('messages')?.value
  const needed = rules.minimumTokens * charactersOfToken
  const mark = `,"cache_control":{"type":"ephemeral"${rules.ttl === '1h' ? ',"ttl":"1h"' : ''}}`
  const splices: Splice[] = []
  let size = sizeOf(tools)
  if (tools !== undefined && size >= needed) {
    const tool = lastOf(itemsAt(text, tools.start), (one) => isMarkableTool(text, one))
    if (tool !== undefined) splices.push(insideEnd(tool, mark))
  }
  size += sizeOf(system)
  if (system !== undefined && size >= needed) splices.push(...endOfSystem(text, system, mark))
  if (messages !== undefined) {
    const hasTools = tools !== undefined && !itemsAt(text, tools.start).next().done
    splices.push(...endsOfTurns(text, messages, { mark, left: needed - size, hasTools }))
  }
  return splices
}

/** Text of English, code and JSON has about so many characters for each token; a mark too early is merely not heeded. */
const charactersOfToken = 4

const sizeOf = (place: Place | undefined): number => (place === undefined ? 0 : place.end - place.start)

const lastOf = <T>(items: Iterable<T>, fits: (item: T) => boolean): T | undefined => [...items].findLast(fits)

const insideEnd = (block: Place, text: string): Splice => ({ start: block.end - 1, end: block.end - 1, text })

/** Tools that are loaded later stand elsewhere in the prompt, and the API refuses a mark on them. */
const isMarkableTool = (text: string, tool: Place): boolean => {
  if (memberAt(text, tool.start, 'input_schema') === undefined) return false
  const deferred = memberAt(text, tool.start, 'defer_loading')
  return deferred === undefined || text.slice(deferred.start, deferred.end) !== 'true'
}

const opening = '[{"type":"text","text":'

/** A string becomes a list of one block. */
const wrapped = (place: Place, mark = ''): readonly Splice[] => [
  { start: place.start, end: place.start, text: opening },
  { start: place.end, end: place.end, text: `${mark}}]` },
]

const endOfSystem = (text: string, system: Place, mark: string): readonly Splice[] => {
  if (isStringAt(text, system.start)) return saysSomething(text, system) ? wrapped(system, mark) : []
  const block = lastOf(itemsAt(text, system.start), (one) => isMarkable(text, one))
  return block === undefined ? [] : [insideEnd(block, mark)]
}

interface Turns {
  readonly mark: string
  /** Characters that the messages must have before the prefix is long enough. */
  readonly left: number
  readonly hasTools: boolean
}

const mostTurns = 2

/** A question without tools and without a history may be the only one: to write it into the cache would cost more. */
const endsOfTurns = (text: string, messages: Place, { mark, left, hasTools }: Turns): readonly Splice[] => {
  const spoken: Spoken[] = []
  let isConversation = hasTools
  for (const message of itemsAt(text, messages.start)) {
    const said = spokenIn(text, message)
    if (said.role === 'assistant') isConversation = true
    if (said.role === 'user') spoken.push(said)
  }
  if (!isConversation) return []
  const marked = spoken
    .filter(({ end, markable }) => markable !== undefined && end - messages.start >= left)
    .slice(-mostTurns)
  if (marked.length === 0) return []
  return spoken.flatMap((said): readonly Splice[] => {
    const { markable, isText } = said
    if (markable === undefined) return []
    const own = marked.includes(said) ? mark : ''
    if (isText) return wrapped(markable, own)
    return own === '' ? [] : [insideEnd(markable, own)]
  })
}

interface Spoken {
  readonly role: string | undefined
  /** Of the message. */
  readonly end: number
  /** The block, or the string, that can take a mark; undefined where none can. */
  readonly markable: Place | undefined
  /** It is a string. */
  readonly isText: boolean
}

const spokenIn = (text: string, message: Place): Spoken => {
  let role: string | undefined
  let content: Place | undefined
  for (const { key, value } of membersAt(text, message.start)) {
    if (key === 'role') role = stringAt(text, value)
    if (key === 'content') content = value
  }
  const { end } = message
  if (role !== 'user' || content === undefined) return { role, end, markable: undefined, isText: false }
  if (isStringAt(text, content.start)) {
    return { role, end, markable: saysSomething(text, content) ? content : undefined, isText: true }
  }
  const markable = lastOf(itemsAt(text, content.start), (block) => isMarkable(text, block))
  return { role, end, markable, isText: false }
}

/** Thoughts and empty texts take no mark, and of what is newer than this nobody knows. */
const markableTypes: ReadonlySet<string> = new Set([
  'text',
  'image',
  'document',
  'search_result',
  'tool_use',
  'tool_result',
])

const isMarkable = (text: string, block: Place): boolean => {
  const type = memberAt(text, block.start, 'type')
  const name = type === undefined ? undefined : stringAt(text, type)
  if (name === undefined || !markableTypes.has(name)) return false
  if (name !== 'text') return true
  const said = memberAt(text, block.start, 'text')
  return said !== undefined && isStringAt(text, said.start) && saysSomething(text, said)
}

/** The API refuses marks on texts of nothing but white space. */
const saysSomething = (text: string, said: Place): boolean => {
  const head = text.slice(said.start + 1, Math.min(said.end - 1, said.start + longestLook))
  // An escape may stand for white space; without one the head tells.
  if (!head.includes('\\') && head.trim() !== '') return true
  return (stringAt(text, said) ?? '').trim() !== ''
}

const longestLook = 64
