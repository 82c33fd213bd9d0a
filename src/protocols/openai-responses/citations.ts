import { type Citation, extend, extensionOf, isJsonObject, type JsonObject } from '../../ir/index.ts'
import { type JsonDocument, type RawJson, rawJson } from '../../wire/index.ts'
import { numberMember, stringMember } from './members.ts'
import { patched, patchOf, type Written } from './patch.ts'
import { protocolId } from './wire.ts'

/** One annotation of an answer's text. Offsets count code points of the text part they stand in. */
export const decodeAnnotation = (annotation: unknown, document: JsonDocument): Citation => {
  const known = isJsonObject(annotation) ? knownAnnotation(annotation) : undefined
  if (known === undefined || !isJsonObject(annotation)) {
    return { kind: 'other', raw: { protocol: protocolId, json: document.source(annotation) } }
  }
  return { ...known, ...extend(protocolId, patchOf(annotation, writeAnnotation(known) ?? {})) }
}

const knownAnnotation = (annotation: JsonObject): Citation | undefined => {
  const start = numberMember(annotation, 'start_index')
  const end = numberMember(annotation, 'end_index')
  const range = { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) }
  const fileId = stringMember(annotation, 'file_id')
  const filename = stringMember(annotation, 'filename')
  const named = filename === undefined ? {} : { title: filename }
  switch (annotation['type']) {
    case 'url_citation': {
      const url = stringMember(annotation, 'url')
      const title = stringMember(annotation, 'title')
      return url === undefined
        ? undefined
        : { kind: 'web', url, ...(title === undefined ? {} : { title }), ...range }
    }
    case 'file_citation': {
      const index = numberMember(annotation, 'index')
      return fileId === undefined
        ? undefined
        : { kind: 'file', fileId, ...named, ...(index === undefined ? {} : { start: index }) }
    }
    case 'container_file_citation':
      return fileId === undefined ? undefined : { kind: 'container-file', fileId, ...named, ...range }
    default:
      return undefined
  }
}

/** Where a text lies inside the part that it was written into, in code points. */
export interface TextRange {
  readonly start: number
  readonly end: number
}

/**
 * The annotation of a citation; undefined where the wire has no form for it.
 * @param text the range of the cited text: a citation without offsets means all of it, others count from its start
 */
export const encodeCitation = (citation: Citation, text: TextRange): Written | RawJson | undefined => {
  if (citation.raw?.protocol === protocolId) return rawJson(citation.raw.json)
  const shifted =
    citation.start === undefined && citation.kind !== 'file'
      ? { ...citation, start: text.start, end: text.end }
      : {
          ...citation,
          start: (citation.start ?? 0) + text.start,
          ...(citation.end === undefined ? {} : { end: citation.end + text.start }),
        }
  const written = writeAnnotation(shifted)
  return written === undefined ? undefined : patched(written, extensionOf(citation, protocolId))
}

const writeAnnotation = (citation: Citation): Written | undefined => {
  const range = { start_index: citation.start, end_index: citation.end }
  switch (citation.kind) {
    case 'file':
      if (citation.fileId === undefined) return webAnnotation(citation)
      return {
        type: 'file_citation',
        file_id: citation.fileId,
        filename: citation.title ?? '',
        index: citation.start,
      }
    case 'container-file':
      if (citation.fileId === undefined) return webAnnotation(citation)
      return {
        type: 'container_file_citation',
        file_id: citation.fileId,
        filename: citation.title ?? '',
        ...range,
      }
    default:
      return webAnnotation(citation)
  }
}

/** Whatever has an address can be cited by it. */
const webAnnotation = ({ url, title, start, end }: Citation): Written | undefined =>
  url === undefined
    ? undefined
    : { type: 'url_citation', url, title: title ?? url, start_index: start, end_index: end }

/** Length in code points: the unit of annotation offsets (translation.md §9). */
export const codePoints = (text: string): number => {
  let count = text.length
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code >= 0xd800 && code < 0xdc00 && isLow(text.charCodeAt(index + 1))) count--
  }
  return count
}

const isLow = (code: number): boolean => code >= 0xdc00 && code < 0xe000
