import type { ErrorKind } from '../../errors.ts'
import { type CanonicalError, extensionOf, isJsonObject, type JsonObject } from '../../ir/index.ts'
import type { ErrorCodec } from '../protocol.ts'
import { retryAfter } from '../retry-after.ts'

/** Canonical class → HTTP status and Google RPC status, translation.md §13.1; 402 for budgets is the gateway's own. */
const rows: Readonly<Record<ErrorKind, readonly [number, string]>> = {
  bad_request: [400, 'INVALID_ARGUMENT'],
  context_too_long: [400, 'INVALID_ARGUMENT'],
  bad_key: [401, 'UNAUTHENTICATED'],
  payment: [402, 'RESOURCE_EXHAUSTED'],
  forbidden: [403, 'PERMISSION_DENIED'],
  unknown_model: [404, 'NOT_FOUND'],
  not_found: [404, 'NOT_FOUND'],
  conflict: [409, 'ABORTED'],
  too_large: [400, 'INVALID_ARGUMENT'],
  rate_limit: [429, 'RESOURCE_EXHAUSTED'],
  quota: [429, 'RESOURCE_EXHAUSTED'],
  client_gone: [499, 'CANCELLED'],
  internal: [500, 'INTERNAL'],
  overloaded: [503, 'UNAVAILABLE'],
  timeout: [504, 'DEADLINE_EXCEEDED'],
  upstream: [500, 'INTERNAL'],
}

const typeUrl = 'type.googleapis.com/google.rpc.'
/** Note in an extension: the error stood in an array (streams without `alt=sse`). */
const arrayNote = '$array'

export const errors: ErrorCodec = {
  encode(error) {
    const wire = encodeError(error)
    const status = statusOf(wire, error)
    return {
      status,
      headers: {
        'content-type': 'application/json; charset=UTF-8',
        ...(error.retryAfter === undefined ? {} : { 'retry-after': String(Math.ceil(error.retryAfter)) }),
        ...(error.kind === 'payment' ? { 'x-should-retry': 'false' } : {}),
      },
      body: JSON.stringify(extensionOf(error, 'gemini')[arrayNote] === true ? [wire] : wire),
    }
  },

  decode(status, headers, body) {
    const text = new TextDecoder().decode(body)
    const seconds = retryAfter(headers)
    const wait = seconds === undefined ? {} : { retryAfter: seconds }
    const parsed = parse(text)
    const wrapped = Array.isArray(parsed)
    const root: unknown = wrapped ? parsed[0] : parsed
    const wire = isJsonObject(root) ? root['error'] : undefined
    if (isJsonObject(wire)) return { ...wait, ...decodeError(wire, status, wrapped) }
    // Proxies and load balancers answer with text or HTML.
    const words =
      typeof wire === 'string'
        ? wire
        : text
            .replace(/<[^>]*>/g, ' ')
            .replace(/\s+/g, ' ')
            .trim()
    return {
      kind: kindOf(status, '', words, undefined),
      message: words.slice(0, 2000) || `the provider answered with status ${status}`,
      status,
      ...wait,
    }
  },
}

/** `{"error":{code,message,status,details}}`, as a body and as an element of a stream. */
export const encodeError = (error: CanonicalError): JsonObject => {
  const extension = extensionOf(error, 'gemini')
  const own = Object.fromEntries(Object.entries(extension).filter(([key]) => !key.startsWith('$')))
  if (Object.keys(own).length > 0) return { error: { message: error.message, ...own } }
  const [code, status] = rows[error.kind]
  const details = detailsOf(error)
  return {
    error: { code, message: error.message, status, ...(details.length === 0 ? {} : { details }) },
  }
}

/** Reads the object under `error`. @param httpStatus of the answer, absent inside a stream */
export const decodeError = (wire: JsonObject, httpStatus?: number, wrapped = false): CanonicalError => {
  const { message, ...rest } = wire
  const code = typeof wire['code'] === 'number' ? wire['code'] : undefined
  const rpcStatus = typeof wire['status'] === 'string' ? wire['status'] : ''
  const words = typeof message === 'string' ? message : ''
  const details = Array.isArray(wire['details']) ? wire['details'].filter(isJsonObject) : []
  const reason = details.map((detail) => detail['reason']).find((value) => typeof value === 'string')
  const retryAfter = retryDelay(details)
  const status = httpStatus !== undefined && httpStatus >= 400 ? httpStatus : code
  const kind = kindOf(status ?? 0, rpcStatus, words, reason, details)
  return {
    kind,
    message: words || `the provider answered with status ${status ?? 'unknown'}`,
    ...(reason === undefined ? {} : { code: reason }),
    ...(rpcStatus === '' ? {} : { type: rpcStatus }),
    ...(status === undefined ? {} : { status }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    extensions: { gemini: { ...rest, ...(wrapped ? { [arrayNote]: true } : {}) } },
  }
}

const statusOf = (wire: JsonObject, error: CanonicalError): number => {
  const inner = wire['error']
  const code = isJsonObject(inner) ? inner['code'] : undefined
  return typeof code === 'number' && code >= 400 && code <= 599 ? code : rows[error.kind][0]
}

const detailsOf = (error: CanonicalError): readonly JsonObject[] => [
  ...(error.code === undefined
    ? []
    : [
        {
          '@type': `${typeUrl}ErrorInfo`,
          reason: error.code.toUpperCase(),
          domain: error.code.startsWith('gateway_') ? 'tollgate' : 'upstream',
        },
      ]),
  ...(error.param === undefined
    ? []
    : [
        {
          '@type': `${typeUrl}BadRequest`,
          fieldViolations: [{ field: error.param, description: error.message }],
        },
      ]),
  ...(error.retryAfter === undefined
    ? []
    : [{ '@type': `${typeUrl}RetryInfo`, retryDelay: `${error.retryAfter}s` }]),
]

const retryDelay = (details: readonly JsonObject[]): number | undefined => {
  for (const detail of details) {
    const delay = detail['retryDelay']
    const seconds = typeof delay === 'string' ? /^(\d+(?:\.\d+)?)s$/.exec(delay)?.[1] : undefined
    if (seconds !== undefined) return Number(seconds)
  }
  return undefined
}

const kindsByRpcStatus: Readonly<Record<string, ErrorKind>> = {
  INVALID_ARGUMENT: 'bad_request',
  FAILED_PRECONDITION: 'bad_request',
  OUT_OF_RANGE: 'bad_request',
  UNAUTHENTICATED: 'bad_key',
  PERMISSION_DENIED: 'forbidden',
  NOT_FOUND: 'not_found',
  ABORTED: 'conflict',
  ALREADY_EXISTS: 'conflict',
  RESOURCE_EXHAUSTED: 'rate_limit',
  CANCELLED: 'client_gone',
  INTERNAL: 'internal',
  UNKNOWN: 'internal',
  DATA_LOSS: 'internal',
  UNIMPLEMENTED: 'bad_request',
  UNAVAILABLE: 'overloaded',
  DEADLINE_EXCEEDED: 'timeout',
}

const kindsByStatus: Readonly<Record<number, ErrorKind>> = {
  400: 'bad_request',
  401: 'bad_key',
  402: 'payment',
  403: 'forbidden',
  404: 'not_found',
  408: 'timeout',
  409: 'conflict',
  413: 'too_large',
  429: 'rate_limit',
  499: 'client_gone',
  500: 'internal',
  503: 'overloaded',
  504: 'timeout',
  529: 'overloaded',
}

const kindOf = (
  status: number,
  rpcStatus: string,
  message: string,
  reason: string | undefined,
  details: readonly JsonObject[] = [],
): ErrorKind => {
  const kind =
    (Object.hasOwn(kindsByRpcStatus, rpcStatus) ? kindsByRpcStatus[rpcStatus] : undefined) ??
    kindsByStatus[status] ??
    (status >= 500 || status < 400 ? 'upstream' : 'bad_request')
  // Real Gemini answers 400 to a bad key.
  if (reason === 'API_KEY_INVALID') return 'bad_key'
  if (kind === 'bad_request' && /token count .*exceeds the maximum/i.test(message)) return 'context_too_long'
  if (kind === 'bad_request' && status === 413) return 'too_large'
  if (kind === 'not_found' && /\bmodels?\b/i.test(message)) return 'unknown_model'
  if (kind === 'rate_limit' && status === 402) return 'payment'
  if (kind === 'rate_limit' && isQuota(message, details)) return 'quota'
  return kind
}

/** Used up for the day or by the plan: waiting seconds does not help. */
const isQuota = (message: string, details: readonly JsonObject[]): boolean =>
  /check your plan and billing/i.test(message) &&
  details.some((detail) => JSON.stringify(detail['violations'] ?? '').includes('PerDay'))

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
