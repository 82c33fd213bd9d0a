/** How a call ended that others waited for. */
export type Landing<Answer> =
  | { readonly type: 'answer'; readonly answer: Answer }
  /** There is an answer, but none that others may have; or none at all. */
  | { readonly type: 'nothing' }
  /** Whoever asked went away before the answer was there: somebody else may ask. */
  | { readonly type: 'left' }

/** What the first asks, for all who ask the same in the meantime. */
export interface Flight<Answer> {
  /**
   * Tells those who wait; only the first call counts.
   * @param kept until this is settled, whoever asks the same gets the landing at once
   */
  land(landing: Landing<Answer>, kept?: Promise<unknown>): void
}

export type Boarded<Answer> =
  | { readonly role: 'leader'; readonly flight: Flight<Answer> }
  | { readonly role: 'follower'; readonly landing: Promise<Landing<Answer>> }

export interface Flights<Answer> {
  board(key: string): Boarded<Answer>
  /** Whoever asks from now on asks anew; those who wait get what they wait for. */
  clear(): void
  /** Calls that others may wait for. */
  readonly size: number
}

/**
 * One call under way for each key in this process.
 * @param longest milliseconds; whoever asks later than that after the first asks anew, so that a call that never ends
 * keeps nobody
 */
export const createFlights = <Answer>(longest: number, now: () => number): Flights<Answer> => {
  const flying = new Map<string, { readonly since: number; readonly landing: Promise<Landing<Answer>> }>()
  return {
    board(key) {
      const found = flying.get(key)
      if (found !== undefined && now() - found.since < longest)
        return { role: 'follower', landing: found.landing }
      const { promise, resolve } = Promise.withResolvers<Landing<Answer>>()
      const own = { since: now(), landing: promise }
      flying.set(key, own)
      const forget = (): void => {
        if (flying.get(key) === own) flying.delete(key)
      }
      return {
        role: 'leader',
        flight: {
          land(landing, kept) {
            resolve(landing)
            if (kept === undefined) forget()
            else kept.then(forget, forget)
          },
        },
      }
    },
    clear: () => flying.clear(),
    get size() {
      return flying.size
    },
  }
}
