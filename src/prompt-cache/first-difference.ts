import type { ProtocolId } from '../ir/index.ts'
import {
  isArrayAt,
  isObjectAt,
  isStringAt,
  itemsAt,
  type Member,
  memberAt,
  membersAt,
  type Place,
  stringAt,
} from '../wire/index.ts'
import { markKey } from './find-marks.ts'
import { isBillingNote, promptOrder, rootMembers } from './prompt-order.ts'

/** Where a prompt stops being what the one before was. */
export interface Difference {
  /** Of the first byte that changed, in the later body. */
  readonly offset: number
  /** The same place in words of the protocol: `messages[3].content[0].text`. Never a word of the client's. */
  readonly path: string
  /** `changed`, or something was put in or taken away there. */
  readonly kind: 'changed' | 'added' | 'removed'
}

/**
 * The first difference in what the model reads, in the order in which it reads it; then in settings that make another
 * cache. Undefined where the later prompt goes on from the earlier one. Marks of the cache do not count, and a string
 * is a list of one text, as providers have it.
 *
 * @param before latin1 view of the earlier body, @param after of the later one; both well formed
 */
export const firstDifference = (
  before: string,
  after: string,
  protocol: ProtocolId,
): Difference | undefined => {
  const order = promptOrder(protocol)
  if (order === undefined) return undefined
  const earlier = rootMembers(before)
  const later = rootMembers(after)
  const comparer = createComparer(before, after)
  for (const key of order.prompt) {
    const found = comparer.members(earlier.get(key), later.get(key), key, key === order.history)
    if (found !== undefined) return found
  }
  for (const key of order.settings) {
    const found = comparer.members(earlier.get(key), later.get(key), key, false)
    if (found !== undefined) return found
  }
  return undefined
}

const createComparer = (before: string, after: string) => {
  const same = (one: Place, other: Place): boolean =>
    one.end - one.start === other.end - other.start &&
    before.slice(one.start, one.end) === after.slice(other.start, other.end)

  const members = (
    one: Member | undefined,
    other: Member | undefined,
    path: string,
    grows: boolean,
  ): Difference | undefined => {
    if (one === undefined && other === undefined) return undefined
    if (other === undefined) return { offset: after.length, path, kind: 'removed' }
    if (one === undefined) return { offset: other.start, path, kind: 'added' }
    return values(one.value, other.value, path, grows)
  }

  /** @param grows it may end with more than there was */
  const values = (one: Place, other: Place, path: string, grows: boolean): Difference | undefined => {
    if (same(one, other)) return undefined
    const [isText, wasText] = [isStringAt(after, other.start), isStringAt(before, one.start)]
    if (isText && wasText) return texts(one, other, path)
    if (isArrayAt(after, other.start) && isArrayAt(before, one.start)) return lists(one, other, path, grows)
    if (isObjectAt(after, other.start) && isObjectAt(before, one.start))
      return objects(one, other, path, grows)
    if (isText !== wasText) {
      const said = isText ? other : onlyText(after, other)
      const was = wasText ? one : onlyText(before, one)
      if (said !== undefined && was !== undefined) return same(was, said) ? undefined : texts(was, said, path)
    }
    return { offset: other.start, path, kind: 'changed' }
  }

  const texts = (one: Place, other: Place, path: string): Difference => {
    const most = Math.min(one.end - one.start, other.end - other.start)
    let at = 0
    while (at < most && before.charCodeAt(one.start + at) === after.charCodeAt(other.start + at)) at++
    return { offset: other.start + at, path, kind: 'changed' }
  }

  const lists = (one: Place, other: Place, path: string, grows: boolean): Difference | undefined => {
    const earlier = itemsRead(before, one)
    const later = itemsRead(after, other)
    for (const [index, item] of earlier.entries()) {
      const next = later[index]
      const here = `${path}[${next?.number ?? item.number}]`
      if (next === undefined) return { offset: other.end - 1, path: here, kind: 'removed' }
      const found = values(item, next, here, grows && index === earlier.length - 1)
      if (found !== undefined) return found
    }
    const more = later[earlier.length]
    if (more === undefined || grows) return undefined
    return { offset: more.start, path: `${path}[${more.number}]`, kind: 'added' }
  }

  const objects = (one: Place, other: Place, path: string, grows: boolean): Difference | undefined => {
    const earlier = meaningful(before, one)
    const later = meaningful(after, other)
    for (const [index, member] of later.entries()) {
      const was = earlier[index]
      const here = pathOf(path, member.key)
      if (was === undefined) return { offset: member.start, path: here, kind: 'added' }
      if (was.key !== member.key) return { offset: member.start + 1, path: here, kind: 'changed' }
      const found = values(was.value, member.value, here, grows)
      if (found !== undefined) return found
    }
    const gone = earlier[later.length]
    if (gone === undefined) return undefined
    return { offset: other.end - 1, path: pathOf(path, gone.key), kind: 'removed' }
  }

  return { members }
}

interface Item extends Place {
  readonly number: number
}

/** The items of a list that a model reads. */
const itemsRead = (text: string, { start: list }: Place): readonly Item[] =>
  [...itemsAt(text, list)]
    .map(({ start, end }, number) => ({ start, end, number }))
    .filter(({ start }) => !isBillingNote(text, start))

const meaningful = (text: string, place: Place): readonly Member[] =>
  [...membersAt(text, place.start)].filter(({ key }) => key !== markKey)

/** The text of a list that holds one text and nothing else. */
const onlyText = (text: string, place: Place): Place | undefined => {
  const [only, ...more] = itemsAt(text, place.start)
  if (only === undefined || more.length > 0) return undefined
  const type = memberAt(text, only.start, 'type')
  if (type === undefined || !textTypes.has(stringAt(text, type) ?? '')) return undefined
  return memberAt(text, only.start, 'text')
}

const textTypes: ReadonlySet<string> = new Set(['text', 'input_text', 'output_text'])

/** Below what only the client has words for, places are not named. */
const pathOf = (path: string, key: string): string => {
  if (path.endsWith('.…')) return path
  return known.has(key) ? `${path}.${key}` : `${path}.…`
}

/** Words of the protocols. Path and log leave the gateway; what a client calls its parameters does not. */
const known: ReadonlySet<string> = new Set([
  ...['role', 'content', 'type', 'text', 'name', 'id', 'source', 'data', 'url', 'media_type', 'signature'],
  ...['thinking', 'input', 'input_schema', 'tool_use_id', 'is_error', 'citations', 'title', 'context'],
  ...[
    'description',
    'function',
    'parameters',
    'strict',
    'tool_calls',
    'tool_call_id',
    'arguments',
    'refusal',
  ],
  ...['image_url', 'input_audio', 'file', 'reasoning_content', 'output', 'call_id', 'summary', 'status'],
  ...[
    'encrypted_content',
    'format',
    'schema',
    'parts',
    'functionCall',
    'functionResponse',
    'args',
    'response',
  ],
  ...['inlineData', 'fileData', 'mimeType', 'fileUri', 'thought', 'thoughtSignature', 'functionDeclarations'],
  ...['parametersJsonSchema', 'effort', 'budget_tokens', 'annotations', 'phase', 'tools'],
])
