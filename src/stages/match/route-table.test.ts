import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { httpProvider, type Provider, recipes } from '../../providers/index.ts'
import { nearestNames } from './nearest-names.ts'
import { createRouteTable } from './route-table.ts'

const provider = (kind: string, id = kind, models?: readonly string[]): Provider => {
  const recipe = recipes.find((one) => one.kind === kind)
  if (recipe === undefined) throw new Error(`no recipe ${kind}`)
  return httpProvider(recipe, { id, listed: [], ...(models === undefined ? {} : { models }) })
}

const providers = new Map(
  [
    provider('openai'),
    provider('anthropic'),
    provider('openrouter'),
    provider('openai-compatible', 'mine', ['local-*']),
  ].map((one) => [one.id, one] as const),
)

const table = createRouteTable({
  providers,
  routes: [
    { match: 'gpt-special', targets: [{ provider: 'openrouter', model: 'openai/gpt-5' }] },
    { match: 'gpt-*-mini', targets: [{ provider: 'mine' }, { provider: 'openai' }] },
    { match: 'gone-*', targets: [{ provider: 'not-configured' }] },
  ],
  aliases: { sonnet: 'claude-sonnet-4-5', loop: 'loop', fast: 'openrouter/meta/llama' },
})

const found = (model: string, pinned?: string) =>
  table.find(model, pinned)?.targets.map((target) => `${target.provider.id}:${target.model}`)

describe('a model name leads', () => {
  test('to the provider that knows it', () => {
    expect(found('gpt-5')).toEqual(['openai:gpt-5'])
    expect(found('claude-opus-5-5')).toEqual(['anthropic:claude-opus-5-5'])
    expect(found('local-llama')).toEqual(['mine:local-llama'])
  })

  test('where the first matching rule says', () => {
    expect(found('gpt-special')).toEqual(['openrouter:openai/gpt-5'])
    expect(found('gpt-5-mini')).toEqual(['mine:gpt-5-mini', 'openai:gpt-5-mini'])
  })

  test('through an alias, once', () => {
    expect(found('sonnet')).toEqual(['anthropic:claude-sonnet-4-5'])
    expect(found('fast')).toEqual(['openrouter:meta/llama'])
    expect(found('loop')).toBeUndefined()
  })

  test('to a pinned provider, by prefix in the path or in the name', () => {
    expect(found('anything', 'mine')).toEqual(['mine:anything'])
    expect(found('openrouter/anthropic/claude-x')).toEqual(['openrouter:anthropic/claude-x'])
    expect(found('x', 'unknown')).toBeUndefined()
  })

  test('nowhere when nobody knows it, and a rule without a configured provider does not count', () => {
    expect(found('unheard-of')).toBeUndefined()
    expect(found('gone-model')).toBeUndefined()
  })

  test('to the default fallback only if there is one', () => {
    const fallback = createRouteTable({ providers, routes: [], aliases: {}, fallback: 'mine' })
    expect(fallback.find('unheard-of', undefined)?.targets[0]?.provider.id).toBe('mine')
  })
})

describe('globs', () => {
  test('match what their regular expression matches', () => {
    const glob = fc
      .array(fc.constantFrom('a', 'b', '*', '.'), { maxLength: 6 })
      .map((parts) => parts.join(''))
    const name = fc.array(fc.constantFrom('a', 'b', '.'), { maxLength: 8 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(glob, name, (match, model) => {
        fc.pre(match.includes('*') && model !== '')
        const routes = createRouteTable({
          providers,
          routes: [{ match, targets: [{ provider: 'mine' }] }],
          aliases: {},
        })
        const pattern = new RegExp(
          `^${match
            .split('*')
            .map((part) => part.replaceAll('.', '\\.'))
            .join('.*')}$`,
        )
        expect(routes.find(model, undefined) !== undefined).toBe(pattern.test(model))
      }),
    )
  })
})

describe('the nearest names', () => {
  test('are few, near, and none for what is far', () => {
    const known = ['gpt-5.1', 'gpt-5.1-mini', 'claude-sonnet-4-5', 'gemini-2.5-pro']
    expect(nearestNames('gpt-51', known)[0]).toBe('gpt-5.1')
    expect(nearestNames('claude-sonet-4-5', known)).toEqual(['claude-sonnet-4-5'])
    expect(nearestNames('zzzzzzzzzzzz', known)).toEqual([])
  })
})
