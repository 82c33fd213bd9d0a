import { describe, expect, test } from 'bun:test'
import { type OwnLimit, ownRateLimitHeaders, rateLimitHeaders, usedUpUntil } from './rate-limit-headers.ts'

const now = Date.parse('2026-11-21T00:00:00Z')

const anthropic = new Headers({
  'anthropic-ratelimit-requests-limit': '50',
  'anthropic-ratelimit-requests-remaining': '49',
  'anthropic-ratelimit-requests-reset': '2026-11-21T00:06:00Z',
  'anthropic-ratelimit-input-tokens-limit': '40000',
})

const openai = new Headers({
  'x-ratelimit-limit-tokens': '1000',
  'x-ratelimit-remaining-tokens': '990',
  'x-ratelimit-reset-tokens': '1m0.5s',
})

describe('rate limits', () => {
  test('of Anthropic become those of OpenAI, with a time to wait', () => {
    expect(rateLimitHeaders(anthropic, 'openai-chat', now)).toEqual({
      'x-ratelimit-limit-requests': '50',
      'x-ratelimit-remaining-requests': '49',
      'x-ratelimit-reset-requests': '6m0s',
    })
  })

  test('of OpenAI become those of Anthropic, with a moment', () => {
    expect(rateLimitHeaders(openai, 'anthropic-messages', now)).toEqual({
      'anthropic-ratelimit-tokens-limit': '1000',
      'anthropic-ratelimit-tokens-remaining': '990',
      'anthropic-ratelimit-tokens-reset': '2026-11-21T00:01:01Z',
    })
  })

  test('stay within a family', () => {
    expect(rateLimitHeaders(openai, 'openai-responses', now)).toMatchObject({
      'x-ratelimit-limit-tokens': '1000',
      'x-ratelimit-reset-tokens': '1m1s',
    })
    expect(rateLimitHeaders(anthropic, 'anthropic-messages', now)).toMatchObject({
      'anthropic-ratelimit-input-tokens-limit': '40000',
      'anthropic-ratelimit-requests-reset': '2026-11-21T00:06:00Z',
    })
  })

  test('are not told to Gemini clients, which have no headers for them', () => {
    expect(rateLimitHeaders(openai, 'gemini', now)).toEqual({})
  })

  test('tell until when they are used up', () => {
    const used = new Headers(openai)
    expect(usedUpUntil(used, now)).toBeUndefined()
    used.set('x-ratelimit-remaining-tokens', '0')
    expect(usedUpUntil(used, now)).toBe(now + 60_500)
    used.set('x-ratelimit-remaining-requests', '0')
    used.set('x-ratelimit-reset-requests', '2m')
    expect(usedUpUntil(used, now)).toBe(now + 120_000)
    used.set('anthropic-ratelimit-output-tokens-remaining', '0')
    used.set('anthropic-ratelimit-output-tokens-reset', '2026-11-21T00:06:00Z')
    expect(usedUpUntil(used, now)).toBe(now + 360_000)
  })

  test('that cannot be read are left out', () => {
    const odd = new Headers({
      'x-ratelimit-limit-requests': 'many',
      'x-ratelimit-reset-requests': 'soon',
      'x-ratelimit-reset-tokens': '20ms',
    })
    expect(rateLimitHeaders(odd, 'openai-chat', now)).toEqual({ 'x-ratelimit-reset-tokens': '20ms' })
  })
})

describe('limits of ours', () => {
  const own: readonly OwnLimit[] = [
    { kind: 'requests', limit: 600, remaining: 599, reset: 100 },
    { kind: 'requests', limit: 10, remaining: 3, reset: 700 },
    { kind: 'tokens', limit: 5_000, remaining: 4_000, reset: 90_000 },
    { kind: 'output-tokens', limit: 900, remaining: 20, reset: 60_000 },
  ]

  test('are told by the one of which the least is left, in the words of the client', () => {
    expect(ownRateLimitHeaders(own, 'openai-responses', now)).toEqual({
      'x-ratelimit-limit-requests': '10',
      'x-ratelimit-remaining-requests': '3',
      'x-ratelimit-reset-requests': '700ms',
      'x-ratelimit-limit-tokens': '900',
      'x-ratelimit-remaining-tokens': '20',
      'x-ratelimit-reset-tokens': '1m0s',
    })
    expect(ownRateLimitHeaders(own, 'anthropic-messages', now)).toEqual({
      'anthropic-ratelimit-requests-limit': '10',
      'anthropic-ratelimit-requests-remaining': '3',
      'anthropic-ratelimit-requests-reset': '2026-11-21T00:00:01Z',
      'anthropic-ratelimit-tokens-limit': '5000',
      'anthropic-ratelimit-tokens-remaining': '4000',
      'anthropic-ratelimit-tokens-reset': '2026-11-21T00:01:30Z',
      'anthropic-ratelimit-output-tokens-limit': '900',
      'anthropic-ratelimit-output-tokens-remaining': '20',
      'anthropic-ratelimit-output-tokens-reset': '2026-11-21T00:01:00Z',
    })
    expect(ownRateLimitHeaders(own, 'gemini', now)).toEqual({})
  })

  test('are not told where the provider leaves less', () => {
    const said = new Headers({
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-remaining': '2',
      'anthropic-ratelimit-output-tokens-remaining': '21',
    })
    expect(Object.keys(ownRateLimitHeaders(own, 'anthropic-messages', now, said))).toEqual([
      'anthropic-ratelimit-tokens-limit',
      'anthropic-ratelimit-tokens-remaining',
      'anthropic-ratelimit-tokens-reset',
      'anthropic-ratelimit-output-tokens-limit',
      'anthropic-ratelimit-output-tokens-remaining',
      'anthropic-ratelimit-output-tokens-reset',
    ])
  })
})
