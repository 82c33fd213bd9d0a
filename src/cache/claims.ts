import type { State } from '../state/index.ts'
import type { AnswerPlace } from './answer-store.ts'

/** The right to ask a provider for an answer, while all who share the cache wait for it. */
export interface Claim {
  /**
   * @param outcome `kept`: the answer is there for all; `left`: somebody else may ask; `nothing`: there is none to be had,
   * and whoever waits asks for itself
   */
  release(outcome: ClaimOutcome): void
}

export type ClaimOutcome = 'kept' | 'left' | 'nothing'

/** Who asks for what, among all gateways that share what is kept. */
export interface Claims {
  /** `taken`: another gateway asks. Undefined: ask, and nobody waits for it. Never rejects. */
  take(place: AnswerPlace): Promise<Claim | 'taken' | undefined>
}

export interface SharedClaimsOptions {
  readonly state: Pick<State, 'increment' | 'set' | 'delete'>
  /** Until a claim of a gateway that died is void, in milliseconds. */
  readonly lease?: number
  /** How long a claim is prolonged at most, in milliseconds. */
  readonly longest: number
}

const usualLease = 5_000
/** So long whoever waits hears that there is nothing to wait for, in milliseconds. */
const nothingFor = 2_000
/** However often it is asked, it stays below 0. */
const nothing = '-1000000000'

/** A counter for each answer that is being asked for: who makes it 1 asks. */
export const sharedClaims = ({ state, lease = usualLease, longest }: SharedClaimsOptions): Claims => ({
  async take(place) {
    const name = `asking/${place.organisation}/${place.hash}`
    const count = await state.increment(name, 1, lease).catch(() => undefined)
    if (count === undefined || count < 0) return undefined
    if (count > 1) return 'taken'
    // What cannot be said now ends by itself.
    const quietly = (said: Promise<void>): void => void said.catch(() => undefined)
    const prolonging = setInterval(() => quietly(state.set(name, '1', lease)), lease / 3)
    const enough = setTimeout(() => clearInterval(prolonging), longest)
    return {
      release(outcome) {
        clearInterval(prolonging)
        clearTimeout(enough)
        quietly(outcome === 'nothing' ? state.set(name, nothing, nothingFor) : state.delete(name))
      },
    }
  },
})

/** Where nobody shares what is kept: each process asks for itself. */
export const noClaims: Claims = { take: async () => undefined }
