import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { processorTime } from '../../test/support/processor-time.ts'
import { isSecretName, maskSecrets, maximumTextLength, safeText } from './redact.ts'

const key = 'tgw-sk-9f8e7d6c5b4a39281706f5e4d3c2b1a0'

describe('maskSecrets', () => {
  test.each([
    [`refused ${key} for x`, 'refused tgw-sk-[secret] for x'],
    ['token tgw-admin-0123456789abcdef.', 'token tgw-admin-[secret].'],
    ['key sk-ant-api03-AbCd_efgh-1234 is bad', 'key sk-[secret] is bad'],
    ['"sk-proj-abcdefgh1234"', '"sk-[secret]"'],
    ['Authorization: Bearer eyJhbGciOi.J9.abc', 'Authorization: Bearer [secret]'],
    ['bearer abc, next', 'bearer [secret], next'],
    ['GET /v1beta/models?key=AIzaSyA-1234567890&alt=sse', 'GET /v1beta/models?key=[secret]&alt=sse'],
    ['/x?alt=sse&key=abc#top', '/x?alt=sse&key=[secret]#top'],
    ['google AIzaSyA1234567890abcdefghijklmnopqrstu', 'google AIza[secret]'],
    ['groq gsk_0123456789abcdef', 'groq gsk_[secret]'],
    ['postgres://tollgate:hunter2@db:5432/x', 'postgres://tollgate:[secret]@db:5432/x'],
    ['redis://:hunter2@cache:6379', 'redis://:[secret]@cache:6379'],
  ])('masks %p', (text, expected) => {
    expect(maskSecrets(text)).toBe(expected)
  })

  test.each([
    'exchange complete',
    'https://api.openai.com/v1/chat/completions',
    'a task-list on disk-1 with risk-analysis-of-things',
    'claude-sonnet-4-5-20250929',
    'monkey=banana',
  ])('leaves %p alone', (text) => {
    expect(maskSecrets(text)).toBe(text)
  })

  test('finds a key wherever it stands in a text', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        expect(maskSecrets(`${before} ${key} ${after}`)).not.toContain('9f8e7d6c5b4a39281706f5e4d3c2b1a0')
      }),
    )
  })

  test('is linear on hostile texts', () => {
    const hostile = ['sk-', 'tgw-sk-', 'bearer ', 'bearer\t', '://', '://a:', '?key=', 'gsk_', 'AIza', '-sk-']
    for (const part of hostile) {
      const time = (length: number): number => {
        const text = part.repeat(Math.ceil(length / part.length))
        const start = processorTime()
        maskSecrets(text)
        return processorTime() - start
      }
      time(50_000)
      // A quadratic pattern would take minutes for this.
      expect(time(2_000_000)).toBeLessThan(2000)
    }
  })
})

describe('safeText', () => {
  test('cuts a long text and says how long it was', () => {
    const cut = safeText('x'.repeat(10_000))
    expect(cut.length).toBeLessThan(maximumTextLength + 40)
    expect(cut).toEndWith('… (10000 characters)')
  })

  test('masks a secret that straddles the cut', () => {
    const text = `${' '.repeat(maximumTextLength - 12)}${key}${'y'.repeat(2000)}`
    expect(safeText(text)).not.toContain('9f8e7')
  })
})

describe('isSecretName', () => {
  test.each([
    'authorization',
    'Proxy-Authorization',
    'api_key',
    'apiKey',
    'key',
    'token',
    'adminToken',
    'secret',
    'client_secret',
    'password',
    'cookie',
    'Set-Cookie',
    'x-api-key',
    'X-Goog-Api-Key',
  ])('knows %p', (name) => {
    expect(isSecretName(name)).toBe(true)
  })

  test.each(['keyId', 'tokens', 'maxTokens', 'inputTokens', 'provider', 'monkey'])('lets %p pass', (name) => {
    expect(isSecretName(name)).toBe(false)
  })
})
