import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { httpProvider, type Provider, recipes } from '../../providers/index.ts'
import type { RouteQuery } from './route-query.ts'
import type { RouteRule } from './route-rule.ts'
import { createRouteTable, type Match } from './route-table.ts'

/** Providers that serve no name by themselves, so that only rules and the fallback decide. */
const provider = (id: string): Provider => {
  const recipe = recipes.find(({ kind }) => kind === 'openai-compatible')
  if (recipe === undefined) throw new Error('no recipe for openai-compatible')
  return httpProvider(recipe, {
    id,
    listed: [],
    models: ['served-by-itself'],
    baseUrl: 'http://127.0.0.1:1/v1',
  })
}

const providers = new Map(['one', 'two', 'three'].map((id) => [id, provider(id)] as const))

const letters = fc.constantFrom('a', 'b', '-', '.')
const name = fc.array(letters, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''))
const glob = fc
  .array(fc.oneof(letters, fc.constant('*')), { minLength: 1, maxLength: 6 })
  .map((parts) => parts.join(''))
const expression = fc.constantFrom('/^a/', '/b$/', '/^[ab]+$/', '/a.b|-/', '/(a|b){2}/')

const when = fc.record(
  {
    endpoints: fc.subarray(['generate', 'embed', 'openai-chat', 'gemini'], { minLength: 1 }),
    keys: fc.subarray(['laptop', 'key_2'], { minLength: 1 }),
    teams: fc.subarray(['red', 'blue'], { minLength: 1 }),
    headers: fc.constantFrom({ 'x-app': 'cli-*' }, { 'x-app': '*' }, { 'x-absent': '*' }),
    sessions: fc.constantFrom(['night-*'], ['*']),
    inputTokens: fc.constantFrom({ over: 100 }, { upTo: 100 }, { over: 50, upTo: 100 }),
    tools: fc.boolean(),
    images: fc.boolean(),
    hours: fc.constantFrom(
      { from: 22 * 60, to: 6 * 60, zone: 'UTC' },
      { from: 16 * 60, to: 10 * 60, days: [0, 2, 5], zone: 'UTC' },
      { from: 0, to: 12 * 60, days: [1, 2, 3], zone: 'UTC' },
    ),
  },
  { requiredKeys: [] },
)

const rule: fc.Arbitrary<RouteRule> = fc
  .record({
    match: fc.array(fc.oneof(name, glob, expression), { minLength: 1, maxLength: 3 }),
    when: fc.option(when, { nil: undefined }),
    targets: fc.array(
      fc.record({
        provider: fc.constantFrom('one', 'two', 'three', 'off'),
        model: fc.constantFrom('x', undefined),
      }),
      { minLength: 1, maxLength: 2 },
    ),
  })
  // Each has a name of its own, so that a test sees which one decided.
  .chain((one) => fc.uuid().map((id) => ({ ...one, name: id })))

const query: fc.Arbitrary<RouteQuery> = fc
  .record({
    model: name,
    operation: fc.constantFrom('generate' as const, 'embed' as const),
    protocol: fc.constantFrom('openai-chat' as const, 'gemini' as const),
    key: fc.constantFrom({ id: 'key_1', name: 'laptop' }, { id: 'key_2', name: 'server' }),
    team: fc.constantFrom('red', 'blue', null),
    app: fc.constantFrom('cli-7', 'web', undefined),
    session: fc.constantFrom('night-1', 'day', undefined),
    inputTokens: fc.constantFrom(0, 50, 51, 100, 101),
    hasTools: fc.boolean(),
    hasImages: fc.boolean(),
    at: fc.integer({ min: 1_790_000_000_000, max: 1_791_000_000_000 }),
  })
  .map(({ app, inputTokens, hasTools, hasImages, ...rest }) => ({
    ...rest,
    pinnedProvider: undefined,
    headers: new Headers(app === undefined ? {} : { 'x-app': app }),
    demands: () => ({ inputTokens, hasTools, hasImages, wantsJsonSchema: false }),
  }))

test('the first rule that fits decides, as a plain walk through the list says', () => {
  fc.assert(
    fc.property(
      fc.array(rule, { maxLength: 12 }),
      fc.array(query, { minLength: 1, maxLength: 4 }),
      (routes, asked) => {
        const table = createRouteTable({ routes, aliases: {}, families: [], providers })
        for (const one of asked) {
          const expected = routes.find((candidate) => fits(candidate, one))
          expect(shown(table.find(one))).toEqual(
            expected === undefined
              ? undefined
              : {
                  rule: `route ${expected.name}`,
                  targets: expected.targets
                    .filter((target) => providers.has(target.provider))
                    .map((target) => `${target.provider}/${target.model ?? one.model}`),
                },
          )
        }
      },
    ),
    { numRuns: 600 },
  )
})

test('the same question gets the same answer, in whatever order questions come, and the explanation agrees', () => {
  fc.assert(
    fc.property(
      fc.array(rule, { maxLength: 12 }),
      fc.array(query, { minLength: 2, maxLength: 4 }),
      (routes, asked) => {
        const settings = { routes, aliases: {}, families: [], providers }
        const table = createRouteTable(settings)
        const forth = asked.map((one) => shown(table.find(one)))
        const back = asked.toReversed().map((one) => shown(table.find(one)))
        const fresh = asked.map((one) => shown(createRouteTable(settings).find(one)))
        const explained = asked.map((one) => shown(table.explain(one).match))
        expect(back.toReversed()).toEqual(forth)
        expect(fresh).toEqual(forth)
        expect(explained).toEqual(forth)
      },
    ),
    { numRuns: 200 },
  )
})

test('an explanation names every rule up to the one that decides, and only that one as fitting', () => {
  fc.assert(
    fc.property(fc.array(rule, { minLength: 1, maxLength: 8 }), query, (routes, one) => {
      const table = createRouteTable({ routes, aliases: {}, families: [], providers })
      const steps = table.explain(one).steps.filter(({ looked }) => looked === 'rule')
      const first = routes.findIndex((candidate) => fits(candidate, one))
      const passed = first === -1 ? routes : routes.slice(0, first + 1)
      expect(steps.map((step) => step.name)).toEqual(passed.map((candidate) => candidate.name ?? ''))
      expect(steps.map((step) => step.fits)).toEqual(passed.map((_, index) => index === first))
    }),
    { numRuns: 200 },
  )
})

const shown = (match: Match | undefined) =>
  match && {
    rule: match.rule,
    targets: match.targets.map(({ provider: { id }, model }) => `${id}/${model}`),
  }

/** What the documentation says, without any index: written apart from the code on purpose. */
const fits = ({ match, when: conditions = {}, targets }: RouteRule, asked: RouteQuery): boolean => {
  const demands = asked.demands()
  const { endpoints, keys, teams, headers, sessions, inputTokens, tools, images, hours } = conditions
  return (
    match.some((pattern) => patternExpression(pattern).test(asked.model)) &&
    (endpoints?.some((one) => one === asked.operation || one === asked.protocol) ?? true) &&
    (keys?.some((one) => one === asked.key.id || one === asked.key.name) ?? true) &&
    (teams?.some((one) => one === asked.team) ?? true) &&
    Object.entries(headers ?? {}).every(
      ([header, pattern]) =>
        asked.headers.get(header) !== null &&
        patternExpression(pattern).test(asked.headers.get(header) ?? ''),
    ) &&
    (sessions?.some((one) => asked.session !== undefined && patternExpression(one).test(asked.session)) ??
      true) &&
    demands.inputTokens > (inputTokens?.over ?? -1) &&
    demands.inputTokens <= (inputTokens?.upTo ?? 1e9) &&
    (tools ?? demands.hasTools) === demands.hasTools &&
    (images ?? demands.hasImages) === demands.hasImages &&
    (hours === undefined || holdsInUtc(hours, new Date(asked.at))) &&
    targets.some((target) => providers.has(target.provider))
  )
}

const patternExpression = (pattern: string): RegExp =>
  pattern.startsWith('/')
    ? new RegExp(pattern.slice(1, -1))
    : new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`)

const holdsInUtc = (
  {
    from,
    to,
    days,
  }: { readonly from: number; readonly to: number; readonly days?: readonly number[] | undefined },
  moment: Date,
): boolean => {
  const minute = moment.getUTCHours() * 60 + moment.getUTCMinutes()
  const isOn = (day: Date): boolean => days?.includes(day.getUTCDay()) ?? true
  const dayBefore = new Date(moment.getTime() - 24 * 60 * 60_000)
  if (from <= to) return minute >= from && minute < to && isOn(moment)
  return (minute >= from && isOn(moment)) || (minute < to && isOn(dayBefore))
}
