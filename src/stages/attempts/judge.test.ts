import { describe, expect, test } from 'bun:test'
import { type ErrorCode, GatewayError } from '../../errors.ts'
import type { CanonicalError } from '../../ir/index.ts'
import type { Reply } from '../../pipeline/index.ts'
import { judgeError, judgeReply } from './judge.ts'

const reply = (status: number, headers: Record<string, string> = {}, error?: CanonicalError): Reply => ({
  status,
  headers: new Headers(headers),
  body: new Uint8Array(),
  outcome: {
    result: status < 400 && error === undefined ? 'success' : 'upstream_error',
    status,
    ...(error === undefined ? {} : { error }),
    responseBytes: 0,
  },
})

const verdict = (status: number, headers?: Record<string, string>, error?: CanonicalError): string =>
  judgeReply(reply(status, headers, error)).type

describe('an answer of a provider', () => {
  test('is final where the request is at fault', () => {
    for (const status of [400, 401, 403, 404, 409, 413, 422, 501]) expect(verdict(status)).toBe('final')
  })

  test('is worth another try where the provider is at fault', () => {
    for (const status of [408, 500, 502, 503, 504, 520, 529]) expect(verdict(status)).toBe('failed')
    expect(verdict(429)).toBe('limited')
  })

  test('409 is repeated only where the provider says so, and nothing where it says no', () => {
    expect(verdict(409, { 'x-should-retry': 'true' })).toBe('failed')
    expect(judgeReply(reply(500, { 'x-should-retry': 'false' }))).toMatchObject({ again: false })
    expect(judgeReply(reply(500))).toMatchObject({ again: true })
  })

  test('says when to come back: seconds, milliseconds, or a date', () => {
    expect(judgeReply(reply(429, { 'retry-after': '3' }))).toMatchObject({ retryAfter: 3000 })
    expect(judgeReply(reply(429, { 'retry-after': '3', 'retry-after-ms': '250' }))).toMatchObject({
      retryAfter: 250,
    })
    const date = new Date(Date.now() + 60_000).toUTCString()
    const judged = judgeReply(reply(429, { 'retry-after': date }))
    expect('retryAfter' in judged ? judged.retryAfter : 0).toBeGreaterThan(50_000)
    expect(judgeReply(reply(429, { 'retry-after': 'soon' }))).not.toHaveProperty('retryAfter')
  })

  test('that the account is empty takes the key out', () => {
    expect(verdict(429, {}, { kind: 'quota', message: 'm' })).toBe('refused')
  })

  test('of status 200 that holds an error is judged by its kind', () => {
    expect(verdict(200, {}, { kind: 'overloaded', message: 'm' })).toBe('failed')
    expect(verdict(200, {}, { kind: 'rate_limit', message: 'm' })).toBe('limited')
    expect(verdict(200, {}, { kind: 'bad_request', message: 'm' })).toBe('final')
    expect(verdict(200)).toBe('answered')
  })

  test('that the gateway could not say is no fault of the provider', () => {
    const ours: CanonicalError = { kind: 'internal', code: 'gateway_internal', message: 'internal error' }
    const unsaid = reply(500, {}, ours)
    if (!('outcome' in unsaid)) throw new Error('not whole')
    const { outcome } = unsaid
    expect(judgeReply({ ...unsaid, outcome: { ...outcome, upstreamStatus: 200 } }).type).toBe('unsayable')
    // Another gateway may say the same of itself.
    expect(judgeReply({ ...unsaid, outcome: { ...outcome, upstreamStatus: 500 } }).type).toBe('failed')
    expect(judgeReply(unsaid).type).toBe('failed')
  })
})

describe('an error', () => {
  const judged = (code: ErrorCode, wasSent = false): string =>
    judgeError(new GatewayError(code, 'm', { wasSent })).type

  test('is told apart by whether the provider can have heard of the request', () => {
    expect(judged('gateway_upstream_unreachable')).toBe('unreachable')
    expect(judged('gateway_upstream_unreachable', true)).toBe('failed')
    expect(judged('gateway_upstream_timeout')).toBe('unreachable')
    expect(judged('gateway_upstream_timeout', true)).toBe('failed')
    expect(judged('gateway_upstream_died')).toBe('failed')
  })

  test('of ours or of the client ends the exchange', () => {
    for (const code of ['gateway_client_gone', 'gateway_storage_unavailable', 'gateway_internal'] as const) {
      expect(judged(code)).toBe('final')
    }
    expect(judgeError(new Error('defect')).type).toBe('final')
    expect(judged('gateway_translation_unsupported')).toBe('unfit')
    expect(judged('gateway_media_unavailable')).toBe('unfit')
    expect(judged('gateway_upstream_credentials_exhausted')).toBe('refused')
  })
})
