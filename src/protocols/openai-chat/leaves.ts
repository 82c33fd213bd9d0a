import { type Leaf, lazyLeaf } from '../../ir/index.ts'
import type { TextsRequest } from '../protocol.ts'
import { schemaKeywords } from '../schema-keywords.ts'
import { decodeLiteral, type Path, type StringPlace, stringPlaces } from './string-places.ts'

/**
 * Every text of a request with its place in the bytes. Every string is text but for ids, names, enum words, media and
 * opaque state, so that a dialect's field cannot hide one.
 */
export const leaves = ({ body, scan }: TextsRequest): readonly Leaf[] => {
  const text = scan?.text ?? Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1')
  const places = stringPlaces(text, { string: isTextOrRole, whole: isWholeInput }, scan?.closings)
  const roles = rolesOf(text, places)
  const ids = new Set<string>()
  const found: Leaf[] = []
  for (const { path, start, end, json } of places) {
    const voice = placeOf(path, roles)
    if (voice === undefined) continue
    const base = idOf(path)
    // Equal keys in one object give equal paths; a reader may take either, so both are leaves.
    let id = base
    for (let copy = 2; ids.has(id); copy++) id = `${base}#${copy}`
    ids.add(id)
    const source = text.slice(start, end)
    const { role, kind } = voice
    const leaf = { id, role, kind, start, end }
    found.push(
      json
        ? { ...leaf, text: Buffer.from(source, 'latin1').toString('utf8'), source, json }
        : lazyLeaf(leaf, source, decodeLiteral),
    )
  }
  return found
}

/** Role of each message by its index; unknown ones count as the user's. */
const rolesOf = (text: string, places: readonly StringPlace[]): readonly Leaf['role'][] => {
  const roles: Leaf['role'][] = []
  for (const { path, start, end } of places) {
    const index = path[1]
    if (isRole(path) && typeof index === 'number')
      roles[index] = roleOf(decodeLiteral(text.slice(start, end)))
  }
  return roles
}

const isRole = (path: Path): boolean => path.length === 3 && path[2] === 'role' && path[0] === 'messages'

/** Who speaks decides what a text is, and never whether it is one but for a tool's name. */
const isTextOrRole = (path: Path): boolean => isRole(path) || placeOf(path, noRoles) !== undefined

const noRoles: readonly Leaf['role'][] = []

const roleOf = (role: string): Leaf['role'] => {
  if (role === 'system' || role === 'developer') return 'system'
  if (role === 'assistant') return 'assistant'
  return role === 'tool' || role === 'function' ? 'tool' : 'user'
}

/** Arguments as an object instead of a string: some clients and servers do that. */
const isWholeInput = (path: Path): boolean => {
  const owner = path.at(-2)
  return (
    path[0] === 'messages' &&
    path.at(-1) === 'arguments' &&
    (owner === 'function' || owner === 'function_call')
  )
}

type LeafPlace = Pick<Leaf, 'role' | 'kind'>

const placeOf = (path: Path, roles: readonly Leaf['role'][]): LeafPlace | undefined => {
  const [root, index] = path
  if (root === 'messages') return messagePlace(path, roles[Number(index)] ?? 'user')
  if (root === 'tools' || root === 'functions' || root === 'response_format') return definitionPlace(path)
  if (typeof root !== 'string' || settings.has(root) || path.at(-1) === 'type') return undefined
  if (root === 'prediction') return { role: 'assistant', kind: 'text' }
  return asides.has(root) ? { role: 'system', kind: 'title' } : { role: 'user', kind: 'text' }
}

/** Members of the request that say how to answer, in enum words and ids. */
const settings: ReadonlySet<string> = new Set([
  'model',
  'models',
  'modalities',
  'audio',
  'moderation',
  'tool_choice',
  'function_call',
  'reasoning',
  'reasoning_effort',
  'reasoning_format',
  'verbosity',
  'service_tier',
  'prompt_cache_retention',
  'prompt_cache_options',
  'provider',
  'thinking',
])

/** Words that stand beside the conversation: who asks, and where an answer ends. */
const asides: ReadonlySet<string> = new Set([
  'user',
  'safety_identifier',
  'metadata',
  'prompt_cache_key',
  'stop',
  'web_search_options',
  'search_settings',
])

/** Members of messages that hold no text: ids, names of tools, enum words, media, opaque state. */
const notText: ReadonlySet<string> = new Set([
  'role',
  'type',
  'id',
  'name',
  'tool_call_id',
  'url',
  'image_url',
  'video_url',
  'audio_url',
  'document_url',
  'file_id',
  'file_data',
  'file_url',
  'data',
  'format',
  'detail',
  'mode',
  'ttl',
  'mime_type',
  'media_type',
  'signature',
  'thought_signature',
  'reasoning_signature',
  'encrypted_content',
])

const messagePlace = (path: Path, role: Leaf['role']): LeafPlace | undefined => {
  const key = lastKey(path)
  if (key === undefined) return undefined
  // Of a message of the client's side it is who speaks, of a tool's it is the tool's name.
  if (path.length === 3 && key === 'name' && role !== 'tool') return { role, kind: 'title' }
  // A source that the model named is said, not fetched.
  if (notText.has(key) && !(key === 'url' && path.includes('annotations'))) return undefined
  if (key === 'filename' || key === 'document_name' || key === 'title') return { role, kind: 'title' }
  const member = path[2]
  if (leadsThrough(path, 'tool_calls') || leadsThrough(path, 'function_call'))
    return { role, kind: 'tool-input' }
  const isThought =
    member === 'reasoning' ||
    member === 'reasoning_content' ||
    member === 'reasoning_details' ||
    leadsThrough(path, 'thinking')
  if (isThought) return { role, kind: 'reasoning' }
  return { role, kind: role === 'tool' ? 'tool-output' : 'text' }
}

/** Descriptions, titles, and the values that a schema allows. */
const definitionPlace = (path: Path): LeafPlace | undefined => {
  const role = 'system'
  const key = lastKey(path)
  // A property of that name is an object, so a string under it is the keyword.
  const isKeyword = key === undefined || definitionKeywords.has(key)
  if (!isKeyword && key !== 'title') return { role, kind: 'description' }
  if (path.includes('default') || path.includes('examples') || path.includes('example')) {
    return { role, kind: 'description' }
  }
  return isKeyword ? undefined : { role, kind: 'title' }
}

/** Most texts are members of a message itself, and need no search. */
const leadsThrough = (path: Path, key: string): boolean =>
  path[2] === key || (path.length > 3 && path.includes(key))

const lastKey = (path: Path): string | undefined => {
  for (let at = path.length - 1; at >= 0; at--) {
    const step = path[at]
    if (typeof step === 'string') return step
  }
  return undefined
}

/** Members of tools and keywords of schemas whose strings are no words of anybody. */
const definitionKeywords: ReadonlySet<string> = new Set([...schemaKeywords, 'name', 'syntax', 'ttl', 'model'])

const idOf = (path: Path): string => {
  let id = ''
  for (const step of path) {
    if (typeof step === 'number') id += `[${step}]`
    else id += id === '' ? step : `.${step}`
  }
  return id
}
