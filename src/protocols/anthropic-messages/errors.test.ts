import { describe, expect, test } from 'bun:test'
import { type ErrorKind, errorTable } from '../../errors.ts'
import { decodeErrorEvent, errorEvent, errors } from './errors.ts'

const encode = (kind: ErrorKind, more: object = {}) => {
  const encoded = errors.encode({ kind, message: 'it failed', ...more }, { requestId: 'req_1' })
  return { ...encoded, body: JSON.parse(encoded.body) }
}

const decode = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  errors.decode(
    status,
    new Headers(headers),
    new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)),
  )

const expected: Readonly<Record<ErrorKind, readonly [status: number, type: string]>> = {
  bad_request: [400, 'invalid_request_error'],
  context_too_long: [400, 'invalid_request_error'],
  bad_key: [401, 'authentication_error'],
  payment: [402, 'billing_error'],
  forbidden: [403, 'permission_error'],
  unknown_model: [404, 'not_found_error'],
  not_found: [404, 'not_found_error'],
  conflict: [409, 'conflict_error'],
  too_large: [413, 'request_too_large'],
  rate_limit: [429, 'rate_limit_error'],
  quota: [429, 'rate_limit_error'],
  client_gone: [499, 'api_error'],
  internal: [500, 'api_error'],
  overloaded: [529, 'overloaded_error'],
  timeout: [504, 'timeout_error'],
  upstream: [502, 'api_error'],
}

describe('encoding', () => {
  test('every kind has the status and type of the vendor', () => {
    for (const [kind, [status, type]] of Object.entries(expected)) {
      const encoded = encode(kind as ErrorKind)
      expect([encoded.status, encoded.body.error.type]).toEqual([status, type])
    }
  })

  test('the body has the shape of the vendor and our request id', () => {
    expect(encode('forbidden').body).toEqual({
      type: 'error',
      error: { type: 'permission_error', message: 'it failed' },
      request_id: 'req_1',
    })
  })

  test('our code goes where the vendor keeps codes', () => {
    expect(encode('unknown_model', { code: 'gateway_model_unknown' }).body.error.details).toEqual({
      error_code: 'gateway_model_unknown',
    })
  })

  test('no kind but payment says whether to retry, and payment says no', () => {
    for (const row of Object.values(errorTable)) {
      expect(encode(row.kind).headers['x-should-retry']).toBe(row.kind === 'payment' ? 'false' : undefined)
    }
  })

  test('seconds to wait are whole', () => {
    expect(encode('rate_limit', { retryAfter: 1.2 }).headers['retry-after']).toBe('2')
  })

  test('agents find the words that make them compact', () => {
    expect(encode('context_too_long').body.error.message).toBe('prompt is too long: it failed')
    const own = 'prompt is too long: 210000 tokens > 200000 maximum'
    expect(encode('context_too_long', { message: own }).body.error.message).toBe(own)
  })

  test('a place is named as the vendor names it, once', () => {
    const place = { param: 'messages[3].content[0].source' }
    expect(encode('bad_request', place).body.error.message).toBe('messages.3.content.0.source: it failed')
    expect(
      encode('bad_request', { ...place, message: 'messages[3].content[0].source: no' }).body.error.message,
    ).toBe('messages.3.content.0.source: no')
    expect(
      encode('bad_request', { param: 'model', message: 'model: field required' }).body.error.message,
    ).toBe('model: field required')
  })

  test('a finer status of ours stays, one of another protocol does not', () => {
    expect(encode('bad_request', { status: 405 }).status).toBe(405)
    expect(encode('bad_request', { status: 415 }).status).toBe(415)
    expect(encode('timeout', { status: 408 }).status).toBe(408)
    expect(encode('overloaded', { status: 503 }).status).toBe(529)
    expect(encode('payment', { status: 429 }).status).toBe(402)
    expect(encode('bad_key', { status: 400 }).status).toBe(401)
  })
})

describe('decoding', () => {
  test('types decide, statuses refine', () => {
    const kinds = [
      [400, 'invalid_request_error', 'bad', 'bad_request'],
      [400, 'invalid_request_error', 'prompt is too long: 5 tokens > 4 maximum', 'context_too_long'],
      [400, 'invalid_request_error', 'Your credit balance is too low to access the API', 'payment'],
      [404, 'not_found_error', 'model: claude-9', 'unknown_model'],
      [404, 'not_found_error', 'no such container', 'not_found'],
      [500, 'api_error', 'x', 'internal'],
      [502, 'api_error', 'x', 'upstream'],
      [503, 'api_error', 'x', 'overloaded'],
      [529, 'overloaded_error', 'x', 'overloaded'],
      [429, 'rate_limit_error', 'x', 'rate_limit'],
      [418, 'tea_error', 'x', 'bad_request'],
      [599, 'tea_error', 'x', 'upstream'],
    ] as const
    for (const [status, type, message, kind] of kinds) {
      expect(decode(status, { type: 'error', error: { type, message } })).toMatchObject({
        kind,
        message,
        type,
        status,
      })
    }
  })

  test('bodies of compatible servers, plain text and HTML', () => {
    expect(
      decode(400, { error: { message: 'long', code: 'context_length_exceeded', param: 'x' } }),
    ).toMatchObject({ kind: 'context_too_long', message: 'long', param: 'x' })
    expect(decode(500, { error: 'oh' })).toMatchObject({ kind: 'internal', message: 'oh' })
    expect(decode(401, { detail: 'no' })).toMatchObject({ kind: 'bad_key', message: 'no' })
    expect(decode(503, 'upstream  connect\nerror')).toMatchObject({
      kind: 'overloaded',
      message: 'upstream connect error',
    })
    expect(decode(502, '<html><title>502 Bad Gateway</title><p>x</html>').message).toBe('502 Bad Gateway')
    expect(decode(504, '').message).toBe('the provider answered with status 504')
    for (const odd of ['null', '5', '[]', '{}', '{"error":null}', '{"error":[]}', '{"type":"error"}']) {
      expect(decode(500, odd).kind).toBe('internal')
    }
  })

  test('seconds to wait in all their forms', () => {
    expect(decode(429, '', { 'retry-after': '3' }).retryAfter).toBe(3)
    expect(decode(429, '', { 'retry-after-ms': '250', 'retry-after': '3' }).retryAfter).toBe(0.25)
    expect(decode(429, '', { 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' }).retryAfter).toBe(0)
    expect(decode(429, '', { 'retry-after': 'soon' }).retryAfter).toBeUndefined()
  })

  test('an error event has no status', () => {
    expect(
      decodeErrorEvent({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
    ).toEqual({ kind: 'overloaded', type: 'overloaded_error', message: 'Overloaded' })
  })
})

test('in a stream a failure that is nobody else’s is called overloaded: agents ask again', () => {
  const typeOf = (kind: ErrorKind, type?: string) =>
    errorEvent({ kind, message: 'it failed', ...(type === undefined ? {} : { type }) }, null).error.type
  expect([typeOf('upstream'), typeOf('timeout'), typeOf('internal', 'server_error')]).toEqual([
    'overloaded_error',
    'overloaded_error',
    'overloaded_error',
  ])
  expect([typeOf('internal', 'api_error'), typeOf('rate_limit'), typeOf('context_too_long')]).toEqual([
    'api_error',
    'rate_limit_error',
    'invalid_request_error',
  ])
})
