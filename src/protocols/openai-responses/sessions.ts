import { isJsonObject, type JsonObject, type JsonText } from '../../ir/index.ts'
import { booleanMember, type JsonScan, parseDocument, stringMember, writeJson } from '../../wire/index.ts'
import type { ScannedRequest, SessionCodec, SessionRequest } from '../protocol.ts'
import { prefixOf } from './ids.ts'
import { decodeString, elementsAt, kindAt, membersAt } from './json-walk.ts'
import { arrayMember, isJsonArray, parseObject, stringMember as stringOf } from './members.ts'
import { cutOf, replayResponse } from './replay-response.ts'

const read = ({ scan }: ScannedRequest): SessionRequest => {
  const store = booleanMember(scan, 'store')
  const previousResponseId = stringMember(scan, 'previous_response_id')
  const conversation = conversationOf(scan)
  return {
    ...(store === undefined ? {} : { store }),
    background: booleanMember(scan, 'background') === true,
    ...(previousResponseId === undefined ? {} : { previousResponseId }),
    ...(conversation === undefined ? {} : { conversation }),
  }
}

const conversationOf = (scan: JsonScan): string | undefined => {
  const span = scan.top.get('conversation')
  if (span === undefined || kindAt(scan.text, span.start) !== 'object')
    return stringMember(scan, 'conversation')
  const id = membersAt(scan.text, span.start).findLast(({ key }) => key === 'id')
  return id !== undefined && kindAt(scan.text, id.start) === 'string'
    ? decodeString(scan.text, id)
    : undefined
}

const withInput = (
  { scan, body }: ScannedRequest,
  items: readonly JsonText[],
  source: string | undefined,
): Uint8Array => {
  const pieces: Uint8Array[] = [Buffer.from(`{"input":[${items.join(',')}]`, 'utf8')]
  for (const { key, start, end } of membersAt(scan.text, scan.text.indexOf('{'))) {
    if (key === 'input' || key === source) continue
    pieces.push(Buffer.from(`,${JSON.stringify(key)}:`, 'utf8'), body.subarray(start, end))
  }
  pieces.push(Buffer.from('}', 'utf8'))
  return Buffer.concat(pieces)
}

const compactionsOf = ({ scan }: ScannedRequest): ReturnType<SessionCodec['compactionsOf']> => {
  const span = scan.top.get('input')
  // Hardly any request holds one, and to look at each item takes long.
  if (span === undefined || !scan.text.includes('"compaction"', span.start)) return []
  if (kindAt(scan.text, span.start) !== 'array') return []
  return elementsAt(scan.text, span.start).flatMap(({ start, end }) => {
    const state = compactedIn(sourceAt(scan, start, end))
    return state === undefined ? [] : [{ start, end, state }]
  })
}

const sinceCompaction = (
  items: readonly JsonText[],
  isOurs: (state: string) => boolean,
): readonly JsonText[] => {
  const states = items.map(compactedIn)
  if (states.every((state) => state === undefined)) return items
  const last = states.findLastIndex((state) => state !== undefined && isOurs(state))
  return items.filter((item, index) => {
    const { type, role } = parseObject(item)
    // Nobody is to compact it once more.
    return type !== 'compaction_trigger' && (index >= last || role === 'developer' || role === 'system')
  })
}

/** The state of a compaction; undefined for every other item. */
const compactedIn = (item: JsonText): string | undefined => {
  if (!item.includes('"compaction"')) return undefined
  const value = parseObject(item)
  return typeOf(value) === 'compaction' ? stringOf(value, 'encrypted_content') : undefined
}

const userMessage = (text: string): JsonText =>
  writeJson({ type: 'message', role: 'user', content: [textPart(text, 'user')] })

const itemsOf = ({ scan }: ScannedRequest, member: 'input' | 'items'): readonly JsonText[] => {
  const span = scan.top.get(member)
  if (span === undefined) return []
  if (kindAt(scan.text, span.start) === 'string') {
    return [`{"type":"message","role":"user","content":${sourceAt(scan, span.start, span.end)}}`]
  }
  return elementsAt(scan.text, span.start).map(({ start, end }) => sourceAt(scan, start, end))
}

const sourceAt = (scan: JsonScan, start: number, end: number): string =>
  Buffer.from(scan.text.slice(start, end), 'latin1').toString('utf8')

const outputOf = (response: JsonText): readonly JsonText[] => {
  const document = parseDocument(response)
  const output = isJsonObject(document.value) ? arrayMember(document.value, 'output') : undefined
  return (output ?? []).map((item) => document.source(item))
}

const idOf = (item: JsonText): string | undefined => {
  const id = stringOf(parseObject(item), 'id')
  return id === '' ? undefined : id
}

const withId = (item: JsonText, name: string): JsonText => {
  const value = parseObject(item)
  const id = stringOf(value, 'id')
  if (id !== undefined && id !== '') return item
  const named = `{"id":${JSON.stringify(`${prefixOf(typeOf(value))}_${name}`)}`
  const rest = membersOf(item, 'id')
  return rest === '' ? `${named}}` : `${named},${rest}}`
}

const withoutId = (item: JsonText): JsonText => {
  return `{${membersOf(item, 'id')}}`
}

const typeOf = (item: JsonObject): string => stringOf(item, 'type') ?? 'message'

/** The source of an object's members but one. */
const membersOf = (item: JsonText, without: string): string => {
  const latin1 = Buffer.from(item, 'utf8').toString('latin1')
  const members = membersAt(latin1, latin1.indexOf('{')).flatMap(({ key, start, end }) =>
    key === without ? [] : [`${JSON.stringify(key)}:${latin1.slice(start, end)}`],
  )
  return Buffer.from(members.join(','), 'latin1').toString('utf8')
}

const isReference = (item: JsonText): boolean => {
  const { type, role } = parseObject(item)
  return type === 'item_reference' || (type === undefined && role === undefined)
}

/** Clients read fields that whoever wrote the item may have left out. */
const shown = (item: JsonText): JsonText => {
  const value = parseObject(item)
  const type = typeOf(value)
  const { content } = value
  if (type === 'message') {
    const { id, type: _type, status, ...rest } = value
    const parts = typeof content === 'string' ? [textPart(content, value['role'])] : content
    return writeJson({ id, type, status: status ?? 'completed', ...rest, content: parts })
  }
  if (!('status' in value) && (type.endsWith('_call') || type.endsWith('_call_output'))) {
    return writeJson({ ...value, status: 'completed' })
  }
  return item
}

const textPart = (text: string, role: unknown): JsonObject =>
  role === 'assistant'
    ? { type: 'output_text', text, annotations: [], logprobs: [] }
    : { type: 'input_text', text }

const terminal = /^\{"type":"response\.(?:completed|incomplete|failed)"/

const responseIn = (frame: { readonly data: string }): JsonText | undefined => {
  if (!terminal.test(frame.data)) return undefined
  const document = parseDocument(frame.data)
  return isJsonObject(document.value) && !isJsonArray(document.value['response'])
    ? document.source(document.value['response'])
    : undefined
}

/** What Responses and Conversations keep between requests. Source text stays as it is, but for ids. */
export const sessions: SessionCodec = {
  read,
  withInput,
  compactionsOf,
  sinceCompaction,
  userMessage,
  itemsOf,
  outputOf,
  idOf,
  withId,
  withoutId,
  isReference,
  shown,
  responseIn,
  cutOf,
  replay: replayResponse,
}
