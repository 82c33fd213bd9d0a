import {
  type Citation,
  extend,
  isJsonObject,
  type JsonObject,
  type Part,
  type ServerTool,
} from '../../ir/index.ts'
import { readObject } from './read-object.ts'

/** A text part of an answer, for citations that point into the whole text. */
export interface AnswerText {
  /** Of the part within its candidate. */
  readonly index: number
  readonly text: string
}

export interface PlacedCitation {
  readonly index: number
  readonly citation: Citation
}

/** `groundingMetadata` of a candidate, where it says something. */
export const groundingOf = (candidate: JsonObject): JsonObject | undefined => {
  const grounding = readObject(candidate).object('groundingMetadata')
  return grounding === undefined || Object.keys(grounding).length === 0 ? undefined : grounding
}

/** `urlContextMetadata` of a candidate: the pages that were opened. */
export const urlContextOf = (candidate: JsonObject): JsonObject | undefined =>
  readObject(candidate).object('urlContextMetadata')

/**
 * `groundingSupports` → citations. Their offsets count UTF-8 bytes of all text that is no thought, and some are off by
 * a few even upstream: they are kept within the text (translation.md §9). One citation for each chunk that is named.
 */
export const citationsOf = (
  grounding: JsonObject,
  texts: readonly AnswerText[],
): readonly PlacedCitation[] => {
  const reader = readObject(grounding)
  const chunks = reader.list('groundingChunks') ?? []
  const supports = reader.list('groundingSupports') ?? []
  if (chunks.length === 0 || supports.length === 0 || texts.length === 0) return []
  const measured = measure(texts)
  return supports.filter(isJsonObject).flatMap((support) => {
    const inner = readObject(support)
    const segment = readObject(inner.object('segment') ?? {})
    const covered = place(measured, segment.number('startIndex') ?? 0, segment.number('endIndex'))
    const citedText = segment.string('text')
    return (inner.list('groundingChunkIndices') ?? []).flatMap((number) => {
      const chunk = typeof number === 'number' ? chunks[number] : undefined
      const source = isJsonObject(chunk) ? sourceOf(chunk) : undefined
      if (covered === undefined || source === undefined) return []
      const { index, start, end } = covered
      const citation: Citation = { ...source, ...(citedText === undefined ? {} : { citedText }), start, end }
      return [{ index, citation }]
    })
  })
}

/** What a chunk cites. */
const sourceOf = (chunk: JsonObject): Citation | undefined => {
  const reader = readObject(chunk)
  const web = reader.object('web')
  if (web !== undefined) return { kind: 'web', ...named(web) }
  const maps = reader.object('maps')
  if (maps !== undefined) return { kind: 'maps', ...named(maps) }
  const retrieved = reader.object('retrievedContext')
  if (retrieved === undefined) return undefined
  const source = named(retrieved)
  if (source.url !== undefined) return { kind: 'search-result', ...source }
  const fileId = readObject(retrieved).string('documentName')
  // Text out of a store that names no document cannot be told from any other.
  return fileId === undefined ? undefined : { kind: 'file', fileId, ...source }
}

const named = (chunk: JsonObject): { readonly url?: string; readonly title?: string } => {
  const reader = readObject(chunk)
  const url = reader.string('uri')
  const title = reader.string('title')
  return { ...(url === undefined ? {} : { url }), ...(title === undefined ? {} : { title }) }
}

interface MeasuredText {
  readonly index: number
  readonly bytes: Buffer
  /** Of its first byte in all the text. */
  readonly start: number
}

const measure = (texts: readonly AnswerText[]): readonly MeasuredText[] => {
  let start = 0
  return texts.map(({ index, text }) => {
    const bytes = Buffer.from(text, 'utf8')
    const measured = { index, bytes, start }
    start += bytes.length
    return measured
  })
}

/** Byte offsets in all the text → code points in the part where they begin. */
const place = (texts: readonly MeasuredText[], start: number, end: number | undefined) => {
  const last = texts.at(-1)
  const found = texts.find(({ start: from, bytes }) => start < from + bytes.length) ?? last
  if (found === undefined) return undefined
  const from = codePoints(found.bytes, start - found.start)
  const to = end === undefined ? undefined : codePoints(found.bytes, end - found.start)
  return {
    index: found.index,
    start: from,
    end: Math.max(from, to ?? codePoints(found.bytes, found.bytes.length)),
  }
}

/** How many characters begin before a byte. */
const codePoints = (bytes: Buffer, offset: number): number => {
  const end = Math.min(Math.max(offset, 0), bytes.length)
  let count = 0
  for (let at = 0; at < end; at++) if (((bytes[at] ?? 0) & 0xc0) !== 0x80) count++
  return count
}

/** Note on parts that are read from a candidate's metadata: the wire has no part for them. */
export const metadataNote = '$metadata'

export interface ToolMetadata {
  readonly grounding: JsonObject | undefined
  readonly urlContext: JsonObject | undefined
  /** Of the answer; ids of the calls are made from it. */
  readonly responseId: string | undefined
  /** Tools of which the candidate has parts, as newer models do: they count, and the metadata says the same again. */
  readonly told: ReadonlySet<ServerTool>
}

/** What a candidate's metadata tells of tools that ran: one web search, and the pages that were opened. */
export const toolPartsOf = ({ grounding, urlContext, responseId, told }: ToolMetadata): readonly Part[] => [
  ...(grounding === undefined || told.has('web-search') ? [] : searchParts(grounding, responseId)),
  ...(urlContext === undefined || told.has('web-fetch') ? [] : pageParts(urlContext, responseId)),
]

const searchParts = (grounding: JsonObject, responseId = '0'): readonly Part[] => {
  const reader = readObject(grounding)
  const queries = reader.strings('webSearchQueries') ?? []
  const [query] = queries
  if (query === undefined) return []
  const sources = (reader.list('groundingChunks') ?? []).flatMap((chunk) => {
    const web = isJsonObject(chunk) ? readObject(chunk).object('web') : undefined
    const { url, title } = web === undefined ? {} : named(web)
    return url === undefined ? [] : [{ type: 'url', url, ...(title === undefined ? {} : { title }) }]
  })
  const id = `web_search_${responseId}`
  const common = {
    tool: 'web-search',
    name: 'web_search',
    ...extend('gemini', { [metadataNote]: true }),
  } as const
  return [
    { type: 'server-call', ...common, id, input: JSON.stringify({ query, queries }) },
    { type: 'server-result', ...common, callId: id, output: JSON.stringify(sources) },
  ]
}

const pageParts = (context: JsonObject, responseId = '0'): readonly Part[] =>
  (readObject(context).list('urlMetadata') ?? [])
    .filter(isJsonObject)
    .flatMap((page, index): readonly Part[] => {
      const reader = readObject(page)
      const url = reader.string('retrievedUrl')
      if (url === undefined) return []
      const status = reader.string('urlRetrievalStatus')
      const failed = status !== undefined && status !== 'URL_RETRIEVAL_STATUS_SUCCESS'
      const common = {
        tool: 'web-fetch',
        name: 'web_fetch',
        ...extend('gemini', { [metadataNote]: true }),
      } as const
      const id = `web_fetch_${responseId}_${index}`
      return [
        { type: 'server-call', ...common, id, input: JSON.stringify({ url }) },
        {
          type: 'server-result',
          ...common,
          callId: id,
          output: JSON.stringify([{ type: 'url', url }]),
          ...(failed ? { isError: true } : {}),
        },
      ]
    })
