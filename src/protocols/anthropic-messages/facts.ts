import { GatewayError } from '../../errors.ts'
import { isJsonObject } from '../../ir/index.ts'
import { type JsonScan, type Span, stringMember, valueAt, type WatchedMember } from '../../wire/index.ts'
import type { HandleReference, RequestFacts, ScannedRequest } from '../protocol.ts'
import { ownMember } from './members.ts'
import { askedService } from './service.ts'
import { sessionOf } from './session.ts'

/**
 * `file_id` names an uploaded file wherever it stands, but for what a tool was called with or may be called with:
 * there it is the client's own word.
 */
export const watchedKeys: ReadonlySet<string> = new Set([
  'file_id',
  'input',
  'input_schema',
  'input_examples',
])

/**
 * @throws GatewayError `gateway_request_invalid` or `gateway_model_missing`, worded as Anthropic would
 */
export const facts = (request: ScannedRequest): RequestFacts => {
  const { operation } = request.endpoint
  if (operation === 'list-models') return { stream: false, handles: [] }
  if (operation === 'get-model') {
    const model = request.parameters['model']
    return { ...(model === undefined ? {} : { model }), stream: false, handles: [] }
  }
  const { scan } = request
  if (scan.rootType !== 'object') throw invalid('body', 'input should be a valid dictionary')
  const { model, span } = modelOf(scan)
  const maxOutputTokens = limitOf(scan)
  const session = sessionOf(request.headers, scan)
  const service = askedService(scan)
  const thread = threadOf(scan)
  return {
    model,
    modelSpan: span,
    stream: streamOf(scan),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(service === undefined ? {} : { service }),
    ...(session === undefined ? {} : { session }),
    handles: [...containerHandles(scan), ...thread.handles, ...fileHandles(scan)],
    ...(thread.isThread ? { answerIsState: true } : {}),
  }
}

const invalid = (param: string, problem: string): GatewayError =>
  new GatewayError('gateway_request_invalid', `${param}: ${problem}`, { param })

const modelOf = (scan: JsonScan): { readonly model: string; readonly span: Span } => {
  const span = scan.top.get('model')
  if (span === undefined) {
    throw new GatewayError('gateway_model_missing', 'model: field required', { param: 'model' })
  }
  const model = stringMember(scan, 'model')
  if (model === undefined) throw invalid('model', 'input should be a valid string')
  if (model === '') throw invalid('model', 'string should have at least 1 character')
  return { model, span }
}

const isNull = (scan: JsonScan, span: Span): boolean => scan.text.slice(span.start, span.end) === 'null'

const streamOf = (scan: JsonScan): boolean => {
  const span = scan.top.get('stream')
  if (span === undefined || isNull(scan, span)) return false
  const source = scan.text.slice(span.start, span.end)
  if (source !== 'true' && source !== 'false') throw invalid('stream', 'input should be a valid boolean')
  return source === 'true'
}

const limitOf = (scan: JsonScan): number | undefined => {
  const span = scan.top.get('max_tokens')
  if (span === undefined || isNull(scan, span)) return undefined
  const limit = Number(scan.text.slice(span.start, span.end))
  if (!Number.isSafeInteger(limit) || scan.text[span.start] === '"') {
    throw invalid('max_tokens', 'input should be a valid integer')
  }
  if (limit < 0) throw invalid('max_tokens', 'input should be greater than or equal to 0')
  return limit
}

/** `container`: an id, or an object with one. */
const containerHandles = (scan: JsonScan): readonly HandleReference[] => {
  const span = scan.top.get('container')
  if (span === undefined || isNull(scan, span)) return []
  const value = valueAt(scan, span)
  if (typeof value === 'string') return [{ kind: 'container', id: value, path: 'container' }]
  if (!isJsonObject(value)) throw invalid('container', 'input should be a valid string or dictionary')
  const id = ownMember(value, 'id')
  if (id === undefined || id === null) return []
  if (typeof id !== 'string') throw invalid('container.id', 'input should be a valid string')
  return [{ kind: 'container', id, path: 'container.id' }]
}

/** Beta `thread`: the server keeps the conversation under the id of its last answer. */
const threadOf = (
  scan: JsonScan,
): { readonly isThread: boolean; readonly handles: readonly HandleReference[] } => {
  const span = scan.top.get('thread')
  if (span === undefined || isNull(scan, span)) return { isThread: false, handles: [] }
  const value = valueAt(scan, span)
  if (!isJsonObject(value)) throw invalid('thread', 'input should be a valid dictionary')
  const id = ownMember(value, 'previous_message_id')
  if (id === undefined || id === null) return { isThread: true, handles: [] }
  const path = 'thread.previous_message_id'
  if (typeof id !== 'string') throw invalid(path, 'input should be a valid string')
  return { isThread: true, handles: [{ kind: 'response', id, path }] }
}

const fileHandles = (scan: JsonScan): readonly HandleReference[] => {
  const files = scan.watched.filter((member) => member.key === 'file_id')
  if (files.length === 0) return []
  const clientsOwn = scan.watched.filter((member) => member.key !== 'file_id')
  const handles: HandleReference[] = []
  for (const file of files) {
    if (clientsOwn.some((member) => isInside(file, member))) continue
    const id = valueAt(scan, file)
    // Null is "no file" (citations); other types are refused by the provider.
    if (typeof id === 'string') handles.push({ kind: 'file', id, path: 'file_id' })
  }
  return handles
}

const isInside = (inner: WatchedMember, outer: WatchedMember): boolean =>
  inner.start >= outer.start && inner.end <= outer.end
