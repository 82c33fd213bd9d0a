import { GatewayError } from '../../errors.ts'
import { isJsonObject, type JsonValue, type Leaf } from '../../ir/index.ts'
import type { WireRequest } from '../protocol.ts'
import { arrayOf, objectOf } from './members.ts'
import { decodeLiteral, type Path, stringPlaces } from './string-places.ts'

/**
 * Every text of a request with its place in the bytes. Within messages every string is text but for ids, names, enum
 * words, media and opaque state, so that a dialect's field cannot hide one.
 */
export const leaves = (wire: WireRequest): readonly Leaf[] => {
  const bytes = Buffer.from(wire.body.buffer, wire.body.byteOffset, wire.body.byteLength)
  const roles = rolesOf(parse(bytes))
  const text = bytes.toString('latin1')
  const found = new Map<string, Leaf>()
  for (const { path, start, end, json } of stringPlaces(text, isWholeInput)) {
    const place = placeOf(path, roles)
    if (place === undefined) continue
    const source = text.slice(start, end)
    const base = idOf(path)
    // Equal keys in one object give equal paths; a reader may take either, so both are leaves.
    let id = base
    for (let copy = 2; found.has(id); copy++) id = `${base}#${copy}`
    found.set(id, {
      id,
      ...place,
      text: json ? Buffer.from(source, 'latin1').toString('utf8') : decodeLiteral(source),
      start,
      end,
      ...(json ? { json: true } : {}),
    })
  }
  return [...found.values()]
}

const parse = (bytes: Buffer): JsonValue | undefined => {
  try {
    return JSON.parse(bytes.toString('utf8').replace(/^\ufeff/, ''))
  } catch (error) {
    throw new GatewayError('gateway_json_invalid', 'the body is not valid JSON', { cause: error })
  }
}

/** Role of each message by its index; unknown ones count as the user's. */
const rolesOf = (body: JsonValue | undefined): readonly Leaf['role'][] =>
  arrayOf(objectOf(body)?.['messages']).map((message) => {
    const role = isJsonObject(message) ? message['role'] : undefined
    if (role === 'system' || role === 'developer') return 'system'
    if (role === 'assistant') return 'assistant'
    return role === 'tool' || role === 'function' ? 'tool' : 'user'
  })

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
  if (root === 'prediction' || root === 'prompt' || root === 'system' || root === 'instructions') {
    return path.at(-1) === 'type'
      ? undefined
      : { role: root === 'prediction' ? 'assistant' : 'user', kind: 'text' }
  }
  return undefined
}

/** Members of messages that hold no text: ids, names, enum words, media, opaque state. */
const notText = new Set([
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
  const key = path.findLast((step) => typeof step === 'string')
  if (typeof key !== 'string' || notText.has(key)) return undefined
  if (key === 'filename' || key === 'document_name' || key === 'title') return { role, kind: 'title' }
  if (path.includes('tool_calls') || path.includes('function_call')) return { role, kind: 'tool-input' }
  const member = path[2]
  const isThought =
    member === 'reasoning' ||
    member === 'reasoning_content' ||
    member === 'reasoning_details' ||
    path.includes('thinking')
  if (isThought) return { role, kind: 'reasoning' }
  return { role, kind: role === 'tool' ? 'tool-output' : 'text' }
}

/** Descriptions of tools and in schemas; what a schema allows or names is not text. */
const definitionPlace = (path: Path): LeafPlace | undefined => {
  const role = 'system'
  const key = path.at(-1)
  // A property of that name is an object, so a string under it is the keyword.
  if (key === 'description' || key === 'definition' || key === '$comment')
    return { role, kind: 'description' }
  if (key === 'title') return { role, kind: 'title' }
  return path.includes('default') || path.includes('examples') || path.includes('example')
    ? { role, kind: 'description' }
    : undefined
}

const idOf = (path: Path): string => {
  let id = ''
  for (const step of path) {
    if (typeof step === 'number') id += `[${step}]`
    else id += id === '' ? step : `.${step}`
  }
  return id
}
