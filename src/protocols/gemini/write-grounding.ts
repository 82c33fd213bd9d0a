import {
  type Citation,
  isJsonObject,
  type JsonObject,
  parseJson,
  type ServerCallPart,
  type ServerResultPart,
} from '../../ir/index.ts'
import { objectOf } from './json-text.ts'

/**
 * Collects what a Gemini answer says in the metadata of a candidate: citations as grounding with offsets in UTF-8 bytes
 * of all text that is no thought, searches with their sources, and opened pages (translation.md §5.5, §9).
 */
export interface GroundingWriter {
  /** Text of a part, in the order in which it goes out. */
  say(index: number, text: string): void
  cite(index: number, citation: Citation): void
  /** @returns whether the part is said by metadata */
  take(part: ServerCallPart | ServerResultPart): boolean
  members(): CandidateMetadata
}

export interface CandidateMetadata {
  readonly groundingMetadata?: JsonObject
  readonly urlContextMetadata?: JsonObject
}

export const groundingWriter = (): GroundingWriter => {
  const texts = new Map<number, string>()
  const cited: { readonly index: number; readonly citation: Citation }[] = []
  const queries: string[] = []
  const pages: { readonly id: string | undefined; readonly url: string; failed: boolean }[] = []
  const sources: { readonly url: string; readonly title: string | undefined }[] = []

  const takeCall = (part: ServerCallPart): boolean => {
    const input = objectOf(part.input)
    if (part.tool === 'web-fetch' || (part.tool === 'web-search' && input['type'] === 'open_page')) {
      const url = input['url']
      if (typeof url === 'string') pages.push({ id: part.id, url, failed: false })
      return true
    }
    if (part.tool !== 'web-search') return false
    const list = input['queries']
    const asked = Array.isArray(list) && list.length > 0 ? list : [input['query']]
    queries.push(...asked.filter((query): query is string => typeof query === 'string' && query !== ''))
    return true
  }
  const takeResult = (part: ServerResultPart): boolean => {
    if (part.tool === 'web-fetch') {
      const page = pages.findLast(({ id }) => part.callId === undefined || id === part.callId)
      if (page !== undefined && part.isError === true) page.failed = true
      return true
    }
    if (part.tool !== 'web-search') return false
    const list = parseJson(part.output)
    for (const item of Array.isArray(list) ? list.filter(isJsonObject) : []) {
      const { url, title } = item
      if (typeof url === 'string') sources.push({ url, title: typeof title === 'string' ? title : undefined })
    }
    return true
  }

  return {
    say(index, text) {
      texts.set(index, (texts.get(index) ?? '') + text)
    },
    cite(index, citation) {
      cited.push({ index, citation })
    },
    take(part) {
      // Newer models say these in parts of their own, which have a type's name.
      if (/^[A-Z][A-Z_]+$/.test(part.name)) return false
      return part.type === 'server-call' ? takeCall(part) : takeResult(part)
    },
    members() {
      const chunks = chunkList()
      for (const { url, title } of sources)
        chunks.add({ kind: 'web', url, ...(title === undefined ? {} : { title }) })
      // Parts may overlap, and so may what cites them.
      cited.sort((a, b) => a.index - b.index)
      const supports = supportsOf(cited, texts, chunks)
      const grounding = {
        ...(queries.length === 0 ? {} : { webSearchQueries: queries }),
        ...(chunks.list.length === 0 ? {} : { groundingChunks: chunks.list }),
        ...(supports.length === 0 ? {} : { groundingSupports: supports }),
      }
      return {
        ...(Object.keys(grounding).length === 0 ? {} : { groundingMetadata: grounding }),
        ...(pages.length === 0 ? {} : { urlContextMetadata: { urlMetadata: pages.map(pageOf) } }),
      }
    },
  }
}

const pageOf = ({ url, failed }: { readonly url: string; readonly failed: boolean }): JsonObject => ({
  retrievedUrl: url,
  urlRetrievalStatus: failed ? 'URL_RETRIEVAL_STATUS_ERROR' : 'URL_RETRIEVAL_STATUS_SUCCESS',
})

interface ChunkList {
  readonly list: readonly JsonObject[]
  /** @returns its place; undefined where the wire has no chunk for the citation */
  add(citation: Citation): number | undefined
}

/** Each source once, in the order of first use. A title that comes later fills in. */
const chunkList = (): ChunkList => {
  const list: JsonObject[] = []
  const places = new Map<string, number>()
  return {
    list,
    add(citation) {
      const { key, name, uri } = chunkOf(citation)
      if (key === undefined) return undefined
      const place = places.get(key)
      const title = citation.title
      if (place === undefined) {
        places.set(key, list.length)
        return (
          list.push({
            [name]: { ...(uri === undefined ? {} : { uri }), ...(title === undefined ? {} : { title }) },
          }) - 1
        )
      }
      const inner = list[place]?.[name]
      if (title !== undefined && isJsonObject(inner) && inner['title'] === undefined) {
        list[place] = { [name]: { ...inner, title } }
      }
      return place
    },
  }
}

/** Citations of a client's own documents by character, page or block have no form here. */
const chunkOf = ({ kind, url, fileId }: Citation) => {
  switch (kind) {
    case 'web':
      return { key: url, name: 'web', uri: url }
    case 'maps':
      return { key: url && `maps ${url}`, name: 'maps', uri: url }
    case 'search-result':
      return { key: url && `context ${url}`, name: 'retrievedContext', uri: url }
    case 'file':
      return { key: fileId && `file ${fileId}`, name: 'retrievedContext', uri: url }
    default:
      return { key: undefined, name: '', uri: undefined }
  }
}

interface Segment {
  readonly startIndex?: number
  readonly endIndex: number
  readonly text: string
}

/** One support for each piece of text that is cited, with all its chunks. */
const supportsOf = (
  cited: readonly { readonly index: number; readonly citation: Citation }[],
  texts: ReadonlyMap<number, string>,
  chunks: ChunkList,
): readonly JsonObject[] => {
  const starts = new Map<number, number>()
  let bytes = 0
  if (cited.length > 0) {
    for (const [index, text] of texts) {
      starts.set(index, bytes)
      bytes += Buffer.byteLength(text, 'utf8')
    }
  }
  const supports = new Map<string, { readonly segment: Segment; readonly indices: number[] }>()
  for (const { index, citation } of cited) {
    const place = chunks.add(citation)
    const text = texts.get(index)
    if (place === undefined || text === undefined) continue
    const from = sliceLength(text, citation.start ?? 0)
    const to = Math.max(from, citation.end === undefined ? text.length : sliceLength(text, citation.end))
    const startIndex = (starts.get(index) ?? 0) + Buffer.byteLength(text.slice(0, from), 'utf8')
    const covered = text.slice(from, to)
    if (covered === '') continue
    const endIndex = startIndex + Buffer.byteLength(covered, 'utf8')
    const key = `${startIndex} ${endIndex}`
    const known = supports.get(key)
    if (known === undefined) {
      const segment = { ...(startIndex === 0 ? {} : { startIndex }), endIndex, text: covered }
      supports.set(key, { segment, indices: [place] })
    } else if (!known.indices.includes(place)) known.indices.push(place)
  }
  return [...supports.values()].map(({ segment, indices }) => ({
    segment: { ...segment },
    groundingChunkIndices: indices,
  }))
}

/** Code points → UTF-16 units, kept within the text. */
const sliceLength = (text: string, codePoints: number): number => {
  let units = 0
  for (let left = codePoints; left > 0 && units < text.length; left--) {
    units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1
  }
  return units
}
