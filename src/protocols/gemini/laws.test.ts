import { protocolLaws } from '../../../test/support/protocol-laws.ts'
import { gemini } from './index.ts'
import { lawDifferences } from './laws-differences.fixture.ts'

/** Ids, media, enum words, URLs and schema keywords. */
const notText = new Set([
  'data',
  'fileUri',
  'file_uri',
  'thoughtSignature',
  'thought_signature',
  'mimeType',
  'mime_type',
  'responseMimeType',
  'response_mime_type',
  'name',
  'id',
  'type',
  'required',
  'enum',
  'pattern',
  'format',
  '$schema',
  '$ref',
  'propertyOrdering',
  'property_ordering',
  'category',
  'threshold',
  'level',
  'mediaResolution',
  'cachedContent',
  'fileSearchStoreNames',
  'file_search_store_names',
  'allowedFunctionNames',
  'outcome',
])

/** Vertex paths name project and location; the model and the method are the same. */
const pathOf = (record: object): string => {
  if ('path' in record && typeof record.path === 'string') {
    const query = 'query' in record && record.query instanceof URLSearchParams ? record.query.toString() : ''
    return `${record.path}${query === '' ? '' : `?${query}`}`
  }
  const endpoint = 'endpoint' in record && typeof record.endpoint === 'string' ? record.endpoint : ''
  const model = /\/models\/([^:?]+):/.exec(endpoint)?.[1]
  const isStream = 'stream' in record && record.stream === true
  const method = isStream ? 'streamGenerateContent?alt=sse' : 'generateContent'
  return `/v1beta/models/${model ?? 'gemini-3.8-flash'}:${method}`
}

protocolLaws({
  protocol: gemini,
  corpus: 'gemini',
  recordings: ({ method, path }) => method === 'POST' && /:(?:stream)?generateContent$/i.test(path),
  pathOf,
  differences: lawDifferences,
  isCompleteStream: (record) => !record.anomalies.includes('no finishReason'),
  mustConform: (record) =>
    record.anomalies.length === 0 && (record.dialect === 'google-ai' || record.dialect === 'vertex'),
  isNotText: (path, key) =>
    notText.has(key) ||
    /^(?:labels|modelArmorConfig|model$)|\.(?:headers|streamableHttpTransport)\./.test(path),
})
