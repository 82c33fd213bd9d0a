import { describe, expect, test } from 'bun:test'
import type { ErrorKind } from '../errors.ts'
import { openaiErrorCodec } from './openai-error-codec.ts'

const codec = openaiErrorCodec('openai-chat')
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const decode = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  codec.decode(status, new Headers(headers), bytes(typeof body === 'string' ? body : JSON.stringify(body)))
const encode = (kind: ErrorKind, more: object = {}) => {
  const { status, headers, body } = codec.encode({ kind, message: 'no', ...more }, { requestId: 'r' })
  return { status, headers, error: JSON.parse(body).error }
}

describe('encode', () => {
  test.each([
    ['bad_request', 400, 'invalid_request_error', null],
    ['context_too_long', 400, 'invalid_request_error', 'context_length_exceeded'],
    ['bad_key', 401, 'invalid_request_error', 'invalid_api_key'],
    ['payment', 402, 'insufficient_quota', 'insufficient_quota'],
    ['forbidden', 403, 'permission_error', null],
    ['unknown_model', 404, 'invalid_request_error', 'model_not_found'],
    ['not_found', 404, 'invalid_request_error', null],
    ['conflict', 409, 'conflict', null],
    ['too_large', 413, 'invalid_request_error', null],
    ['rate_limit', 429, 'requests', 'rate_limit_exceeded'],
    ['quota', 429, 'insufficient_quota', 'insufficient_quota'],
    ['client_gone', 499, 'invalid_request_error', null],
    ['internal', 500, 'server_error', null],
    ['upstream', 502, 'server_error', 'upstream_error'],
    ['overloaded', 503, 'server_error', 'server_overloaded'],
    ['timeout', 504, 'server_error', null],
  ] as const)('%s is %d %s %p', (kind, status, type, code) => {
    const encoded = encode(kind)
    expect(encoded.status).toBe(status)
    expect(encoded.error).toEqual({ message: 'no', type, param: null, code })
    expect(encoded.headers['content-type']).toBe('application/json')
  })

  test('our code stands where the vendor has none', () => {
    expect(encode('forbidden', { code: 'gateway_scope_denied' }).error.code).toBe('gateway_scope_denied')
    expect(encode('unknown_model', { code: 'gateway_model_unknown' }).error.code).toBe('model_not_found')
  })

  test('payment is never to be retried, our own errors say it themselves', () => {
    expect(encode('payment').headers['x-should-retry']).toBe('false')
    expect(encode('quota').headers['x-should-retry']).toBe('false')
    expect(encode('upstream', { code: 'gateway_upstream_died' }).headers['x-should-retry']).toBe('true')
    expect(encode('unknown_model', { code: 'gateway_model_unknown' }).headers['x-should-retry']).toBe('false')
    expect(encode('upstream').headers['x-should-retry']).toBeUndefined()
  })

  test('retry-after is whole seconds, rounded up', () => {
    expect(encode('rate_limit', { retryAfter: 1.2 }).headers['retry-after']).toBe('2')
  })

  test('a foreign type is not copied', () => {
    expect(encode('overloaded', { type: 'overloaded_error' }).error.type).toBe('server_error')
    expect(encode('rate_limit', { type: 'tokens' }).error.type).toBe('tokens')
  })
})

describe('decode', () => {
  test.each([
    [
      'context by code',
      400,
      { error: { message: 'x', code: 'context_length_exceeded' } },
      'context_too_long',
    ],
    [
      'context by words',
      400,
      { error: { message: "This model's maximum context length is 8192 tokens." } },
      'context_too_long',
    ],
    ['quota', 429, { error: { message: 'x', type: 'insufficient_quota' } }, 'quota'],
    ['rate limit', 429, { error: { message: 'slow' } }, 'rate_limit'],
    ['unknown model', 404, { error: { message: 'The model `x` does not exist' } }, 'unknown_model'],
    ['no such path', 404, { error: { message: 'Invalid URL' } }, 'not_found'],
    ['key', 401, { error: { message: 'x' } }, 'bad_key'],
    ['OpenRouter number', 200, { error: { code: 402, message: 'no credits' } }, 'payment'],
    [
      'Groq status_code',
      200,
      { error: { status_code: 400, code: 'tool_use_failed', message: 'x' } },
      'bad_request',
    ],
    [
      'Mistral bare',
      422,
      { object: 'error', message: 'bad', type: 'invalid_request_error', code: '1' },
      'bad_request',
    ],
    ['FastAPI', 422, { detail: [{ loc: ['body'], msg: 'field required' }] }, 'bad_request'],
    [
      'Gemini in an array',
      503,
      [{ error: { code: 503, message: 'busy', status: 'UNAVAILABLE' } }],
      'overloaded',
    ],
    ['error as text', 500, { error: 'boom' }, 'internal'],
    ['plain text', 502, 'upstream connect error', 'upstream'],
    ['HTML', 502, '<html><body>nginx 10.0.0.1</body></html>', 'upstream'],
    ['empty', 529, '', 'overloaded'],
    ['unknown status', 418, {}, 'bad_request'],
  ] as const)('%s', (_name, status, body, kind) => {
    expect(decode(status, body).kind).toBe(kind)
  })

  test('keeps words, code, type and param', () => {
    expect(decode(400, { error: { message: 'm', type: 't', code: 'c', param: 'p' } })).toMatchObject({
      message: 'm',
      type: 't',
      code: 'c',
      param: 'p',
      status: 400,
    })
  })

  test('a page of HTML is not repeated, and a key is not either', () => {
    expect(decode(502, '<html>10.0.0.1</html>').message).not.toContain('10.0.0.1')
    const key = `sk-proj-${'a1'.repeat(20)}`
    expect(decode(401, { error: { message: `Incorrect API key: ${key}.` } }).message).toBe(
      'Incorrect API key: [key].',
    )
  })

  test('reads when to come back, in each of its forms', () => {
    expect(decode(429, {}, { 'retry-after': '7' }).retryAfter).toBe(7)
    expect(decode(429, {}, { 'retry-after-ms': '1500', 'retry-after': '7' }).retryAfter).toBe(1.5)
    expect(
      decode(
        429,
        {},
        {
          date: 'Sat, 21 Nov 2026 10:00:00 GMT',
          'retry-after': 'Sat, 21 Nov 2026 10:00:30 GMT',
        },
      ).retryAfter,
    ).toBe(30)
    expect(decode(429, {}, { 'retry-after': 'soon' }).retryAfter).toBeUndefined()
  })

  test("a provider's own error comes back with its own status and members", () => {
    const body = { error: { message: 'x', type: 'odd', param: null, code: null, innererror: { a: 1 } } }
    const encoded = codec.encode(decode(418, body), { requestId: 'r' })
    expect(encoded.status).toBe(418)
    expect(JSON.parse(encoded.body)).toEqual(body)
  })
})
