/** Lets one holder in at a time, in the order of asking. */
export interface Mutex {
  /** Resolves with the function that lets the next one in. Call it exactly once. */
  readonly lock: () => Promise<() => void>
}

export const createMutex = (): Mutex => {
  const waiting: (() => void)[] = []
  let held = false
  const release = () => {
    const next = waiting.shift()
    if (next === undefined) held = false
    else next()
  }
  return {
    lock: () => {
      if (!held) {
        held = true
        return Promise.resolve(release)
      }
      return new Promise((resolve) => waiting.push(() => resolve(release)))
    },
  }
}
