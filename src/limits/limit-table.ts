import { compileGlob, type Glob, type KeyLimits } from '../accounts/index.ts'
import {
  type LimitLevel,
  type LimitPeriod,
  type LimitRule,
  type LimitUnit,
  limitPeriods,
  type ProviderLimits,
  ratesOfKey,
} from './limit-rule.ts'

/** Who and what an exchange is about. What is absent is not known, or there is none. */
export interface LimitSubject {
  readonly organisation: string
  readonly team: string | null
  readonly user: string | null
  readonly key: string | null
  readonly keyName: string
  readonly session: string | null
  readonly tags: readonly string[]
  readonly address: string
  /** Of the key's own. */
  readonly own?: KeyLimits | undefined
}

export interface LimitTarget {
  readonly provider: string
  readonly model: string
  readonly credential: string
}

/** One limit with the one counter that an exchange is about. */
export interface Bound {
  /** `credential` for what a provider allows one of its keys. */
  readonly level: LimitLevel | 'credential'
  /** Id of whom the counter is for; null for everybody together. */
  readonly subject: string | null
  readonly unit: LimitUnit | 'concurrent'
  readonly per: LimitPeriod | null
  readonly limit: number
  /** How much may come at once. */
  readonly capacity: number
  /** Milliseconds in which `limit` flows in; 0 for `concurrent`. */
  readonly period: number
  /** Name of the counter. */
  readonly key: string
}

export interface LimitTable {
  readonly rules: readonly LimitRule[]
  /** Is there any for who sends exchanges, but for keys' own? */
  readonly limitsExchanges: boolean
  /** Is there any for targets? */
  readonly limitsTargets: boolean
  /** Limits of the whole exchange: who sends it, from where, its session and tags. */
  ofExchange(subject: LimitSubject): readonly Bound[]
  /** Limits of the target of one attempt: its model, its provider, and what the provider allows. */
  ofTarget(target: LimitTarget): readonly Bound[]
  providerLimits(provider: string): ProviderLimits | undefined
}

interface Compiled {
  readonly level: LimitLevel
  readonly matches: Glob | undefined
  readonly windows: readonly Window[]
}

/** A limit without its subject. */
type Window = Omit<Bound, 'level' | 'subject' | 'key'> & { readonly name: string }

const none: readonly Bound[] = []
/** Clients name models. */
const longestModel = 256

/** Which limits apply to whom. */
export const createLimitTable = (
  rules: readonly LimitRule[],
  providers: Readonly<Record<string, ProviderLimits>> = {},
): LimitTable => {
  const compiled = smallestOfEach(rules)
  const ofTarget = compiled.filter(({ level }) => level === 'model' || level === 'provider')
  const ofExchange = compiled.filter((rule) => !ofTarget.includes(rule))
  const allowed = new Map(
    Object.entries(providers).map(([provider, limits]) => [provider, { limits, windows: windowsOf(limits) }]),
  )
  const ownWindows = new WeakMap<KeyLimits, readonly Window[]>()

  const windowsOfKey = (own: KeyLimits): readonly Window[] => {
    const known = ownWindows.get(own)
    if (known !== undefined) return known
    const windows = windowsOf({ rates: ratesOfKey(own), concurrent: own.concurrent ?? null })
    ownWindows.set(own, windows)
    return windows
  }
  return {
    rules,
    limitsExchanges: ofExchange.length > 0,
    limitsTargets: ofTarget.length > 0 || allowed.size > 0,
    ofExchange(subject) {
      const { own, key } = subject
      if (ofExchange.length === 0 && own === undefined) return none
      const bounds: Bound[] = []
      for (const rule of ofExchange) addBounds(bounds, rule, subject)
      if (own !== undefined && key !== null) add(bounds, 'key', `key-own/${key}`, key, windowsOfKey(own))
      return bounds
    },
    ofTarget({ provider, model, credential }) {
      const allows = allowed.get(provider)
      if (ofTarget.length === 0 && allows === undefined) return none
      const bounds: Bound[] = []
      for (const { level, matches, windows } of ofTarget) {
        const id = level === 'model' ? model.slice(0, longestModel) : provider
        if (id !== '' && (matches === undefined || matches(id)))
          add(bounds, level, `${level}/${id}`, id, windows)
      }
      if (allows?.limits.per === 'provider') {
        add(bounds, 'provider', `provider-own/${provider}`, provider, allows.windows)
      } else if (allows !== undefined) {
        add(bounds, 'credential', `credential/${provider}/${credential}`, credential, allows.windows)
      }
      return bounds
    },
    providerLimits: (provider) => allowed.get(provider)?.limits,
  }
}

const windowsOf = ({ rates, concurrent }: Pick<LimitRule, 'rates' | 'concurrent'>): readonly Window[] => [
  ...rates.map(({ unit, per, limit, capacity }) => ({
    unit,
    per,
    limit,
    capacity,
    period: limitPeriods[per],
    name: `${unit}/${per}`,
  })),
  ...(concurrent === null
    ? []
    : [
        {
          unit: 'concurrent' as const,
          per: null,
          limit: concurrent,
          capacity: concurrent,
          period: 0,
          name: 'concurrent',
        },
      ]),
]

/**
 * Counters are named after whom and what they count, so that they outlive a change of the limit. Rules that say the
 * same of the same would share one, and only the smallest of them can ever be in the way.
 */
const smallestOfEach = (rules: readonly LimitRule[]): readonly Compiled[] => {
  const byPlace = new Map<string, { readonly rule: LimitRule; readonly windows: Map<string, Window> }>()
  for (const rule of rules) {
    const place = `${rule.level} ${rule.match ?? ''}`
    const known = byPlace.get(place) ?? { rule, windows: new Map<string, Window>() }
    byPlace.set(place, known)
    for (const window of windowsOf(rule)) {
      const before = known.windows.get(window.name)
      if (before === undefined || window.limit < before.limit) known.windows.set(window.name, window)
    }
  }
  return [...byPlace.values()].map(({ rule: { level, match }, windows }) => ({
    level,
    matches: match === null || match === '*' ? undefined : compileGlob(match),
    // Two patterns may fit the same key: each has a counter of its own.
    windows: [...windows.values()].map((window) =>
      match === null ? window : { ...window, name: `${window.name} ${match}` },
    ),
  }))
}

const addBounds = (bounds: Bound[], { level, matches, windows }: Compiled, subject: LimitSubject): void => {
  const one = (id: string | null, name?: string, folder = ''): void => {
    if (id === null || id === '') return
    if (matches !== undefined && !matches(id) && (name === undefined || !matches(name))) return
    add(bounds, level, `${level}/${folder}${id}`, id, windows)
  }
  switch (level) {
    case 'global':
      add(bounds, level, 'global', null, windows)
      return
    case 'organisation':
      one(subject.organisation)
      return
    case 'team':
      one(subject.team)
      return
    case 'user':
      one(subject.user)
      return
    case 'key':
      one(subject.key, subject.keyName)
      return
    case 'ip':
      one(subject.address)
      return
    case 'session':
      // Clients choose the names of sessions: two organisations may choose the same.
      one(subject.session, undefined, `${subject.organisation}/${subject.key ?? ''}/`)
      return
    case 'tag':
      for (const tag of subject.tags) one(tag, undefined, `${subject.organisation}/`)
      return
    case 'model':
    case 'provider':
      return
  }
}

const add = (
  bounds: Bound[],
  level: Bound['level'],
  place: string,
  subject: string | null,
  windows: readonly Window[],
): void => {
  for (const { unit, per, limit, capacity, period, name } of windows) {
    bounds.push({ level, subject, unit, per, limit, capacity, period, key: `limit/${place}/${name}` })
  }
}
