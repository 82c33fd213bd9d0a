import { expect, test } from 'bun:test'
import { aliasesSettings, defaultFallbackSettings, routesSettings, workModeSettings } from './settings.ts'

test('a target is a provider, or a provider with a model, and parsed to one shape', () => {
  const route = {
    match: 'claude-*',
    targets: ['anthropic', { provider: 'openai', model: 'gpt-5.1' }, { provider: 'groq' }],
  }
  expect(routesSettings.parse([route])).toEqual([
    {
      match: 'claude-*',
      targets: [{ provider: 'anthropic' }, { provider: 'openai', model: 'gpt-5.1' }, { provider: 'groq' }],
    },
  ])
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
