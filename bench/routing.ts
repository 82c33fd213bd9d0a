/**
 * Measures a look-up among 500 rules, by what kinds of rules they are, and prints microseconds: what routing adds to a request.
 */
import { httpProvider, type Provider, recipes } from '../src/providers/index.ts'
import { createRouteTable, type RouteQuery, type RouteRule } from '../src/stages/match/index.ts'

const ruleCount = 500
const lookUps = 50_000

const patterns: Readonly<Record<string, (index: number) => string>> = {
  'exact names': (index) => `vendor-model-${index}`,
  prefixes: (index) => `vendor-${index}-*`,
  suffixes: (index) => `*-${index}-turbo`,
  'parts of names': (index) => `*vendor-${index}-*`,
  'regular expressions': (index) => `/^vendor-${index}-(a|b)+$/`,
}

const conditions: NonNullable<RouteRule['when']> = {
  keys: ['somebody-else'],
  hours: { from: 1320, to: 360, zone: 'Europe/Zurich' },
}

const query = (model: string): RouteQuery => ({
  model,
  pinnedProvider: undefined,
  operation: 'generate',
  protocol: 'openai-chat',
  key: { id: 'key_1', name: 'laptop' },
  team: null,
  headers: new Headers(),
  session: undefined,
  demands: () => ({ inputTokens: 0, hasTools: false, hasImages: false, wantsJsonSchema: false }),
  at: 1_790_000_000_000,
})

const createProvider = (): Provider => {
  const recipe = recipes.find(({ kind }) => kind === 'openai-compatible')
  if (recipe === undefined) throw new Error('no recipe for openai-compatible')
  return httpProvider(recipe, {
    id: 'one',
    listed: [],
    models: ['known-*'],
    baseUrl: 'http://127.0.0.1:1/v1',
  })
}

const measure = (name: string, routes: readonly RouteRule[], modelAt: (index: number) => string): void => {
  const providers = new Map([['one', createProvider()]])
  const { find } = createRouteTable({ routes, aliases: {}, families: [], providers })
  const warmUp = 2_000
  const queries = Array.from({ length: lookUps + warmUp }, (_, index) => query(modelAt(index)))
  for (const one of queries.slice(0, warmUp)) find(one)
  const from = Bun.nanoseconds()
  for (const one of queries.slice(warmUp)) find(one)
  const microseconds = (Bun.nanoseconds() - from) / lookUps / 1000
  console.log(`${name.padEnd(40)}${microseconds.toFixed(2).padStart(10)} us`)
}

/** Prints one line per kind of rule. */
export const benchRouting = (): void => {
  console.log(`one look-up among ${ruleCount} rules, of which none fits`)
  for (const [name, patternAt] of Object.entries(patterns)) {
    const routes = Array.from({ length: ruleCount }, (_, index) => ({
      match: [patternAt(index)],
      targets: [{ provider: 'one' }],
    }))
    measure(name, routes, (index) => `known-vendor-${index}`)
  }
  const conditional = Array.from({ length: ruleCount }, () => ({
    match: ['known-*'],
    when: conditions,
    targets: [{ provider: 'one' }],
  }))
  measure('all fit the name, two conditions each', conditional, (index) => `known-${index % 20}`)
}

if (import.meta.main) benchRouting()
