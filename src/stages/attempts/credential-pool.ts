import type { Credential } from '../../providers/index.ts'

/** A provider's keys: used in turn, and left alone once the provider refused one or limits its rate. */
export interface CredentialPool {
  /**
   * The keys that may be used for a model, the next in turn first.
   * @param preferred id of the one that goes before all others if it may be used
   */
  order(provider: string, model: string, preferred?: string): readonly Credential[]
  /** All keys, those first that rest for the shortest time: for when there is nothing else to try. */
  anyway(provider: string, model: string): readonly Credential[]
  byId(provider: string, id: string): Credential | undefined
  /** The provider answered 401, 402 or 403 to it, or that its account is empty. False: that was known already. */
  refuse(credential: Credential): boolean
  /** The provider answered 429. @param until when it takes the next call, in milliseconds since 1970 */
  limit(credential: Credential, model: string, until: number): void
  /** It worked, so it is good again. True: it had been refused. */
  accept(credential: Credential): boolean
  /** What has been learned, for the pool after this one. */
  memory(): PoolMemory
}

/** What providers said about credentials. */
export interface PoolMemory {
  readonly credentials: ReadonlyMap<string, readonly Credential[]>
  readonly refusals: ReadonlyMap<string, Refusal>
  readonly limits: ReadonlyMap<string, number>
}

/** How long a refused credential rests, in milliseconds: doubled each time that it is refused again, up to an hour. */
const shortestRest = 60_000
const longestRest = 3_600_000

interface Refusal {
  readonly until: number
  readonly rest: number
}

/**
 * A refused key is out until it is fixed. Nobody tells when that is, other than a reload, which begins with a new
 * pool, and a new secret for it; so it is also tried again after a while, at growing distances. Rates are limited per
 * model by most providers.
 *
 * @param before counts for the credentials that are the same in this pool
 */
export const createCredentialPool = (
  credentials: ReadonlyMap<string, readonly Credential[]>,
  now: () => number,
  before?: PoolMemory,
): CredentialPool => {
  const isSame = sameCredentials(before?.credentials, credentials)
  const refusals = new Map([...(before?.refusals ?? [])].filter(([id]) => isSame(id)))
  const limits = new Map(
    [...(before?.limits ?? [])].filter(([key]) => isSame(key.slice(0, key.indexOf('\n')))),
  )
  const turn = new Map<string, number>()
  const restsUntil = (credential: Credential, model: string): number =>
    Math.max(refusals.get(credential.id)?.until ?? 0, limits.get(limitKey(credential, model)) ?? 0)

  return {
    order(provider, model, preferred) {
      const all = credentials.get(provider) ?? []
      const time = now()
      const usable =
        refusals.size === 0 && limits.size === 0 ? all : all.filter((one) => restsUntil(one, model) <= time)
      if (usable.length <= 1) return usable
      const sticky = usable.find((one) => one.id === preferred)
      if (sticky !== undefined) return [sticky, ...usable.filter((one) => one !== sticky)]
      const first = (turn.get(provider) ?? 0) % usable.length
      turn.set(provider, first + 1)
      return [...usable.slice(first), ...usable.slice(0, first)]
    },
    anyway: (provider, model) =>
      [...(credentials.get(provider) ?? [])].sort((a, b) => restsUntil(a, model) - restsUntil(b, model)),
    byId: (provider, id) => credentials.get(provider)?.find((credential) => credential.id === id),
    refuse(credential) {
      const before = refusals.get(credential.id)
      const time = now()
      // Calls that were under way together are one refusal.
      if (before !== undefined && before.until > time) return false
      const rest = before === undefined ? shortestRest : Math.min(longestRest, before.rest * 2)
      refusals.set(credential.id, { until: time + rest, rest })
      return true
    },
    limit(credential, model, until) {
      if (limits.size >= mostLimits) forgetPast(limits, now())
      limits.set(limitKey(credential, model), until)
    },
    accept(credential) {
      return refusals.size > 0 && refusals.delete(credential.id)
    },
    memory: () => ({ credentials, refusals, limits }),
  }
}

/** Tells whether a credential has the secret that it had. */
const sameCredentials = (
  before: PoolMemory['credentials'] = new Map(),
  after: PoolMemory['credentials'],
): ((id: string) => boolean) => {
  const versionsOf = (pool: PoolMemory['credentials']) =>
    new Map([...pool.values()].flat().map(({ id, version }) => [id, version]))
  const [old, current] = [versionsOf(before), versionsOf(after)]
  return (id) => old.has(id) && current.has(id) && old.get(id) === current.get(id)
}

/** Models are named by clients. */
const mostLimits = 1000

const limitKey = (credential: Credential, model: string): string => `${credential.id}\n${model}`

const forgetPast = (limits: Map<string, number>, time: number): void => {
  for (const [key, until] of limits) if (until <= time) limits.delete(key)
  for (const key of limits.keys()) {
    if (limits.size < mostLimits) return
    limits.delete(key)
  }
}
