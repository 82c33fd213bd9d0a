import type { ErrorKind } from '../../errors.ts'
import { type CanonicalError, isJsonObject, type JsonObject } from '../../ir/index.ts'
import type { EncodedError, ErrorCodec } from '../protocol.ts'
import { retryAfter } from '../retry-after.ts'
import { isEmpty, objectMember, ownMember, readMembers, withRest } from './members.ts'
import { ownIfAny, ownRest } from './own.ts'
import type { WireErrorBody } from './wire.ts'

interface WireError {
  readonly status: number
  readonly type: string
}

/** translation.md §13.1. */
const byKind: Readonly<Record<ErrorKind, WireError>> = {
  bad_request: { status: 400, type: 'invalid_request_error' },
  context_too_long: { status: 400, type: 'invalid_request_error' },
  bad_key: { status: 401, type: 'authentication_error' },
  payment: { status: 402, type: 'billing_error' },
  forbidden: { status: 403, type: 'permission_error' },
  unknown_model: { status: 404, type: 'not_found_error' },
  not_found: { status: 404, type: 'not_found_error' },
  conflict: { status: 409, type: 'conflict_error' },
  too_large: { status: 413, type: 'request_too_large' },
  rate_limit: { status: 429, type: 'rate_limit_error' },
  quota: { status: 429, type: 'rate_limit_error' },
  client_gone: { status: 499, type: 'api_error' },
  internal: { status: 500, type: 'api_error' },
  overloaded: { status: 529, type: 'overloaded_error' },
  timeout: { status: 504, type: 'timeout_error' },
  upstream: { status: 502, type: 'api_error' },
}

export const errors: ErrorCodec = {
  encode(error, { requestId }): EncodedError {
    return {
      status: statusOf(error),
      headers: {
        'content-type': 'application/json',
        ...(error.retryAfter === undefined ? {} : { 'retry-after': String(Math.ceil(error.retryAfter)) }),
        ...(error.kind === 'payment' ? { 'x-should-retry': 'false' } : {}),
      },
      body: JSON.stringify(errorBody(error, requestId)),
    }
  },
  decode(status, headers, body) {
    const seconds = retryAfter(headers)
    const rest = { status, ...(seconds === undefined ? {} : { retryAfter: seconds }) }
    const text = new TextDecoder().decode(body)
    const value = parse(text)
    if (isJsonObject(value)) return { ...decodeErrorObject(value, status), ...rest }
    const kind = kindOf(undefined, status, '')
    return { kind, message: plainText(text) || `the provider answered with status ${status}`, ...rest }
  },
}

/**
 * The data of an `error` event. It has no status, so agents go by the type, and only what is called overloaded is asked
 * again (opencode; a broken connection is, too): that is what an upstream that failed in mid-answer is called here,
 * unless it has a type of this protocol.
 */
export const errorEvent = (error: CanonicalError, requestId: string | null): WireErrorBody => {
  const hasType = error.type !== undefined && Object.hasOwn(kindByType, error.type)
  return errorBody(!hasType && failures.has(error.kind) ? { ...error, kind: 'overloaded' } : error, requestId)
}

const failures: ReadonlySet<ErrorKind> = new Set(['internal', 'timeout', 'upstream'])

/** The body of an answer that is an error. */
export const errorBody = (error: CanonicalError, requestId: string | null): WireErrorBody => {
  const rest = ownRest(error) ?? {}
  const inner = objectMember(rest, 'error')
  const details = withRest({ error_code: error.code }, objectMember(inner, 'details'))
  const { request_id: _ours, error: _inner, ...outer } = rest
  return {
    type: 'error',
    error: {
      type:
        error.type !== undefined && Object.hasOwn(kindByType, error.type)
          ? error.type
          : byKind[error.kind].type,
      message: messageOf(error),
      ...withRest({ details: isEmpty(details) ? undefined : details }, inner),
    },
    request_id: requestId,
    ...outer,
  }
}

/** Statuses of one kind that say more than the table's one. */
const statusOf = (error: CanonicalError): number => {
  const { kind, status } = error
  const isFiner =
    status !== undefined &&
    ((kind === 'bad_request' && status > 400 && status < 500 && kindByStatus[status] === undefined) ||
      (kind === 'timeout' && status === 408))
  return isFiner ? status : byKind[kind].status
}

/** Agents start to compact their history when they read these words; the place is named as this vendor names it. */
const messageOf = (error: CanonicalError): string => {
  if (error.kind === 'context_too_long' && !/prompt is too long/i.test(error.message)) {
    return `prompt is too long: ${error.message}`
  }
  if (error.param === undefined) return error.message
  const place = error.param.replace(/\[(\d+)\]/g, '.$1')
  if (error.message.startsWith(`${error.param}:`)) return place + error.message.slice(error.param.length)
  return error.message.includes(place) ? error.message : `${place}: ${error.message}`
}

/** The data of an `error` event: an error body without a status. */
export const decodeErrorEvent = (data: JsonObject): CanonicalError => decodeErrorObject(data, undefined)

/** An error body of this protocol, or one of the shapes that compatible servers send. Never throws. */
const decodeErrorObject = (body: JsonObject, status: number | undefined): CanonicalError => {
  const outer = readMembers(body)
  outer.exactly('type', 'error')
  const error = outer.object('error')
  if (error === undefined) {
    const message = ['error', 'message', 'detail'].map((key) => ownMember(body, key)).find(isText)
    return {
      kind: kindOf(undefined, status, message ?? ''),
      message: message ?? 'the provider answered with an error',
    }
  }
  const inner = readMembers(error)
  const type = inner.string('type')
  const message = inner.string('message') ?? 'the provider answered with an error'
  const details = readMembers(inner.object('details') ?? {})
  const code = details.string('error_code') ?? inner.string('code')
  const param = inner.string('param')
  const detailsRest = details.rest()
  const innerRest = { ...inner.rest(), ...(isEmpty(detailsRest) ? {} : { details: detailsRest }) }
  return {
    kind: kindOf(type, status, message, code),
    message,
    ...(code === undefined ? {} : { code }),
    ...(type === undefined ? {} : { type }),
    ...(param === undefined ? {} : { param }),
    ...ownIfAny({ ...outer.rest(), ...(isEmpty(innerRest) ? {} : { error: innerRest }) }),
  }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

const kindByType: Readonly<Record<string, ErrorKind>> = {
  invalid_request_error: 'bad_request',
  authentication_error: 'bad_key',
  billing_error: 'payment',
  permission_error: 'forbidden',
  not_found_error: 'not_found',
  conflict_error: 'conflict',
  request_too_large: 'too_large',
  rate_limit_error: 'rate_limit',
  timeout_error: 'timeout',
  api_error: 'internal',
  overloaded_error: 'overloaded',
}

const kindByStatus: Readonly<Record<number, ErrorKind>> = {
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
  502: 'upstream',
  503: 'overloaded',
  504: 'timeout',
  529: 'overloaded',
}

const kindOf = (
  type: string | undefined,
  status: number | undefined,
  message: string,
  code?: string,
): ErrorKind => {
  const stated = type !== undefined && Object.hasOwn(kindByType, type) ? kindByType[type] : undefined
  const byStatus = status === undefined ? undefined : (kindByStatus[status] ?? classOf(status))
  // `api_error` is any failure of the server; the status is finer.
  const kind = (stated === 'internal' ? (byStatus ?? stated) : (stated ?? byStatus)) ?? 'internal'
  if (kind === 'bad_request') {
    if (/prompt is too long|exceed[^.]*context (limit|window)/i.test(message)) return 'context_too_long'
    if (code === 'context_length_exceeded') return 'context_too_long'
    if (/credit balance is too low/i.test(message)) return 'payment'
  }
  return kind === 'not_found' && /^model\b/i.test(message) ? 'unknown_model' : kind
}

/** A success whose body is no answer is the provider's fault as well. */
const classOf = (status: number): ErrorKind => (status >= 400 && status < 500 ? 'bad_request' : 'upstream')

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** HTML error pages: their title, else their text, in one short line. */
const plainText = (text: string): string => {
  const title = /<title>([^<]*)<\/title>/i.exec(text.slice(0, 4096))?.[1]
  const body = title ?? text.slice(0, 4096).replace(/<[^>]*>/g, ' ')
  return body.replace(/\s+/g, ' ').trim().slice(0, 300)
}
