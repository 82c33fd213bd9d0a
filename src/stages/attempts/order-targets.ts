import { type Catalog, costOf } from '../../catalog/index.ts'
import type { Demands, RoutePolicy } from '../match/index.ts'
import type { AnsweredExchange } from './attempt.ts'
import { capableFirst } from './capable.ts'
import type { Choice } from './possible-targets.ts'
import { preferredFirst } from './preferred-first.ts'
import type { SessionTarget } from './session-targets.ts'
import type { Candidate } from './strategies/index.ts'
import type { UpstreamHealth } from './upstream-health.ts'

export interface OrderParts {
  readonly catalog: Pick<Catalog, 'capabilities' | 'price'>
  readonly health: UpstreamHealth
  readonly now: () => number
}

interface ChoiceCandidate extends Candidate {
  readonly choice: Choice
}

/**
 * In which order the possible targets are tried: those that can do what is asked, as the strategy of the key or else
 * the rule says, those of providers that the key prefers first; before them the one that answered this session last,
 * since its provider holds the prompt and opens its own reasoning.
 */
export const orderTargets = (
  parts: OrderParts,
  exchange: AnsweredExchange,
  choices: readonly Choice[],
  last: SessionTarget | undefined,
): readonly Choice[] => {
  if (choices.length < 2) return choices
  const { capable, others } = capableFirst(choices, exchange.demands, parts.catalog)
  const policy = exchange.match.policy ?? equals
  const { routing } = exchange.identity.options
  const order = parts.health.strategies[routing.strategy ?? policy.strategy]
  const session = policy.sticky ? (exchange.entry.session ?? undefined) : undefined
  const ordered = order(
    capable.map((choice) => candidate(parts, choice, exchange)),
    { route: policy.id, session },
  ).map(({ choice }) => choice)
  const preferred = preferredFirst(ordered, routing.prefer)
  return [...(policy.sticky ? stickyFirst(preferred, last) : preferred), ...others]
}

/** Providers that merely know the name: whoever began with a session goes on with it. */
const equals: Pick<RoutePolicy, 'id' | 'strategy' | 'sticky'> = {
  id: 'built-in',
  strategy: 'fallback',
  sticky: true,
}

const stickyFirst = (choices: readonly Choice[], last: SessionTarget | undefined): readonly Choice[] => {
  const sticky = choices.find(
    ({ target }) => target.provider.id === last?.provider && target.model === last.model,
  )
  return sticky === undefined ? choices : [sticky, ...choices.filter((choice) => choice !== sticky)]
}

const candidate = (parts: OrderParts, choice: Choice, exchange: AnsweredExchange): ChoiceCandidate => {
  const upstream = targetName(choice)
  return {
    choice,
    upstream,
    weight: choice.target.weight ?? 1,
    load: () => parts.health.loads.of(upstream),
    latency: () => parts.health.latencies.expected(latencyName(upstream, exchange.facts.stream)),
    cost: () => expectedCost(parts, choice, exchange.demands(), exchange.facts.maxOutputTokens),
  }
}

/** What load and latency are kept under. */
export const targetName = ({ target }: Pick<Choice, 'target'>): string =>
  `${target.provider.id}/${target.model}`

/** A whole answer takes as long as all of its tokens, a stream as long as its first. */
export const latencyName = (upstream: string, streams: boolean): string =>
  `${upstream} ${streams ? 'streamed' : 'whole'}`

/** Output tokens where the client sets no limit: only the proportion to the input matters. */
const assumedOutput = 1000

const expectedCost = (
  { catalog, now }: OrderParts,
  { target }: Choice,
  { inputTokens }: Demands,
  limit: number | undefined,
): bigint | null => {
  const card = catalog.price(target.provider.id, target.model, now())
  if (card === undefined) return null
  return costOf(card, { inputTokens, outputTokens: Math.min(limit ?? assumedOutput, assumedOutput) })
}
