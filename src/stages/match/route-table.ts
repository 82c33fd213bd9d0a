import type { Operation, ProtocolId } from '../../ir/index.ts'
import { globTest, type Provider } from '../../providers/index.ts'
import type { RoutePolicy } from './route-policy.ts'

/** What routing chose: a provider, and the model name to send it. */
export interface Target {
  readonly provider: Provider
  readonly model: string
  /** Its share where the strategy is `weighted`; absent is 1. */
  readonly weight?: number
}

export interface Match {
  /** For people: why these targets. */
  readonly rule: string
  /** In the order in which they are to be tried. Empty for operations that need no model and have no provider. */
  readonly targets: readonly Target[]
  /** Somebody wrote that order down; else the providers are equals. */
  readonly isOrdered: boolean
  /** What the rule says beyond its targets. Absent: the gateway's own settings. */
  readonly policy?: RoutePolicy
}

export interface RouteRule {
  /** Exact name, or a glob with `*`. */
  readonly match: string
  readonly targets: readonly { readonly provider: string; readonly model?: string }[]
}

export interface RouteTable {
  find(model: string, pinnedProvider: string | undefined): Match | undefined
  /** Targets of operations that name no model, e.g. creating a conversation. */
  anyModel(protocol: ProtocolId, operation: Operation, pinnedProvider: string | undefined): readonly Target[]
  /** Every model name worth suggesting or listing. */
  names(): readonly string[]
}

export interface RouteTableSettings {
  readonly routes: readonly RouteRule[]
  /** Alias to model name. */
  readonly aliases: Readonly<Record<string, string>>
  readonly providers: ReadonlyMap<string, Provider>
  /** Provider for names that nobody knows; only if the operator says so. */
  readonly fallback?: string
}

/** First match wins: pin, alias (once), configured rules in their order, then the providers that know the name. */
export const createRouteTable = (settings: RouteTableSettings): RouteTable => {
  const { providers } = settings
  const rules = settings.routes.map((rule) => ({ rule, test: globTest(rule.match) }))
  const aliases = new Map(Object.entries(settings.aliases))

  const find = (model: string, pinnedProvider: string | undefined): Match | undefined => {
    if (pinnedProvider !== undefined) return pinned(pinnedProvider, model, 'path prefix')
    const slash = model.indexOf('/')
    if (slash > 0 && providers.has(model.slice(0, slash))) {
      return pinned(model.slice(0, slash), model.slice(slash + 1), 'provider/model')
    }
    const alias = aliases.get(model)
    if (alias !== undefined && alias !== model) {
      const found = resolve(alias)
      return found && { ...found, rule: `alias ${model} -> ${alias}, ${found.rule}` }
    }
    return resolve(model)
  }
  const resolve = (model: string): Match | undefined => {
    const slash = model.indexOf('/')
    const prefix = model.slice(0, Math.max(0, slash))
    if (providers.has(prefix)) return pinned(prefix, model.slice(slash + 1), 'provider/model')
    for (const { rule, test } of rules) {
      if (!test(model)) continue
      const targets = rule.targets.flatMap((target): Target[] => {
        const provider = providers.get(target.provider)
        return provider === undefined ? [] : [{ provider, model: target.model ?? model }]
      })
      if (targets.length > 0) return { rule: `route ${rule.match}`, targets, isOrdered: true }
    }
    const knowing = [...providers.values()].filter((provider) => provider.serves(model))
    if (knowing.length === 0) {
      const fallback = settings.fallback === undefined ? undefined : providers.get(settings.fallback)
      return (
        fallback && {
          rule: 'default fallback',
          targets: [{ provider: fallback, model }],
          isOrdered: false,
        }
      )
    }
    return { rule: 'built-in', targets: knowing.map((provider) => ({ provider, model })), isOrdered: false }
  }
  const pinned = (id: string, model: string, rule: string): Match | undefined => {
    const provider = providers.get(id)
    if (provider === undefined || model === '') return undefined
    // A pinned loopback still answers for its own models only; the others may know models that we don't.
    if (provider.send !== undefined && !provider.serves(model)) return undefined
    return { rule, targets: [{ provider, model }], isOrdered: false }
  }

  return {
    find,
    anyModel(protocol, operation, pinnedProvider) {
      return [...providers.values()]
        .filter((provider) => pinnedProvider === undefined || provider.id === pinnedProvider)
        .filter((provider) => provider.speaks('', operation).includes(protocol))
        .map((provider) => ({ provider, model: '' }))
    },
    names() {
      const listed = [...providers.values()].flatMap((provider) =>
        provider.listedModels().map((model) => model.id),
      )
      const exact = settings.routes.map((rule) => rule.match).filter((pattern) => !pattern.includes('*'))
      return [...new Set([...aliases.keys(), ...exact, ...listed])]
    },
  }
}
