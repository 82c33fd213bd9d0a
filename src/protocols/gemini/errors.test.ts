import { describe, expect, test } from 'bun:test'
import type { ErrorKind } from '../../errors.ts'
import { errors } from './errors.ts'

const decode = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  errors.decode(
    status,
    new Headers(headers),
    new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)),
  )
const encode = (kind: ErrorKind, more: object = {}) => {
  const encoded = errors.encode({ kind, message: 'm', ...more }, { requestId: 'r' })
  return { ...encoded, body: JSON.parse(encoded.body) }
}

describe('errors towards the client', () => {
  test('status and RPC word follow the class', () => {
    expect(encode('unknown_model')).toMatchObject({
      status: 404,
      body: { error: { code: 404, message: 'm', status: 'NOT_FOUND' } },
    })
    expect(encode('upstream').status).toBe(500)
    expect(encode('too_large').body.error.status).toBe('INVALID_ARGUMENT')
  })

  test('an exhausted budget is 402 and forbids a retry', () => {
    const encoded = encode('payment', { code: 'gateway_budget_exhausted' })
    expect(encoded.status).toBe(402)
    expect(encoded.headers['x-should-retry']).toBe('false')
    expect(encoded.body.error.details[0].reason).toBe('GATEWAY_BUDGET_EXHAUSTED')
  })

  test('waiting times stand in the header and in RetryInfo, the field in BadRequest', () => {
    const encoded = encode('rate_limit', { retryAfter: 1.5, param: 'contents[0]' })
    expect(encoded.headers['retry-after']).toBe('2')
    expect(encoded.body.error.details).toEqual([
      {
        '@type': 'type.googleapis.com/google.rpc.BadRequest',
        fieldViolations: [{ field: 'contents[0]', description: 'm' }],
      },
      { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.5s' },
    ])
  })
})

describe('errors of the provider', () => {
  const error = (code: number, status: string, message: string, details: readonly object[] = []) => ({
    error: { code, message, status, details },
  })

  test('are classed by status, reason and words', () => {
    const cases: readonly (readonly [unknown, number, ErrorKind])[] = [
      [error(400, 'INVALID_ARGUMENT', 'API key not valid.', [{ reason: 'API_KEY_INVALID' }]), 400, 'bad_key'],
      [
        error(400, 'INVALID_ARGUMENT', 'The input token count (9) exceeds the maximum (8)'),
        400,
        'context_too_long',
      ],
      [error(400, 'INVALID_ARGUMENT', 'Bad field'), 400, 'bad_request'],
      [error(404, 'NOT_FOUND', 'models/nope is not found'), 404, 'unknown_model'],
      [error(404, 'NOT_FOUND', 'File x does not exist'), 404, 'not_found'],
      [error(503, 'UNAVAILABLE', 'The model is overloaded.'), 503, 'overloaded'],
      [error(504, 'DEADLINE_EXCEEDED', 'late'), 504, 'timeout'],
      [error(429, 'RESOURCE_EXHAUSTED', 'slow down'), 429, 'rate_limit'],
      ['<html><b>Bad gateway</b></html>', 502, 'upstream'],
      ['', 503, 'overloaded'],
      ['{"error":"plain"}', 403, 'forbidden'],
      [{ error: { status: '__proto__', code: 418 } }, 418, 'bad_request'],
    ]
    for (const [body, status, kind] of cases) expect(decode(status, body).kind).toBe(kind)
  })

  test('a plan that is used up is a quota, not a rate', () => {
    const violations = [{ quotaId: 'GenerateRequestsPerDayPerProject' }]
    const body = error(429, 'RESOURCE_EXHAUSTED', 'please check your plan and billing details', [
      { violations },
    ])
    expect(decode(429, body).kind).toBe('quota')
  })

  test('retry hints come from RetryInfo or the header', () => {
    const body = error(429, 'RESOURCE_EXHAUSTED', 'x', [{ retryDelay: '37s' }])
    expect(decode(429, body).retryAfter).toBe(37)
    expect(decode(503, 'busy', { 'retry-after': '4' })).toMatchObject({ retryAfter: 4, message: 'busy' })
  })
})
