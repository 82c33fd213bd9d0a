import type { Splice } from '../wire/index.ts'
import {
  isStringAt,
  itemsAt,
  memberAt,
  type Place,
  stringAt,
  valueEnd,
  walkArray,
  walkObject,
} from '../wire/index.ts'
import { findMarks } from './find-marks.ts'
import { bodyStart } from './prompt-order.ts'

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
  const { tools, system, messages, spoken, isConversation } = read(text)
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
  if (messages !== undefined && isConversation) {
    splices.push(...endsOfTurns(text, spoken, { mark, from: messages.start + needed - size }))
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

/** What a user said at one time. */
interface Spoken {
  readonly content: Place
  /** Of the message. */
  readonly end: number
}

interface ReadBody {
  readonly tools: Place | undefined
  readonly system: Place | undefined
  readonly messages: Place | undefined
  readonly spoken: readonly Spoken[]
  /**
   * A question without tools and without a history may be the only one: to write it into the cache would cost more
   * than it saves.
   */
  readonly isConversation: boolean
}

/** One pass over the text. */
const read = (text: string): ReadBody => {
  const places = new Map<string, Place>()
  const spoken: Spoken[] = []
  let isConversation = false
  walkObject(text, bodyStart(text), (key, start) => {
    if (key === 'messages') {
      const end = walkArray(text, start, (message) => {
        let content: Place | undefined
        let role: string | undefined
        const end = walkObject(text, message, (member, value) => {
          if (member !== 'content' && member !== 'role') return undefined
          const place = { start: value, end: valueEnd(text, value) }
          if (member === 'content') content = place
          else role = stringAt(text, place)
          return place.end
        })
        if (role === 'assistant') isConversation = true
        if (role === 'user' && content !== undefined) spoken.push({ content, end })
        return end
      })
      places.set(key, { start, end })
      return end
    }
    if (key !== 'tools' && key !== 'system') return undefined
    const end = valueEnd(text, start)
    places.set(key, { start, end })
    if (key === 'tools' && end - start > emptyList) isConversation = true
    return end
  })
  const [tools, system, messages] = ['tools', 'system', 'messages'].map((key) => places.get(key))
  return { tools, system, messages, spoken, isConversation }
}

/** `null` and `[]` are no tools. */
const emptyList = 4

const mostTurns = 2

interface MarkedTurns {
  readonly mark: string
  /** A message must end behind this, or the prefix is too short. */
  readonly from: number
}

const endsOfTurns = (
  text: string,
  spoken: readonly Spoken[],
  { mark, from }: MarkedTurns,
): readonly Splice[] => {
  const splices: Splice[] = []
  let marked = 0
  for (const { content, end } of spoken.toReversed()) {
    if (end < from && marked === 0) return []
    const mayMark = marked < mostTurns && end >= from
    if (isStringAt(text, content.start)) {
      if (!saysSomething(text, content)) continue
      splices.push(...wrapped(content, mayMark ? mark : ''))
      if (mayMark) marked++
    } else if (mayMark) {
      const block = lastOf(itemsAt(text, content.start), (one) => isMarkable(text, one))
      if (block === undefined) continue
      splices.push(insideEnd(block, mark))
      marked++
    }
  }
  return marked === 0 ? [] : splices
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
