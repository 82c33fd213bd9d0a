import { GatewayError } from '../../errors.ts'
import { type JsonScan, type Span, stringMember, valueAt } from '../../wire/index.ts'
import type { HandleReference, RequestFacts, ScannedRequest } from '../protocol.ts'
import { asNumber } from './read-object.ts'
import { geminiService } from './service.ts'
import { uploadedFile } from './uploaded-file.ts'

/** Both spellings: protocol buffers' JSON form takes either. */
export const watchedKeys: ReadonlySet<string> = new Set([
  'cachedContent',
  'cached_content',
  'fileUri',
  'file_uri',
  'fileSearchStoreNames',
  'file_search_store_names',
  'maxOutputTokens',
  'max_output_tokens',
  'model',
])

/**
 * Facts of a request. The model stands in the URL, and some bodies repeat it; Gemini clients name no session.
 * @throws GatewayError `gateway_request_invalid` when a field it needs has a wrong type
 */
export const facts = ({ endpoint, parameters, headers, scan }: ScannedRequest): RequestFacts => {
  const model = parameters['model']
  const maxOutputTokens = outputLimit(scan)
  const service = geminiService(stringMember(scan, 'serviceTier') ?? stringMember(scan, 'service_tier'))
  const modelRepeats = model === undefined ? [] : repeatsOf(scan, model)
  const session = headers.get('x-session-id') ?? headers.get('x-session-affinity') ?? ''
  return {
    ...(model === undefined ? {} : { model }),
    stream: endpoint.stream === 'always',
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(service === undefined ? {} : { service }),
    ...(modelRepeats.length === 0 ? {} : { modelRepeats }),
    ...(session === '' ? {} : { session }),
    handles: handlesOf(scan),
  }
}

/**
 * `embedContent` may name its model, each of `batchEmbedContents` must, and so must the request that `countTokens`
 * counts. A `model` anywhere else is a word of somebody's tool.
 */
const repeatsOf = (scan: JsonScan, model: string): NonNullable<RequestFacts['modelRepeats']> => {
  const batch = scan.top.get('requests')
  const counted = scan.top.get('generateContentRequest') ?? scan.top.get('generate_content_request')
  return scan.watched.flatMap((found) => {
    if (found.key !== 'model') return []
    const isRepeat =
      found.depth === 1 ||
      (found.depth === 2 && counted !== undefined && isWithin(found, counted)) ||
      (found.depth === 3 && batch !== undefined && isWithin(found, batch))
    const name = isRepeat ? valueAt(scan, found) : undefined
    if (typeof name !== 'string') return []
    return [{ start: found.start, end: found.end, prefix: name === model ? '' : 'models/' }]
  })
}

const outputLimit = (scan: JsonScan): number | undefined => {
  const settings = scan.top.get('generationConfig') ?? scan.top.get('generation_config')
  if (settings === undefined) return undefined
  for (const key of ['maxOutputTokens', 'max_output_tokens']) {
    // The last of equal keys wins; deeper ones belong to a schema.
    const member = scan.watched.findLast(
      (found) => found.key === key && found.depth === 2 && isWithin(found, settings),
    )
    if (member === undefined) continue
    const value = valueAt(scan, member)
    const number = asNumber(value)
    if (number !== undefined) return number
    if (value !== null) throw invalid('generationConfig.maxOutputTokens', 'a number')
  }
  return undefined
}

const isWithin = (inner: Span, outer: Span): boolean => inner.start >= outer.start && inner.end <= outer.end

const handlesOf = (scan: JsonScan): readonly HandleReference[] => {
  const handles: HandleReference[] = []
  for (const member of scan.watched) {
    switch (member.key) {
      case 'cachedContent':
      case 'cached_content': {
        // Only at the root it names a cache; deeper it is a word of somebody's tool.
        if (member.depth !== 1) break
        const id = valueAt(scan, member)
        if (typeof id === 'string') {
          if (id !== '') handles.push({ kind: 'cached-content', id, path: member.key })
        } else if (id !== null) throw invalid(member.key, 'a string')
        break
      }
      case 'fileUri':
      case 'file_uri': {
        const uri = valueAt(scan, member)
        const id = typeof uri === 'string' ? uploadedFile(uri) : undefined
        if (id !== undefined) handles.push({ kind: 'file', id, path: member.key })
        break
      }
      case 'fileSearchStoreNames':
      case 'file_search_store_names': {
        const names = valueAt(scan, member)
        for (const id of Array.isArray(names) ? names : [names]) {
          if (typeof id === 'string') handles.push({ kind: 'vector-store', id, path: member.key })
        }
        break
      }
    }
  }
  return handles
}

const invalid = (param: string, wanted: string): GatewayError =>
  new GatewayError('gateway_request_invalid', `invalid value at '${param}': ${wanted} is expected`, { param })
