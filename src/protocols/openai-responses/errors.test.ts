import { describe, expect, test } from 'bun:test'
import type { CanonicalError } from '../../ir/index.ts'
import { openaiResponses } from './index.ts'

const { errors } = openaiResponses
const encode = (error: CanonicalError) => errors.encode(error, { requestId: 'req_1' })
const decode = (status: number, body: string, headers: Record<string, string> = {}) =>
  errors.decode(status, new Headers(headers), new TextEncoder().encode(body))

describe('errors in the vendor’s shape', () => {
  test.each([
    ['bad_request', 400, 'invalid_request_error', null],
    ['context_too_long', 400, 'invalid_request_error', 'context_length_exceeded'],
    ['bad_key', 401, 'invalid_request_error', 'invalid_api_key'],
    ['payment', 402, 'insufficient_quota', 'insufficient_quota'],
    ['unknown_model', 400, 'invalid_request_error', 'model_not_found'],
    ['not_found', 404, 'invalid_request_error', null],
    ['too_large', 413, 'invalid_request_error', null],
    ['quota', 429, 'insufficient_quota', 'insufficient_quota'],
    ['internal', 500, 'server_error', null],
    ['upstream', 502, 'server_error', 'upstream_error'],
    ['overloaded', 503, 'server_error', 'server_overloaded'],
    ['timeout', 504, 'server_error', null],
  ] as const)('%s is %d', (kind, status, type, code) => {
    const encoded = encode({ kind, message: 'words', param: 'input' })
    expect(encoded.status).toBe(status)
    expect(JSON.parse(encoded.body)).toEqual({ error: { message: 'words', type, param: 'input', code } })
  })

  test('carry our code where the vendor has none, and say when to try again', () => {
    const encoded = encode({
      kind: 'not_found',
      code: 'gateway_handle_unknown',
      message: 'x',
      retryAfter: 1.2,
    })
    expect(JSON.parse(encoded.body)).toMatchObject({ error: { code: 'gateway_handle_unknown' } })
    expect(encoded.headers).toMatchObject({ 'retry-after': '2', 'x-should-retry': 'false' })
    expect(encode({ kind: 'payment', message: 'x' }).headers['x-should-retry']).toBe('false')
  })

  test('are read whatever they are', () => {
    expect(
      decode(
        400,
        '{"error":{"message":"Input exceeds the context window.","code":"context_length_exceeded"}}',
      ),
    ).toMatchObject({ kind: 'context_too_long', status: 400 })
    expect(
      decode(400, '{"error":{"message":"no such","code":"model_not_found","param":"model"}}'),
    ).toMatchObject({
      kind: 'unknown_model',
      param: 'model',
    })
    expect(
      decode(429, '{"error":{"message":"slow","type":"tokens"}}', { 'retry-after-ms': '20' }),
    ).toMatchObject({
      kind: 'rate_limit',
      retryAfter: 0.02,
    })
    expect(decode(503, '<html>busy</html>').kind).toBe('overloaded')
    expect(decode(409, '').kind).toBe('conflict')
  })

  test('a provider’s own unknown model keeps its status', () => {
    const own = decode(404, '{"error":{"message":"no model","type":"x","code":"model_not_found"}}')
    expect(encode(own).status).toBe(404)
  })
})
