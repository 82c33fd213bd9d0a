/** OpenAI's error shape: Chat Completions and Embeddings speak it alike, and so do their dialects. */
import { type ErrorKind, errorTable } from '../errors.ts'
import {
  type CanonicalError,
  extend,
  isJsonObject,
  type JsonObject,
  type ProtocolId,
  parseJson,
} from '../ir/index.ts'
import type { EncodedError, ErrorCodec } from './protocol.ts'
import { retryAfter } from './retry-after.ts'

interface Row {
  readonly status: number
  readonly type: string
  /** The vendor's own code for the kind; where it has none, the error's. */
  readonly code?: string
}

/** translation.md §13.1; payment is 402 as the gateway's budgets are (a 429 would be retried). */
const rows: Readonly<Record<ErrorKind, Row>> = {
  bad_request: { status: 400, type: 'invalid_request_error' },
  context_too_long: { status: 400, type: 'invalid_request_error', code: 'context_length_exceeded' },
  bad_key: { status: 401, type: 'invalid_request_error', code: 'invalid_api_key' },
  payment: { status: 402, type: 'insufficient_quota', code: 'insufficient_quota' },
  forbidden: { status: 403, type: 'permission_error' },
  unknown_model: { status: 404, type: 'invalid_request_error', code: 'model_not_found' },
  not_found: { status: 404, type: 'invalid_request_error' },
  conflict: { status: 409, type: 'conflict' },
  too_large: { status: 413, type: 'invalid_request_error' },
  rate_limit: { status: 429, type: 'requests', code: 'rate_limit_exceeded' },
  quota: { status: 429, type: 'insufficient_quota', code: 'insufficient_quota' },
  client_gone: { status: 499, type: 'invalid_request_error' },
  internal: { status: 500, type: 'server_error' },
  overloaded: { status: 503, type: 'server_error', code: 'server_overloaded' },
  timeout: { status: 504, type: 'server_error' },
  upstream: { status: 502, type: 'server_error', code: 'upstream_error' },
}

/** The error codec for a protocol whose errors have OpenAI's shape. */
export const openaiErrorCodec = (protocol: ProtocolId): ErrorCodec => ({
  encode: (error) => encode(protocol, error),
  decode: (status, headers, body) => decode(protocol, status, headers, new TextDecoder().decode(body)),
})

/** The error object alone, as streams carry it. */
export const openaiErrorObject = (protocol: ProtocolId, error: CanonicalError): JsonObject => ({
  ...canonicalError(error),
  ...own(protocol, error),
})

/** The canonical error of an error object inside an answer or a stream (`{"error": …}`). */
export const decodeOpenaiError = (protocol: ProtocolId, value: unknown, status?: number): CanonicalError => {
  const error = isJsonObject(value) ? value : { message: typeof value === 'string' ? value : undefined }
  const code = word(error['code'])
  const type = word(error['type'])
  const message = sayable(typeof error['message'] === 'string' ? error['message'] : undefined)
  const known = status ?? httpStatus(error['code'], error['status_code'], error['status'])
  const canonical: CanonicalError = {
    kind: kindOf({ status: known, code, type, message: message ?? '' }),
    message: message ?? 'the provider answered with an error',
    ...(code === undefined ? {} : { code }),
    ...(type === undefined ? {} : { type }),
    ...(typeof error['param'] === 'string' ? { param: error['param'] } : {}),
    ...(known === undefined ? {} : { status: known }),
  }
  const written = canonicalError(canonical)
  const rest = Object.entries(error).filter(([key, member]) => key !== 'message' && written[key] !== member)
  const absent = Object.keys(written).filter((key) => !Object.hasOwn(error, key))
  return {
    ...canonical,
    ...extend(protocol, {
      ...(rest.length === 0 ? {} : { error: Object.fromEntries(rest) }),
      ...(absent.length === 0 ? {} : { absent }),
    }),
  }
}

const canonicalError = (error: CanonicalError): JsonObject => {
  const row = rows[error.kind]
  return {
    message: error.message,
    type: error.kind === 'rate_limit' && error.type === 'tokens' ? 'tokens' : row.type,
    param: error.param ?? null,
    code: row.code ?? error.code ?? null,
  }
}

/** What the provider's own error said otherwise, `undefined` for what it left out. */
const own = (protocol: ProtocolId, error: CanonicalError): JsonObject => {
  const { error: members, absent } = error.extensions?.[protocol] ?? {}
  return {
    ...(Array.isArray(absent) ? Object.fromEntries(absent.map((key) => [String(key), undefined])) : {}),
    ...(isJsonObject(members) ? members : {}),
  }
}

const encode = (protocol: ProtocolId, error: CanonicalError): EncodedError => {
  const extension = error.extensions?.[protocol] ?? {}
  const retry = retryWord(error)
  const { error: _error, absent: _absent, bare, ...rest } = extension
  const object = openaiErrorObject(protocol, error)
  return {
    // A provider's own status comes back with its own error; ours and foreign ones follow the table.
    status:
      (error.extensions?.[protocol] === undefined ? undefined : error.status) ?? rows[error.kind].status,
    headers: {
      'content-type': 'application/json',
      ...(error.retryAfter === undefined
        ? {}
        : { 'retry-after': String(Math.max(0, Math.ceil(error.retryAfter))) }),
      ...(retry === undefined ? {} : { 'x-should-retry': retry }),
    },
    body: JSON.stringify(bare === true ? { ...object, ...rest } : { error: object, ...rest }),
  }
}

/** The official SDKs obey this header before they look at the status. */
const retryWord = (error: CanonicalError): string | undefined => {
  if (error.kind === 'payment' || error.kind === 'quota') return 'false'
  const row = Object.hasOwn(errorTable, error.code ?? '')
    ? Object.entries(errorTable).find(([code]) => code === error.code)?.[1]
    : undefined
  return row === undefined ? undefined : String(row.retryable)
}

const decode = (protocol: ProtocolId, status: number, headers: Headers, text: string): CanonicalError => {
  const seconds = retryAfter(headers)
  const error = decodeBody(protocol, status, text)
  return { ...error, ...(seconds === undefined ? {} : { retryAfter: seconds }) }
}

const decodeBody = (protocol: ProtocolId, status: number, text: string): CanonicalError => {
  // A 200 that carries an error object: its own code tells the status.
  const known = status >= 400 ? status : undefined
  const body = parseJson(text)
  // Gemini's compatibility endpoint wraps the object in an array.
  const root = Array.isArray(body) ? body[0] : body
  if (!isJsonObject(root)) return plainError(known, text, body)
  if (root['error'] !== undefined && root['error'] !== null) {
    const { error, ...rest } = root
    const canonical = decodeOpenaiError(protocol, error, known)
    return {
      ...canonical,
      ...extend(protocol, {
        ...canonical.extensions?.[protocol],
        ...rest,
        ...explicitStatus(canonical, known),
      }),
    }
  }
  // Mistral and vLLM send the object bare, FastAPI servers a `detail`.
  const message = root['message'] ?? root['detail'] ?? root['title']
  if (message === undefined) return plainError(known, text, body)
  const canonical = decodeOpenaiError(
    protocol,
    { ...root, message: typeof message === 'string' ? message : JSON.stringify(message) },
    known,
  )
  return { ...canonical, extensions: { [protocol]: { ...canonical.extensions?.[protocol], bare: true } } }
}

/** Marks the error as the provider's own, so that its status is kept even when its body says nothing beyond the table. */
const explicitStatus = (error: CanonicalError, status: number | undefined): JsonObject =>
  status !== undefined && status !== rows[error.kind].status && error.extensions === undefined
    ? { absent: [] }
    : {}

const plainError = (status: number | undefined, text: string, body: unknown): CanonicalError => {
  const said = typeof body === 'string' ? body : /^\s*</.test(text) ? '' : text.trim()
  const message =
    said === '' || isJsonObject(body)
      ? `the provider answered with status ${status ?? 200} and no readable error`
      : (sayable(said.slice(0, 2000)) ?? '')
  return {
    kind: kindOf({ status, code: undefined, type: undefined, message }),
    message,
    ...(status === undefined ? {} : { status }),
  }
}

const kindOf = (error: {
  readonly status: number | undefined
  readonly code: string | undefined
  readonly type: string | undefined
  readonly message: string
}): ErrorKind => {
  const { status, code, type, message } = error
  if (code === 'context_length_exceeded' || contextWords.test(message)) return 'context_too_long'
  if (code === 'insufficient_quota' || type === 'insufficient_quota') {
    return status === 402 ? 'payment' : 'quota'
  }
  if (code === 'model_not_found') return 'unknown_model'
  if (code === 'invalid_api_key') return 'bad_key'
  if (status === 404)
    return /model/i.test(message) || /model/i.test(code ?? '') ? 'unknown_model' : 'not_found'
  if (code === 'rate_limit_exceeded') return 'rate_limit'
  if (status !== undefined && Object.hasOwn(kindByStatus, status)) return kindByStatus[status] ?? 'upstream'
  if (status !== undefined) return status >= 500 ? 'upstream' : 'bad_request'
  if (type === 'invalid_request_error') return 'bad_request'
  return type === 'server_error' ? 'internal' : 'upstream'
}

const contextWords =
  /maximum context length|context (?:length|window)[^.]{0,40}exceed|exceeds? [^.]{0,40}context|prompt is too long|too many input tokens/i

const kindByStatus: Readonly<Record<number, ErrorKind>> = {
  400: 'bad_request',
  401: 'bad_key',
  402: 'payment',
  403: 'forbidden',
  408: 'timeout',
  409: 'conflict',
  413: 'too_large',
  422: 'bad_request',
  429: 'rate_limit',
  499: 'client_gone',
  500: 'internal',
  502: 'upstream',
  503: 'overloaded',
  504: 'timeout',
  529: 'overloaded',
}

/** OpenRouter's `code` is an HTTP status; Groq has `status_code`. */
const httpStatus = (...values: readonly unknown[]): number | undefined => {
  for (const value of values) {
    const number = typeof value === 'string' && /^[45]\d\d$/.test(value) ? Number(value) : value
    if (typeof number === 'number' && Number.isInteger(number) && number >= 400 && number < 600) return number
  }
  return undefined
}

const word = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined

/** Providers quote the key that they refuse; whole ones never go on. */
const sayable = (message: string | undefined): string | undefined =>
  message?.replace(/\b(?:tgw-)?(?:sk|gsk|xai|pplx|AIza)[-_]?[A-Za-z0-9_-]{24,}/g, '[key]')
