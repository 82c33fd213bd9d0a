/** Lets one in at a time, in the order of asking. */
export interface Turns {
  /** Resolves with the function that ends the turn. */
  take(): Promise<() => void>
}

export const createTurns = (): Turns => {
  let last: Promise<void> = Promise.resolve()
  return {
    async take() {
      const before = last
      const turn = Promise.withResolvers<void>()
      last = turn.promise
      await before
      return turn.resolve
    },
  }
}
