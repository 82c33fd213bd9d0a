export interface BackoffOptions {
  /** Milliseconds before the first try again. Default 100. */
  readonly first?: number
  /** Default 10,000. */
  readonly maximum?: number
  /** Who was well for this long begins anew. Default 60,000. */
  readonly healthy?: number
}

/** Waiting times that double. `next` takes how long the last try went well and gives milliseconds to wait. */
export const createBackoff = (options: BackoffOptions = {}): { next(wellFor: number): number } => {
  const { first = 100, maximum = 10_000, healthy = 60_000 } = options
  let failures = 0
  return {
    next: (wellFor) => {
      failures = wellFor >= healthy ? 1 : failures + 1
      return Math.min(maximum, first * 2 ** Math.min(failures - 1, 30))
    },
  }
}
