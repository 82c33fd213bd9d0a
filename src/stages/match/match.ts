import { allows } from '../../accounts/index.ts'
import { GatewayError } from '../../errors.ts'
import type { Exchange, Internal, Stage } from '../../pipeline/index.ts'
import type { Authenticated } from '../authenticate/index.ts'
import type { Recorded } from '../ledger/index.ts'
import type { Received } from '../receive/index.ts'
import { type Demands, demandsOf } from './demands.ts'
import { nearestNames } from './nearest-names.ts'
import type { RouteQuery } from './route-query.ts'
import type { Match, RouteTable } from './route-table.ts'

export interface Matched {
  readonly match: Match
  readonly demands: () => Demands
}

export interface MatchParts {
  readonly routes: RouteTable
  readonly now: () => number
}

/** Pure: the model names the targets. Which of them is tried is decided later. */
export const match = (parts: MatchParts): Stage<Asked, Matched> => ({
  name: 'match',
  run(exchange, next) {
    const { facts, identity, operation, protocol, incoming } = exchange
    const { pinnedProvider } = incoming
    const demands = demandsOf(exchange)
    if (facts.model === undefined) {
      if (operation === 'generate' || operation === 'count-tokens' || operation === 'embed') {
        throw new GatewayError('gateway_model_missing', 'you must provide a model parameter', {
          param: 'model',
        })
      }
      return next({
        demands,
        match: {
          rule: 'no model',
          targets: parts.routes.anyModel(protocol.id, operation, pinnedProvider),
          isOrdered: false,
        },
      })
    }
    if (!allows(identity, { model: facts.model })) {
      throw new GatewayError('gateway_scope_denied', `this key may not use the model ${quoted(facts.model)}`)
    }
    const own = exchange.internal?.target
    const found =
      own === undefined
        ? parts.routes.find(queryOf(exchange, facts.model, demands, parts.now()))
        : ownTarget(parts, exchange.kind, own)
    if (found === undefined || found.targets.length === 0) {
      const usable = parts.routes.names().filter((name) => allows(identity, { model: name }))
      throw unknownModel(facts.model, pinnedProvider, nearestNames(facts.model, usable))
    }
    const targets = found.targets.filter((target) => allows(identity, { provider: target.provider.id }))
    if (targets.length === 0) {
      throw new GatewayError(
        'gateway_scope_denied',
        `this key may not use a provider of ${quoted(facts.model)}`,
      )
    }
    return next({ demands, match: { ...found, targets } })
  },
})

/** The gateway's own exchanges know where they go, and are tried once: retries are for those that somebody waits for. */
const ownTarget = (
  { routes }: MatchParts,
  kind: Exchange['kind'],
  { provider, model }: NonNullable<Internal['target']>,
): Match | undefined => {
  const found = routes.pinned(provider, model)
  return (
    found && { ...found, rule: kind, policy: { id: kind, strategy: 'fallback', sticky: false, tries: 1 } }
  )
}

type Asked = Exchange & Authenticated & Recorded & Received

const queryOf = (exchange: Asked, model: string, demands: () => Demands, at: number): RouteQuery => {
  const { identity, incoming, operation, protocol, entry } = exchange
  return {
    model,
    pinnedProvider: incoming.pinnedProvider,
    operation,
    protocol: protocol.id,
    key: identity,
    team: identity.tenant.team,
    headers: incoming.headers,
    session: entry.session ?? undefined,
    demands,
    at,
  }
}

const quoted = (model: string): string => `\`${model.slice(0, 200)}\``

const unknownModel = (model: string, pinned: string | undefined, near: readonly string[]): GatewayError => {
  const where = pinned === undefined ? '' : ` at the provider ${pinned}`
  const hint = near.length === 0 ? '' : `, did you mean ${near.join(', ')}?`
  return new GatewayError(
    'gateway_model_unknown',
    `the model ${quoted(model)} does not exist${where} or you do not have access to it${hint}`,
    { param: 'model' },
  )
}
