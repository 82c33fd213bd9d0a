import { GatewayError } from '../../errors.ts'
import { booleanMember, type JsonScan, numberMember, type Span, stringMember } from '../../wire/index.ts'
import { openaiService } from '../openai-service.ts'
import type { HandleReference, RequestFacts, ScannedRequest } from '../protocol.ts'
import { referencesIn } from './handle-references.ts'
import { decodeString, kindAt, membersAt } from './json-walk.ts'

/**
 * What the gateway must know of a request, from its scan alone.
 * @throws GatewayError `gateway_request_invalid` when a field it needs has a wrong type
 */
export const facts = (request: ScannedRequest): RequestFacts => {
  const { scan, endpoint } = request
  const modelSpan = scan.top.get('model')
  const model = modelSpan === undefined ? undefined : modelOf(scan, modelSpan)
  const maxOutputTokens = limitOf(scan)
  const session = sessionOf(request)
  const service = openaiService(stringMember(scan, 'service_tier'))
  return {
    ...(model === undefined || modelSpan === undefined ? {} : { model, modelSpan }),
    stream: endpoint.stream !== 'never' && (endpoint.method === 'GET' ? isQueryTrue(request) : streams(scan)),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(service === undefined ? {} : { service }),
    ...(session === undefined ? {} : { session }),
    handles: [...pathReferences(request), ...referencesIn(scan)],
  }
}

const modelOf = (scan: JsonScan, span: Span): string | undefined => {
  if (isNull(scan, span)) return undefined
  const model = stringMember(scan, 'model')
  if (model === undefined) throw wrongType(scan, span, 'model', 'a string')
  return model
}

const limitOf = (scan: JsonScan): number | undefined => {
  const span = scan.top.get('max_output_tokens')
  if (span === undefined || isNull(scan, span)) return undefined
  const limit = numberMember(scan, 'max_output_tokens')
  if (limit === undefined || !Number.isSafeInteger(limit) || limit < 0) {
    throw wrongType(scan, span, 'max_output_tokens', 'an integer')
  }
  return limit
}

const streams = (scan: JsonScan): boolean => {
  const span = scan.top.get('stream')
  if (span === undefined || isNull(scan, span)) return false
  const stream = booleanMember(scan, 'stream')
  if (stream === undefined) throw wrongType(scan, span, 'stream', 'a boolean')
  return stream
}

const isQueryTrue = ({ query }: ScannedRequest): boolean => {
  const stream = query.get('stream')
  return stream === 'true' || stream === '1'
}

const isNull = (scan: JsonScan, span: Span): boolean => scan.text.startsWith('null', span.start)

const wrongType = (scan: JsonScan, span: Span, param: string, wanted: string): GatewayError =>
  new GatewayError(
    'gateway_request_invalid',
    `invalid type for '${param}': expected ${wanted}, but got ${typeAt(scan, span)} instead`,
    { param },
  )

const typeAt = (scan: JsonScan, span: Span): string => {
  const kind = kindAt(scan.text, span.start)
  if (kind === 'object' || kind === 'array') return `an ${kind}`
  if (kind === 'string') return 'a string'
  const first = scan.text[span.start]
  return first === 't' || first === 'f' ? 'a boolean' : first === 'n' ? 'null' : 'a number'
}

/** Codex: `session-id` or `session_id`; opencode: `x-session-id`; Codex says it in the body as well (clients.md). */
const sessionOf = ({ headers, scan }: ScannedRequest): string | undefined => {
  for (const name of ['session-id', 'session_id', 'x-session-id', 'thread-id', 'conversation_id']) {
    const session = headers.get(name)
    if (session !== null && session !== '') return session
  }
  const metadata = scan.top.get('client_metadata')
  const members = metadata === undefined ? [] : membersAt(scan.text, metadata.start)
  const session = members.find((member) => member.key === 'session_id')
  return session !== undefined && kindAt(scan.text, session.start) === 'string'
    ? decodeString(scan.text, session)
    : undefined
}

/** Ids in the path: of a response, or of a conversation and one of its items. */
const pathReferences = ({ parameters, path }: ScannedRequest): readonly HandleReference[] => {
  const { id, item } = parameters
  if (id === undefined) return []
  const kind = path.startsWith('/v1/conversations') ? 'conversation' : 'response'
  const owner: HandleReference = { kind, id, path: 'id' }
  return item === undefined ? [owner] : [owner, { kind: 'item', id: item, path: 'item' }]
}
