import {
  type Budget,
  type BudgetTable,
  budgetExceeded,
  type Purse,
  type Standing,
  worseZone,
  type Zone,
} from '../../budgets/index.ts'
import type { Exchange, Reply, Stage } from '../../pipeline/index.ts'
import type { Authenticated } from '../authenticate/index.ts'
import type { Recorded } from '../ledger/index.ts'
import type { Match, Matched, RouteTable } from '../match/index.ts'
import type { Received } from '../receive/index.ts'
import { subjectOf } from './subject-of.ts'

export interface Zoned {
  /** Where the target is another while a budget is amber. */
  readonly match: Match
  /** Answers get no longer than this while a budget is amber; in tokens. */
  readonly outputCap: number | undefined
}

export interface ZoneParts {
  readonly budgets: {
    readonly table: () => BudgetTable
    readonly purse: Pick<Purse, 'look'>
  }
  readonly routes: Pick<RouteTable, 'pinned'>
}

type Asked = Exchange & Authenticated & Recorded & Received & Matched

/**
 * Traffic lights, before anything is spent on an exchange: red is refused, amber is told, and may cost less than was
 * asked for.
 */
export const zone = (parts: ZoneParts): Stage<Asked, Zoned> => ({
  name: 'zone',
  async run(exchange, next) {
    const { match } = exchange
    const table = parts.budgets.table()
    if (table.isEmpty || !spends(exchange)) return next({ match, outputCap: undefined })
    const applied = table.ofExchange(subjectOf(exchange))
    if (applied.length === 0) return next({ match, outputCap: undefined })
    const standings = await parts.budgets.purse.look(applied, exchange.startedAt)
    const red = standings.find(({ zone, budget }) => zone === 'red' && budget.mode !== 'soft')
    if (red !== undefined) throw budgetExceeded(red)
    // An embedding of another model is no embedding: what the gateway asks for itself is not made cheaper.
    const amber =
      exchange.kind === 'cache'
        ? []
        : standings.filter((one) => one.zone !== 'green').map(({ budget }) => budget)
    const reply = await next({
      match: amber.length === 0 ? match : cheaper(parts, match, amber),
      outputCap: shortest(amber),
    })
    tell(reply, standings)
    return reply
  },
})

/** Shadows have a budget of their own; reading and deleting costs nothing. */
const spends = ({ kind, operation }: Asked): boolean =>
  kind !== 'shadow' && (operation === 'generate' || operation === 'embed' || operation === 'compact-response')

const cheaper = ({ routes }: ZoneParts, match: Match, amber: readonly Budget[]): Match => {
  for (const { amber: policy } of amber) {
    if (policy.model === null) continue
    const slash = policy.model.indexOf('/')
    const found = routes.pinned(policy.model.slice(0, slash), policy.model.slice(slash + 1))
    if (found !== undefined && found.targets.length > 0) return { ...found, rule: 'amber budget' }
  }
  return match
}

const shortest = (amber: readonly Budget[]): number | undefined => {
  const caps = amber.flatMap(({ amber: { maxOutputTokens } }) => maxOutputTokens ?? [])
  return caps.length === 0 ? undefined : Math.min(...caps)
}

/** Attempts may know it better: what they hold counts as well. */
const tell = (reply: Reply, standings: readonly Standing[]): void => {
  const before = reply.headers.get('x-tollgate-zone')
  const worst = standings.reduce<Zone>(
    (zone, one) => worseZone(zone, one.zone),
    isZone(before) ? before : 'green',
  )
  reply.headers.set('x-tollgate-zone', worst)
}

const isZone = (text: string | null): text is Zone => text === 'green' || text === 'amber' || text === 'red'
