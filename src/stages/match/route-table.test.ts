import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { processorTime } from '../../../test/support/processor-time.ts'
import { httpProvider, type Provider, recipes } from '../../providers/index.ts'
import { nearestNames } from './nearest-names.ts'
import type { RouteQuery } from './route-query.ts'
import type { RouteRule } from './route-rule.ts'
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
  families: [],
  providers,
  routes: [
    { match: ['gpt-special'], targets: [{ provider: 'openrouter', model: 'openai/gpt-5' }] },
    { match: ['gpt-*-mini'], targets: [{ provider: 'mine' }, { provider: 'openai' }] },
    { match: ['gone-*'], targets: [{ provider: 'not-configured' }] },
  ],
  aliases: { sonnet: 'claude-sonnet-4-5', loop: 'loop', fast: 'openrouter/meta/llama' },
})

const asks = (model: string, over: Partial<RouteQuery> = {}): RouteQuery => ({
  model,
  pinnedProvider: undefined,
  operation: 'generate',
  protocol: 'openai-chat',
  key: { id: 'key_1', name: 'laptop' },
  team: null,
  headers: new Headers(),
  session: undefined,
  demands: () => ({ inputTokens: 10, hasTools: false, hasImages: false, wantsJsonSchema: false }),
  at: Date.UTC(2026, 10, 20, 12),
  ...over,
})

const found = (model: string, pinned?: string) =>
  table
    .find(asks(model, { pinnedProvider: pinned }))
    ?.targets.map((target) => `${target.provider.id}:${target.model}`)

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
    const fallback = createRouteTable({
      providers,
      families: [],
      routes: [],
      aliases: {},
      fallback: { provider: 'mine', model: 'local-llama' },
    })
    expect(fallback.find(asks('unheard-of'))?.targets).toMatchObject([{ model: 'local-llama' }])
    expect(fallback.find(asks('gpt-5'))?.targets).toMatchObject([{ model: 'gpt-5' }])
  })
})

const tableOf = (routes: readonly RouteRule[], more: object = {}) =>
  createRouteTable({ providers, families: [], aliases: {}, routes, ...more })

const ruleOf = (rule: Omit<RouteRule, 'targets'>, model = 'm') => ({
  ...rule,
  targets: [{ provider: 'mine', model }],
})

/** Which of two rules answers: the one with the condition, or the one after it. */
const holds = (when: RouteRule['when'], over: Partial<RouteQuery>): boolean =>
  tableOf([ruleOf({ match: ['*'], when }, 'yes'), ruleOf({ match: ['*'] }, 'no')]).find(asks('x', over))
    ?.targets[0]?.model === 'yes'

describe('a rule', () => {
  test('names a model by its exact name, a prefix, a suffix, a part, a list, or an expression', () => {
    const fits = (match: readonly string[], model: string): boolean =>
      tableOf([ruleOf({ match }, 'hit')]).find(asks(model))?.targets[0]?.model === 'hit'
    expect(fits(['gpt-5'], 'gpt-5')).toBe(true)
    expect(fits(['gpt-5'], 'gpt-5-mini')).toBe(false)
    expect(fits(['gpt-*'], 'gpt-5')).toBe(true)
    expect(fits(['*-turbo'], 'gpt-4-turbo')).toBe(true)
    expect(fits(['*-turbo'], 'turbo-gpt')).toBe(false)
    expect(fits(['*claude*'], 'my-claude-x')).toBe(true)
    expect(fits(['a', 'b*'], 'bcd')).toBe(true)
    expect(fits(['/^gpt-(4|5)(-|$)/'], 'gpt-5-mini')).toBe(true)
    expect(fits(['/^gpt-(4|5)(-|$)/'], 'gpt-50')).toBe(false)
  })

  test('with an expression made to be slow is quick all the same', () => {
    const table = tableOf([ruleOf({ match: ['/^(a+)+$/'] })])
    const before = processorTime()
    expect(table.find(asks(`${'a'.repeat(400)}!`))).toBeUndefined()
    expect(processorTime() - before).toBeLessThan(1000)
  })

  test('looks at endpoint, key, team, header and session', () => {
    expect(holds({ endpoints: ['openai-chat'] }, {})).toBe(true)
    expect(holds({ endpoints: ['embed'] }, {})).toBe(false)
    expect(holds({ endpoints: ['embed'] }, { operation: 'embed' })).toBe(true)
    expect(holds({ keys: ['laptop'] }, {})).toBe(true)
    expect(holds({ keys: ['key_1'] }, {})).toBe(true)
    expect(holds({ keys: ['other'] }, {})).toBe(false)
    expect(holds({ teams: ['t'] }, { team: 't' })).toBe(true)
    expect(holds({ teams: ['t'] }, {})).toBe(false)
    expect(
      holds({ headers: { 'X-Env': 'prod*' } }, { headers: new Headers({ 'x-env': 'production' }) }),
    ).toBe(true)
    expect(holds({ headers: { 'x-env': '*' } }, {})).toBe(false)
    expect(holds({ sessions: ['ci-*'] }, { session: 'ci-7' })).toBe(true)
    expect(holds({ sessions: ['*'] }, {})).toBe(false)
  })

  test('looks at what the request demands', () => {
    const demands = () => ({ inputTokens: 5000, hasTools: true, hasImages: false, wantsJsonSchema: false })
    expect(holds({ inputTokens: { over: 4999 } }, { demands })).toBe(true)
    expect(holds({ inputTokens: { over: 5000 } }, { demands })).toBe(false)
    expect(holds({ inputTokens: { upTo: 5000 } }, { demands })).toBe(true)
    expect(holds({ tools: true, images: false }, { demands })).toBe(true)
    expect(holds({ tools: false }, { demands })).toBe(false)
    expect(holds({ images: true }, { demands })).toBe(false)
  })

  test('reads the demands of a request only when all else holds', () => {
    const demands = () => {
      throw new Error('nobody asked')
    }
    expect(holds({ keys: ['other'], tools: true }, { demands })).toBe(false)
    expect(() => holds({ tools: true }, { demands })).toThrow('nobody asked')
  })

  test('looks at the time of day where the operator lives', () => {
    const night = { from: 22 * 60, to: 6 * 60, zone: 'Europe/Zurich' }
    const at = (iso: string) => ({ at: Date.parse(iso) })
    // Zurich is an hour ahead of UTC in winter, two in summer.
    expect(holds({ hours: night }, at('2026-01-10T21:00:00Z'))).toBe(true)
    expect(holds({ hours: night }, at('2026-01-10T20:59:00Z'))).toBe(false)
    expect(holds({ hours: night }, at('2026-07-10T20:00:00Z'))).toBe(true)
    expect(holds({ hours: night }, at('2026-01-10T05:00:00Z'))).toBe(false)
    expect(holds({ hours: { ...night, days: [6] } }, at('2026-01-10T21:00:00Z'))).toBe(true)
    expect(holds({ hours: { ...night, days: [1, 2] } }, at('2026-01-10T21:00:00Z'))).toBe(false)
  })

  test('over midnight belongs to the day on which it began', () => {
    const fridays = { from: 22 * 60, to: 6 * 60, days: [5], zone: 'Europe/Zurich' }
    const at = (iso: string): boolean => holds({ hours: fridays }, { at: Date.parse(iso) })
    expect(at('2026-11-20T20:59:59Z')).toBe(false)
    expect(at('2026-11-20T21:00:00Z')).toBe(true)
    expect(at('2026-11-21T04:59:59Z')).toBe(true)
    expect(at('2026-11-21T05:00:00Z')).toBe(false)
    expect(at('2026-11-20T03:00:00Z')).toBe(false)
    expect(at('2026-11-21T22:00:00Z')).toBe(false)
  })

  test('gives its policy, under its own name', () => {
    const policy = { strategy: 'weighted' as const, sticky: true, tries: 2 }
    const named = tableOf([{ ...ruleOf({ match: ['x'], name: 'mine first' }), policy }])
    expect(named.find(asks('x'))?.policy).toEqual({ ...policy, id: 'mine first' })
    expect(tableOf([{ ...ruleOf({ match: ['x'] }), policy }]).find(asks('x'))?.policy?.id).toBe('x')
  })
})

describe('a family', () => {
  const lists = (id: string, ...models: readonly string[]): Provider => ({
    ...provider('openai-compatible', id, models),
    listedModels: () => models.map((model) => ({ id: model, provider: id, operations: ['generate'] })),
  })
  const listing = new Map([
    [
      'mine',
      lists('mine', 'claude-sonnet-4-5', 'claude-sonnet-4-10', 'claude-sonnet-4-20250514', 'claude-sonnet'),
    ],
  ])
  const family = { name: 'claude-sonnet', prefix: 'claude-sonnet-', suffix: '' }

  test('is the newest model that a configured provider lists, and dates are no versions', () => {
    const newest = new Map([
      ['mine', lists('mine', 'claude-sonnet-4-5', 'claude-sonnet-4-10', 'claude-sonnet-4-20250514')],
    ])
    const table = createRouteTable({ providers: newest, families: [family], routes: [], aliases: {} })
    const match = table.find(asks('claude-sonnet'))
    expect(match?.targets[0]?.model).toBe('claude-sonnet-4-10')
    expect(match?.rule).toBe('family claude-sonnet -> claude-sonnet-4-10, built-in')
    expect(table.names()).toContain('claude-sonnet')
  })

  test('stands back behind an alias, a rule and a model of that very name', () => {
    const settings = { providers: listing, families: [family], routes: [], aliases: {} }
    expect(createRouteTable(settings).find(asks('claude-sonnet'))?.targets[0]?.model).toBe('claude-sonnet')
    const alias = createRouteTable({ ...settings, aliases: { 'claude-sonnet': 'claude-sonnet-4-5' } })
    expect(alias.find(asks('claude-sonnet'))?.targets[0]?.model).toBe('claude-sonnet-4-5')
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
        const routes = tableOf([{ match: [match], targets: [{ provider: 'mine' }] }])
        const pattern = new RegExp(
          `^${match
            .split('*')
            .map((part) => part.replaceAll('.', '\\.'))
            .join('.*')}$`,
        )
        expect(routes.find(asks(model)) !== undefined).toBe(pattern.test(model))
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
