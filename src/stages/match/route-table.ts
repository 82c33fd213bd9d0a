import type { ModelFamily } from '../../catalog/index.ts'
import type { Operation, ProtocolId } from '../../ir/index.ts'
import type { MarkPolicy } from '../../prompt-cache/settings.ts'
import type { Provider } from '../../providers/index.ts'
import { type Condition, compileConditions } from './conditions.ts'
import { isExactName } from './name-pattern.ts'
import { newestOf } from './newest-of-family.ts'
import { createPatternIndex } from './pattern-index.ts'
import type { RoutePolicy } from './route-policy.ts'
import type { RouteQuery } from './route-query.ts'
import type { RouteRule, RouteTarget } from './route-rule.ts'

/** What routing chose: a provider, and the model name to send it. */
export interface Target {
  readonly provider: Provider
  readonly model: string
  /** Its share where the strategy is `weighted`; absent is 1. */
  readonly weight?: number
  /** Marks of the prompt cache, where the target has a word of its own. */
  readonly promptCache?: MarkPolicy
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

/** One thing that was looked at on the way to a match, for people. */
export interface RouteStep {
  readonly looked: 'pin' | 'alias' | 'family' | 'rule' | 'known' | 'fallback'
  /** The rule, the alias, the provider. */
  readonly name: string
  readonly fits: boolean
  /** What it led to, or why it did not fit. */
  readonly because: string
}

export interface RouteTable {
  find(query: RouteQuery): Match | undefined
  /** The same look-up, telling each step. */
  explain(query: RouteQuery): { readonly match: Match | undefined; readonly steps: readonly RouteStep[] }
  /** The one target that a provider and a model name, whatever the rules say. */
  pinned(provider: string, model: string): Match | undefined
  /** Targets of operations that name no model, e.g. creating a conversation. */
  anyModel(protocol: ProtocolId, operation: Operation, pinnedProvider: string | undefined): readonly Target[]
  /** Every model name worth suggesting or listing. */
  names(): readonly string[]
}

export interface RouteTableSettings {
  readonly routes: readonly RouteRule[]
  /** Alias to model name. */
  readonly aliases: Readonly<Record<string, string>>
  /** Names of lines of models that stand for the newest one; none where they are switched off. */
  readonly families: readonly ModelFamily[]
  readonly providers: ReadonlyMap<string, Provider>
  /** Target for names that nobody knows; only if the operator says so. */
  readonly fallback?: { readonly provider: string; readonly model?: string | undefined }
}

type Tell = (looked: RouteStep['looked'], name: string, fits: boolean, because: string) => void

interface CompiledRule {
  readonly id: string
  readonly rule: RouteRule
  readonly conditions: readonly Condition[]
}

/**
 * First match wins: pin, alias (once), family (once), configured rules in their order, then the providers that know
 * the name, then the fallback.
 */
export const createRouteTable = (settings: RouteTableSettings): RouteTable => {
  const { providers, families } = settings
  const aliases = new Map(Object.entries(settings.aliases))
  const rules = settings.routes.map(compileRule)
  const exact = new Set(settings.routes.flatMap(({ match }) => match.filter(isExactName)))
  const listed = new Set(
    [...providers.values()].flatMap((provider) => provider.listedModels().map(({ id }) => id)),
  )
  /** Family to its newest model. A model or a rule of that very name goes before it. */
  const newestModels = new Map(
    families.flatMap(({ name }): readonly (readonly [string, string])[] => {
      const newest =
        listed.has(name) || exact.has(name) ? undefined : newestOf(name, families, providers.values())
      return newest === undefined ? [] : [[name, newest]]
    }),
  )
  const fittingRules = createPatternIndex(rules, ({ rule }) => rule.match)

  const look = (query: RouteQuery, tell?: Tell): Match | undefined => {
    const { model, pinnedProvider } = query
    if (pinnedProvider !== undefined) {
      tell?.('pin', pinnedProvider, true, 'the path begins with the provider')
      return pinned(pinnedProvider, model, 'path prefix')
    }
    const direct = bySlash(model, tell)
    if (direct !== undefined) return direct
    const alias = aliases.get(model)
    if (alias !== undefined && alias !== model) {
      tell?.('alias', model, true, `stands for ${alias}`)
      return prefixed(resolve(query, alias, tell), `alias ${model} -> ${alias}`)
    }
    const newest = newestModels.get(model)
    if (newest !== undefined) {
      tell?.('family', model, true, `stands for its newest model, ${newest}`)
      return prefixed(resolve(query, newest, tell), `family ${model} -> ${newest}`)
    }
    return resolve(query, model, tell)
  }

  const resolve = (query: RouteQuery, model: string, tell?: Tell): Match | undefined => {
    if (model !== query.model) {
      const direct = bySlash(model, tell)
      if (direct !== undefined) return direct
    }
    const fitting = fittingRules(model)
    for (const compiled of tell === undefined ? fitting : rules) {
      if (tell !== undefined && !fitting.includes(compiled)) {
        const patterns = compiled.rule.match.join(', ')
        tell('rule', compiled.id, false, `\`match\` (${patterns}) does not fit ${model}`)
        continue
      }
      const failed = compiled.conditions.find(({ holds }) => !holds(query))
      if (failed !== undefined) {
        tell?.('rule', compiled.id, false, `its condition \`when.${failed.name}\` does not hold`)
        continue
      }
      const targets = compiled.rule.targets.flatMap((target) => toTarget(target, model))
      tell?.(
        'rule',
        compiled.id,
        targets.length > 0,
        targets.length > 0 ? 'it is the first that fits' : 'it fits, but none of its providers is configured',
      )
      if (targets.length === 0) continue
      const { policy } = compiled.rule
      return {
        rule: `route ${compiled.id}`,
        targets,
        isOrdered: true,
        ...(policy === undefined ? {} : { policy: { ...policy, id: compiled.id } }),
      }
    }
    const knowing = [...providers.values()].filter((provider) => provider.serves(model))
    for (const { id } of tell === undefined ? [] : knowing) tell?.('known', id, true, `it serves ${model}`)
    if (knowing.length > 0) {
      return { rule: 'built-in', targets: knowing.map((provider) => ({ provider, model })), isOrdered: false }
    }
    if (settings.fallback === undefined) return undefined
    const targets = toTarget(settings.fallback, model)
    tell?.(
      'fallback',
      settings.fallback.provider,
      targets.length > 0,
      'no rule and no provider knows the name',
    )
    return targets.length === 0 ? undefined : { rule: 'default fallback', targets, isOrdered: false }
  }

  /** `provider/model`. */
  const bySlash = (model: string, tell?: Tell): Match | undefined => {
    const slash = model.indexOf('/')
    const id = model.slice(0, Math.max(0, slash))
    if (slash <= 0 || !providers.has(id)) return undefined
    tell?.('pin', id, true, 'the name begins with the provider')
    return pinned(id, model.slice(slash + 1), 'provider/model') ?? nothing('provider/model')
  }

  const toTarget = (
    { provider: id, model, weight, promptCache }: RouteTarget,
    asked: string,
  ): readonly Target[] => {
    const provider = providers.get(id)
    if (provider === undefined) return []
    return [
      {
        provider,
        model: model ?? asked,
        ...(weight === undefined ? {} : { weight }),
        ...(promptCache === undefined ? {} : { promptCache }),
      },
    ]
  }

  const pinned = (id: string, model: string, rule: string): Match | undefined => {
    const provider = providers.get(id)
    if (provider === undefined || model === '') return undefined
    // A pinned loopback still answers for its own models only; the others may know models that we don't.
    if (provider.send !== undefined && !provider.serves(model)) return undefined
    return { rule, targets: [{ provider, model }], isOrdered: false }
  }

  return {
    find: (query) => look(query),
    explain(query) {
      const steps: RouteStep[] = []
      const match = look(query, (looked, name, fits, because) => steps.push({ looked, name, fits, because }))
      return { match, steps }
    },
    pinned: (provider, model) => pinned(provider, model, 'pinned'),
    anyModel(protocol, operation, pinnedProvider) {
      return [...providers.values()]
        .filter((provider) => pinnedProvider === undefined || provider.id === pinnedProvider)
        .filter((provider) => provider.speaks('', operation).includes(protocol))
        .map((provider) => ({ provider, model: '' }))
    },
    names: () => [...new Set([...aliases.keys(), ...exact, ...listed, ...newestModels.keys()])],
  }
}

const compileRule = (rule: RouteRule, index: number): CompiledRule => ({
  id: rule.name ?? rule.match[0] ?? `route ${index + 1}`,
  rule,
  conditions: compileConditions(rule.when),
})

const prefixed = (match: Match | undefined, words: string): Match | undefined =>
  match && { ...match, rule: `${words}, ${match.rule}` }

/** A pin that leads nowhere: no rule is asked in its place. */
const nothing = (rule: string): Match => ({ rule, targets: [], isOrdered: false })
