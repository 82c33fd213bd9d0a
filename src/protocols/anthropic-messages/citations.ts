/** Citations, translation.md §9. They belong to their whole text block; offsets point into the source. */
import { type Citation, isJsonObject, type JsonObject } from '../../ir/index.ts'
import { type MemberReader, ownMember, readMembers, withRest } from './members.ts'
import { own, ownRest } from './own.ts'

type DocumentKind = 'char' | 'page' | 'block'

const documentLocations: Readonly<Record<string, { readonly kind: DocumentKind; readonly unit: string }>> = {
  char_location: { kind: 'char', unit: 'char_index' },
  page_location: { kind: 'page', unit: 'page_number' },
  content_block_location: { kind: 'block', unit: 'block_index' },
}

const documentTypes = {
  char: { type: 'char_location', unit: 'char_index' },
  page: { type: 'page_location', unit: 'page_number' },
  block: { type: 'content_block_location', unit: 'block_index' },
} as const

export const decodeCitation = (value: unknown): Citation => {
  if (!isJsonObject(value)) return { kind: 'other', ...own({}) }
  const type = ownMember(value, 'type')
  const reader = readMembers(value)
  const location =
    typeof type === 'string' && Object.hasOwn(documentLocations, type) ? documentLocations[type] : undefined
  if (location !== undefined) {
    reader.string('type')
    return { ...decodeDocumentCitation(reader, location.kind, location.unit), ...own(reader.rest()) }
  }
  if (type === 'web_search_result_location') {
    reader.string('type')
    return {
      kind: 'web',
      ...textMembers(reader, { url: 'url', title: 'title', citedText: 'cited_text' }),
      ...own(reader.rest()),
    }
  }
  if (type === 'search_result_location') {
    reader.string('type')
    return {
      kind: 'search-result',
      ...textMembers(reader, { url: 'source', title: 'title', citedText: 'cited_text' }),
      ...numberMembers(reader, {
        documentIndex: 'search_result_index',
        sourceStart: 'start_block_index',
        sourceEnd: 'end_block_index',
      }),
      ...own(reader.rest()),
    }
  }
  return { kind: 'other', ...own(value) }
}

const decodeDocumentCitation = (reader: MemberReader, kind: DocumentKind, unit: string): Citation => ({
  kind,
  ...textMembers(reader, { title: 'document_title', citedText: 'cited_text', fileId: 'file_id' }),
  ...numberMembers(reader, {
    documentIndex: 'document_index',
    sourceStart: `start_${unit}`,
    sourceEnd: `end_${unit}`,
  }),
})

const textMembers = (reader: MemberReader, names: Readonly<Record<string, string>>): Partial<Citation> =>
  definedOnly(Object.entries(names).map(([name, wire]) => [name, reader.string(wire)]))

const numberMembers = (reader: MemberReader, names: Readonly<Record<string, string>>): Partial<Citation> =>
  definedOnly(Object.entries(names).map(([name, wire]) => [name, reader.number(wire)]))

const definedOnly = (entries: readonly (readonly [string, unknown])[]): Partial<Citation> =>
  Object.fromEntries(entries.filter(([, value]) => value !== undefined))

/** The wire's citation; undefined where the wire has no word for its kind. */
export const encodeCitation = (citation: Citation): Record<string, unknown> | undefined =>
  encodeOfKind(citation, kindOf(citation))

/**
 * Places in documents and search results are numbers of the request's own; what another provider cites has none, and
 * is told by its address.
 */
const kindOf = (citation: Citation): Citation['kind'] => {
  const { kind, documentIndex, sourceStart, sourceEnd, url } = citation
  if (kind === 'web' || kind === 'maps' || ownRest(citation) !== undefined) return kind
  const isPlaced = documentIndex !== undefined && sourceStart !== undefined && sourceEnd !== undefined
  if (isPlaced && kind !== 'file' && kind !== 'container-file' && kind !== 'other') return kind
  return url === undefined ? 'other' : 'web'
}

const encodeOfKind = (citation: Citation, kind: Citation['kind']): Record<string, unknown> | undefined => {
  const rest: JsonObject | undefined = ownRest(citation)
  const isForeign = rest === undefined
  switch (kind) {
    case 'char':
    case 'page':
    case 'block': {
      const { type, unit } = documentTypes[kind]
      return withRest(
        {
          type,
          cited_text: citation.citedText ?? (isForeign ? '' : undefined),
          document_index: citation.documentIndex,
          document_title: citation.title ?? (isForeign ? null : undefined),
          [`start_${unit}`]: citation.sourceStart,
          [`end_${unit}`]: citation.sourceEnd,
          file_id: citation.fileId,
        },
        rest ?? {},
      )
    }
    case 'web':
    case 'maps':
      return withRest(
        {
          type: 'web_search_result_location',
          url: citation.url,
          title: citation.title ?? (isForeign ? null : undefined),
          cited_text: citation.citedText ?? (isForeign ? '' : undefined),
          // Required by the type; a citation of another provider has no index of Anthropic's.
          encrypted_index: isForeign ? '' : undefined,
        },
        rest ?? {},
      )
    case 'search-result':
      return withRest(
        {
          type: 'search_result_location',
          source: citation.url,
          title: citation.title ?? (isForeign ? null : undefined),
          cited_text: citation.citedText ?? (isForeign ? '' : undefined),
          search_result_index: citation.documentIndex,
          start_block_index: citation.sourceStart,
          end_block_index: citation.sourceEnd,
        },
        rest ?? {},
      )
    case 'other':
      return isForeign ? undefined : withRest({}, rest)
    default:
      return undefined
  }
}
