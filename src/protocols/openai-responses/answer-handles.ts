import { isJsonObject, type JsonObject, type JsonValue } from '../../ir/index.ts'
import type { HandleKind } from '../protocol.ts'
import { arrayMember, objectMember, stringMember } from './members.ts'

export interface IssuedHandle {
  readonly kind: HandleKind
  readonly id: string
}

/**
 * Ids of upstream state that a response object issued: itself and its items when it is stored, its conversation, and
 * the containers and files that it made.
 */
export const handlesOfResponse = (response: JsonObject): readonly IssuedHandle[] => {
  const isStored = response['store'] !== false
  const id = stringMember(response, 'id')
  const conversation = stringMember(objectMember(response, 'conversation') ?? {}, 'id')
  return unique([
    ...(isStored && id !== undefined ? [{ kind: 'response' as const, id }] : []),
    ...(conversation === undefined ? [] : [{ kind: 'conversation' as const, id: conversation }]),
    ...(arrayMember(response, 'output') ?? []).flatMap((item) => handlesOfItem(item, isStored)),
  ])
}

/** Ids that an item issued. A container lives on its own, whether the answer is stored or not. */
export const handlesOfItem = (item: JsonValue | undefined, isStored: boolean): readonly IssuedHandle[] => {
  if (!isJsonObject(item)) return []
  const id = stringMember(item, 'id')
  const environment = objectMember(item, 'environment') ?? {}
  const container = stringMember(item, 'container_id') ?? stringMember(environment, 'container_id')
  const annotations = (arrayMember(item, 'content') ?? []).flatMap((content) =>
    isJsonObject(content) ? (arrayMember(content, 'annotations') ?? []) : [],
  )
  return [
    ...(isStored && id !== undefined && id !== '' ? [{ kind: 'item' as const, id }] : []),
    ...(container === undefined ? [] : [{ kind: 'container' as const, id: container }]),
    ...annotations.flatMap(producedFile),
  ]
}

/** Files that the answer made in a container; files that it found in a vector store are somebody's own. */
const producedFile = (annotation: JsonValue): readonly IssuedHandle[] => {
  if (!isJsonObject(annotation)) return []
  const type = annotation['type']
  if (type !== 'container_file_citation' && type !== 'file_path') return []
  const file = stringMember(annotation, 'file_id')
  const container = stringMember(annotation, 'container_id')
  return [
    ...(file === undefined ? [] : [{ kind: 'file' as const, id: file }]),
    ...(container === undefined ? [] : [{ kind: 'container' as const, id: container }]),
  ]
}

/** Ids that a Conversations answer, or a list of items, issued. */
export const handlesOfObject = (body: JsonObject): readonly IssuedHandle[] => {
  const id = stringMember(body, 'id')
  switch (body['object']) {
    case 'conversation':
      return id === undefined ? [] : [{ kind: 'conversation', id }]
    case 'list':
      return unique((arrayMember(body, 'data') ?? []).flatMap((item) => handlesOfItem(item, true)))
    case 'response.compaction':
      return unique((arrayMember(body, 'output') ?? []).flatMap((item) => handlesOfItem(item, true)))
    default:
      return []
  }
}

export const unique = (handles: readonly IssuedHandle[]): readonly IssuedHandle[] => {
  const seen = new Set<string>()
  return handles.filter(({ kind, id }) => {
    const key = `${kind} ${id}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}
