/**
 * Which upstream state a request refers to. Every such id must have been issued to the caller, so each place where the
 * service takes one is looked at, escaped and repeated keys included.
 */
import type { JsonScan, Span, WatchedMember } from '../../wire/index.ts'
import type { HandleKind, HandleReference } from '../protocol.ts'
import { decodeString, elementsAt, kindAt, type MemberSpan, membersAt } from './json-walk.ts'

/** Keys whose values are such ids wherever they stand; `id` is looked at only in the items of the input. */
const kinds: Readonly<Record<string, HandleKind>> = {
  previous_response_id: 'response',
  comparison_response_id: 'response',
  conversation: 'conversation',
  file_id: 'file',
  file_ids: 'file',
  container: 'container',
  container_id: 'container',
  vector_store_ids: 'vector-store',
  approval_request_id: 'item',
}

/** Members whose inside is the user's, or an echo of an earlier answer: ids in it are not looked up by anybody. */
const opaqueKeys: ReadonlySet<string> = new Set([
  'parameters',
  'output_schema',
  'input_schema',
  'schema',
  'annotations',
  'results',
  'arguments',
])

const opaqueRootKeys = ['metadata', 'client_metadata']

export const watchedKeys: ReadonlySet<string> = new Set([...Object.keys(kinds), ...opaqueKeys, 'id'])

/** References in a body. */
export const referencesIn = (scan: JsonScan): readonly HandleReference[] => {
  const opaque = opaqueSpans(scan)
  const references: HandleReference[] = []
  for (const member of scan.watched) {
    const kind = Object.hasOwn(kinds, member.key) ? kinds[member.key] : undefined
    if (kind === undefined || isInside(member, opaque)) continue
    for (const id of idsOf(scan.text, member)) references.push({ kind, id, path: member.key })
  }
  for (const key of ['input', 'items']) {
    const list = scan.top.get(key)
    const hasIds = list !== undefined && scan.watched.some((member) => isItemId(member, list))
    if (hasIds) references.push(...itemReferences(scan.text, list.start, key))
  }
  return references
}

/** Variables of a prompt template have names of the user's choice, so inside them no name hides anything. */
const opaqueSpans = (scan: JsonScan): readonly Span[] => {
  const prompt = scan.top.get('prompt')
  const nested = scan.watched.filter(
    (member) => opaqueKeys.has(member.key) && (prompt === undefined || !isInside(member, [prompt])),
  )
  const roots = opaqueRootKeys.map((key) => scan.top.get(key)).filter((span) => span !== undefined)
  return [...nested, ...roots]
}

const isInside = (member: Span, outers: readonly Span[]): boolean =>
  outers.some((outer) => outer.start < member.start && member.end <= outer.end)

/** One id, a list of ids, or an object with an `id` (`conversation`). Other values refer to nothing. */
const idsOf = (text: string, member: WatchedMember): readonly string[] => {
  switch (kindAt(text, member.start)) {
    case 'string':
      return [decodeString(text, member)]
    case 'array':
      return elementsAt(text, member.start)
        .filter((element) => kindAt(text, element.start) === 'string')
        .map((element) => decodeString(text, element))
    case 'object':
      return member.key === 'conversation' ? strings(text, membersAt(text, member.start), 'id') : []
    default:
      return []
  }
}

/** Root, list, item: an item's own members stand at depth 3. */
const isItemId = (member: WatchedMember, list: Span): boolean =>
  member.key === 'id' && member.depth === 3 && isInside(member, [list])

const itemReferences = (text: string, start: number, key: string): readonly HandleReference[] =>
  elementsAt(text, start).flatMap((element, index) => {
    const members = membersAt(text, element.start)
    return refersByItself(text, members)
      ? strings(text, members, 'id').map((id) => ({ kind: 'item' as const, id, path: `${key}[${index}].id` }))
      : []
  })

/**
 * Does the service have to look the item up by its id? Items that say all they mean are taken at their word; an
 * `item_reference`, reasoning without its content, or a picture without its data is loaded from what is stored.
 */
const refersByItself = (text: string, members: readonly MemberSpan[]): boolean => {
  const types = strings(text, members, 'type')
  if (types.includes('item_reference')) return true
  if (types.includes('reasoning')) {
    return !hasText(text, members, 'encrypted_content') && !hasElements(text, members, 'content')
  }
  if (types.includes('image_generation_call')) return !hasText(text, members, 'result')
  // Without a type it is a message, or else a reference.
  return types.length === 0 && !members.some((member) => member.key === 'role')
}

const strings = (text: string, members: readonly MemberSpan[], key: string): readonly string[] =>
  members
    .filter((member) => member.key === key && kindAt(text, member.start) === 'string')
    .map((member) => decodeString(text, member))

/** Of equal keys the service may take any, so all of them must say something. */
const hasText = (text: string, members: readonly MemberSpan[], key: string): boolean => {
  const found = members.filter((member) => member.key === key)
  return (
    found.length > 0 &&
    found.every((member) => kindAt(text, member.start) === 'string' && member.end - member.start > 2)
  )
}

const hasElements = (text: string, members: readonly MemberSpan[], key: string): boolean => {
  const found = members.filter((member) => member.key === key)
  return found.length > 0 && found.every((member) => elementsAt(text, member.start).length > 0)
}
