import { expect, test } from 'bun:test'
import { toRouteRule } from './route-settings.ts'
import { aliasesSettings, defaultFallbackSettings, routesSettings, workModeSettings } from './settings.ts'
import { shadowSettings, toShadowPolicy } from './shadow-settings.ts'

test('a target is a provider, or a provider with a model, and parsed to one shape', () => {
  const route = {
    match: 'claude-*',
    targets: ['anthropic', { provider: 'openai', model: 'gpt-5.1' }, { provider: 'groq' }],
  }
  expect(routesSettings.parse([route])).toEqual([
    {
      match: ['claude-*'],
      targets: [{ provider: 'anthropic' }, { provider: 'openai', model: 'gpt-5.1' }, { provider: 'groq' }],
      strategy: 'fallback',
    },
  ])
})

test('a rule is parsed to what routing has, with sticky sessions wherever the order is not the point', () => {
  const [written] = routesSettings.parse([
    {
      match: ['gpt-*', '/^o[13]/'],
      name: 'night',
      when: {
        endpoints: ['openai-chat'],
        input_tokens: { over: 1000 },
        hours: { from: '22:00', to: '6:30', days: ['sat', 'sun'], zone: 'Europe/Zurich' },
      },
      targets: [{ provider: 'openai', weight: 3 }],
      strategy: 'weighted',
      tries: 2,
      work_mode: 'passthrough',
      timeouts: { first_byte: '5s' },
    },
  ])
  if (written === undefined) throw new Error('no rule')
  expect(toRouteRule(written)).toEqual({
    match: ['gpt-*', '/^o[13]/'],
    name: 'night',
    when: {
      endpoints: ['openai-chat'],
      inputTokens: { over: 1000, upTo: undefined },
      hours: { from: 1320, to: 390, days: [6, 0], zone: 'Europe/Zurich' },
    },
    targets: [{ provider: 'openai', weight: 3 }],
    policy: {
      strategy: 'weighted',
      sticky: true,
      tries: 2,
      workMode: 'passthrough',
      timeouts: { firstByte: 5000 },
    },
  })
  const [plain] = routesSettings.parse([{ match: 'a', targets: ['b'] }])
  expect(plain && toRouteRule(plain).policy).toEqual({ strategy: 'fallback', sticky: false })
})

test('a rule that cannot be is refused', () => {
  for (const wrong of [
    { match: '/(/' },
    { match: 'a', when: { endpoints: ['somewhere'] } },
    { match: 'a', when: { hours: { from: '25:00', to: '1:00' } } },
    { match: 'a', when: { hours: { from: '1:00', to: '2:00', zone: 'Mars/Olympus' } } },
    { match: 'a', strategy: 'random' },
    { match: 'a', targets: [{ provider: 'p', weight: 0 }] },
  ]) {
    expect(routesSettings.safeParse([{ targets: ['p'], ...wrong }]).success).toBe(false)
  }
})

test('a route needs a match and a target', () => {
  for (const wrong of [
    { targets: ['a'] },
    { match: 'a' },
    { match: 'a', targets: [] },
    { match: '', targets: ['a'] },
  ]) {
    expect(routesSettings.safeParse([wrong]).success).toBe(false)
  }
})

test('without a word there are no routes and aliases, and what must be is translated', () => {
  expect(routesSettings.parse(undefined)).toEqual([])
  expect(aliasesSettings.parse(undefined)).toEqual({})
  expect(workModeSettings.parse(undefined)).toBe('auto')
  expect(defaultFallbackSettings.parse(undefined)).toBeUndefined()
})

test('a route may copy a share of its exchanges to another target', () => {
  const route = (shadow: object) => ({ match: 'gpt-*', targets: ['openai'], shadow })
  const parse = (shadow: object) => routesSettings.parse([route(shadow)])[0]?.shadow
  expect(parse({ provider: 'groq' })).toEqual({ provider: 'groq', share: 0.01, concurrent: 4 })
  const whole = { provider: 'groq', model: 'llama', share: 0.5, concurrent: 2, daily_budget_usd: '1.50' }
  const parsed = shadowSettings.parse(whole)
  expect(toShadowPolicy(parsed)).toEqual({
    provider: 'groq',
    model: 'llama',
    share: 0.5,
    concurrent: 2,
    dailyBudget: 1_500_000_000n,
  })
  for (const wrong of [
    {},
    { share: 2 },
    { concurrent: 0 },
    { daily_budget_usd: 'much' },
    { daily_budget_usd: -1 },
  ]) {
    const shadow = Object.keys(wrong).length === 0 ? wrong : { provider: 'groq', ...wrong }
    expect(routesSettings.safeParse([route(shadow)]).success).toBe(false)
  }
})
