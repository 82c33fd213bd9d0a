import { printableKey } from '../../config/index.ts'
import { type Draft, literal } from '../draft.ts'
import { addLimit } from '../limit-line.ts'
import { addSaidBudget } from './budgets.ts'
import { priceItem } from './prices.ts'
import type { PlacedDeployment } from './providers.ts'
import type { RouterFacts } from './router.ts'

/** So rarely first that it only takes over. */
const lastWeight = 0.000001

/** Makes one rule of all deployments of one `model_name`, exact names before patterns. */
export const writeRoutes = (draft: Draft, placed: readonly PlacedDeployment[], facts: RouterFacts): void => {
  const groups = new Map<string, PlacedDeployment[]>()
  for (const one of placed) groups.set(one.group.value, [...(groups.get(one.group.value) ?? []), one])
  for (const [name, own] of [...groups].sort(specificFirst)) {
    if (name.includes('*')) writeWildcard(draft, name, own)
    else writeRoute(draft, { name, own, takingOver: takingOver(draft, name, groups, facts) }, facts)
  }
  writeLimits(draft, placed, facts.timezone)
  writeProviderBudgets(draft, placed, facts)
  writePrices(draft, placed)
}

const literalLength = (name: string): number => (name.includes('*') ? name.length : Number.MAX_SAFE_INTEGER)
const specificFirst = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  literalLength(b) - literalLength(a)

interface Group {
  readonly name: string
  readonly own: readonly PlacedDeployment[]
  readonly takingOver: readonly PlacedDeployment[]
}

const writeRoute = (draft: Draft, { name, own, takingOver: others }: Group, facts: RouterFacts): void => {
  const [first] = own
  if (first === undefined) return
  const { strategy, weights } = choose(draft, own, facts)
  const isWeighed = strategy !== 'fallback'
  const inOrder = strategy === 'fallback' ? [...own].sort((a, b) => orderOf(a) - orderOf(b)) : own
  const targets = [
    ...inOrder.map((one) => targetOf(one, name, weights.get(one))),
    ...others.map((one) => targetOf(one, name, isWeighed ? lastWeight : undefined)),
  ]
  const tries = own.map((one) => one.tries).find((said) => said !== undefined)
  const route = {
    match: literal(name),
    ...(strategy === 'fallback' ? {} : { strategy }),
    ...(tries === undefined ? {} : { tries: Math.min(20, tries.value + 1) }),
    targets,
  }
  draft.add('routes', route, first.group, isWeighed && others.length > 0 ? takeOverText : undefined)
}

const takeOverText =
  'those that take over have a weight of almost nothing, and may be asked before another deployment of the group'

const orderOf = ({ order }: PlacedDeployment): number => order?.value ?? Number.MAX_SAFE_INTEGER

const targetOf = (
  { provider, target }: PlacedDeployment,
  asked: string,
  weight: number | undefined,
): unknown =>
  target === asked && weight === undefined
    ? provider
    : {
        provider,
        ...(target === asked ? {} : { model: literal(target) }),
        ...(weight === undefined ? {} : { weight }),
      }

interface Choice {
  readonly strategy: string
  readonly weights: ReadonlyMap<PlacedDeployment, number>
}

/** `simple-shuffle` draws by `weight`, else by `rpm`, else by `tpm`, whichever the first deployment has. */
const choose = (draft: Draft, own: readonly PlacedDeployment[], { strategy }: RouterFacts): Choice => {
  const none: Choice['weights'] = new Map()
  const [first] = own
  if (own.length < 2 || first === undefined) return { strategy: 'fallback', weights: none }
  if (own.some(({ order }) => order !== undefined)) {
    const orders = own.map(orderOf)
    const [twice] = own.filter((one, index) => orders.indexOf(orderOf(one)) !== index)
    if (twice?.order !== undefined) {
      draft.leave(twice.order, 'those of one `order` are asked in the order of the file, not by chance')
    }
    return { strategy: 'fallback', weights: none }
  }
  if (strategy !== 'weighted') return { strategy, weights: none }
  const by = (['weight', 'requestsPerMinute', 'tokensPerMinute'] as const).find(
    (name) => first[name] !== undefined,
  )
  if (by === undefined) return { strategy, weights: none }
  return {
    strategy,
    weights: new Map(
      own.map((one) => {
        const weight = Number(one[by]?.value ?? 0)
        if (weight > 0) return [one, Math.min(1_000_000, weight)] as const
        draft.leave(one[by] ?? one.from, 'a weight of 0 is almost nothing here')
        return [one, lastWeight] as const
      }),
    ),
  }
}

/** The deployments of the groups that take over for one, each once. */
const takingOver = (
  draft: Draft,
  name: string,
  groups: ReadonlyMap<string, readonly PlacedDeployment[]>,
  { fallbacks, contextFallbacks, defaults }: RouterFacts,
): readonly PlacedDeployment[] => {
  const own = fallbacks.filter(({ group }) => group === name || group === '*')
  const wider = contextFallbacks.filter(({ group }) => group === name)
  const names = [
    ...own.flatMap(({ to }) => to),
    ...(own.length === 0 ? defaults : []),
    ...wider.flatMap(({ to }) => to),
  ].filter((other) => other !== name)
  for (const { from } of wider) {
    draft.note({
      line: from.line,
      path: from.path,
      outcome: 'changed',
      setting: 'routes',
      text: 'takes over after other faults as well; a target whose window is known to be too small comes last by itself',
    })
  }
  return [...new Set(names)].flatMap((other) => {
    const found = groups.get(other)
    if (found !== undefined) return found
    const place = [...own, ...wider].find(({ to }) => to.includes(other))?.from
    if (place !== undefined)
      draft.leave(place, `\`${printableKey(other)}\` is no model of the file that is carried over`)
    return []
  })
}

/** `openai/*` is the provider's name before the model's; `gpt-*` goes as it is named. */
const writeWildcard = (draft: Draft, name: string, own: readonly PlacedDeployment[]): void => {
  const fitting = own.filter(({ provider, model, from }) => {
    if (name === `${provider}/*` && model === '*') {
      draft.same(from, `\`${provider}/model\` asks that provider`)
      return false
    }
    if (name === model || (name === '*' && model === '*')) return true
    draft.leave(from, 'a wildcard renames models, which rules here do not: name them one by one')
    return false
  })
  const [first] = fitting
  if (first === undefined) return
  const strategy = fitting.length > 1 ? { strategy: 'weighted' } : {}
  draft.add(
    'routes',
    { match: literal(name), ...strategy, targets: fitting.map(({ provider }) => provider) },
    first.group,
  )
}

const writeLimits = (
  draft: Draft,
  placed: readonly PlacedDeployment[],
  timezone: string | undefined,
): void => {
  for (const one of placed) {
    const { provider, target } = one
    const isOnly = placed.every((other) => other.provider !== provider || other.target === target)
    const whom = { level: 'deployment', provider, model: literal(target), isOnly } as const
    for (const [name, window] of windows) {
      const said = one[name]
      if (said !== undefined) addLimit(draft, { for: whom, window, value: said.value }, said)
    }
    const shared = placed.some((other) => other.provider !== provider && other.target === target)
    const text = shared ? 'holds for all providers of the model together' : undefined
    addSaidBudget(
      draft,
      { level: 'model', match: literal(target), ...(timezone === undefined ? {} : { timezone }) },
      one.budget,
      one.budgetDuration,
      text,
    )
  }
}

const windows = [
  ['requestsPerMinute', 'requests_per_minute'],
  ['tokensPerMinute', 'tokens_per_minute'],
  ['inputTokensPerMinute', 'input_tokens_per_minute'],
  ['outputTokensPerMinute', 'output_tokens_per_minute'],
  ['concurrent', 'concurrent'],
] as const

/** Theirs counts a vendor's deployments together; here each provider counts by itself. */
const writeProviderBudgets = (
  draft: Draft,
  placed: readonly PlacedDeployment[],
  { providerBudgets, timezone }: RouterFacts,
): void => {
  for (const { vendor, limit, duration, from } of providerBudgets) {
    const names = [
      ...new Set(placed.filter(({ endpoint }) => endpoint.prefix === vendor).map(({ provider }) => provider)),
    ]
    if (names.length === 0) draft.leave(from, 'no model that is carried over is asked for there')
    const text = names.length > 1 ? 'each of the providers that became of it has the whole limit' : undefined
    for (const match of names) {
      const whom = { level: 'provider', match, ...(timezone === undefined ? {} : { timezone }) } as const
      addSaidBudget(draft, whom, limit, duration, text)
    }
  }
}

const writePrices = (draft: Draft, placed: readonly PlacedDeployment[]): void => {
  const written = new Set<string>()
  for (const { provider, target, prices } of placed) {
    const [first] = prices
    const id = `${provider} ${target}`
    if (first === undefined || written.has(id)) continue
    written.add(id)
    draft.add('prices', priceItem(literal(target), provider, prices), first)
  }
}
