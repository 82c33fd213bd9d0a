import type { Credential } from '../../providers/index.ts'

/** A provider's keys: used in turn, and left alone for a while once the provider refused one. */
export interface CredentialPool {
  /** Usable ones first, starting with the next in turn; refused ones are not in it. */
  order(provider: string): readonly Credential[]
  byId(provider: string, id: string): Credential | undefined
  /** The provider answered 401, 402 or 403 to it. */
  refuse(credential: Credential): void
  /** It worked, so it is good again. */
  accept(credential: Credential): void
}

/** How long a refused credential rests, in milliseconds: long enough to spare the provider, short enough to heal by itself. */
const rest = 60_000

export const createCredentialPool = (
  credentials: ReadonlyMap<string, readonly Credential[]>,
  now: () => number,
): CredentialPool => {
  const restingUntil = new Map<string, number>()
  const turn = new Map<string, number>()
  return {
    order(provider) {
      const all = credentials.get(provider) ?? []
      if (all.length <= 1 && restingUntil.size === 0) return all
      const usable = all.filter((credential) => (restingUntil.get(credential.id) ?? 0) <= now())
      if (usable.length <= 1) return usable
      const first = (turn.get(provider) ?? 0) % usable.length
      turn.set(provider, first + 1)
      return [...usable.slice(first), ...usable.slice(0, first)]
    },
    byId: (provider, id) => credentials.get(provider)?.find((credential) => credential.id === id),
    refuse(credential) {
      restingUntil.set(credential.id, now() + rest)
    },
    accept(credential) {
      if (restingUntil.size > 0) restingUntil.delete(credential.id)
    },
  }
}
