/** How long upstreams take to their first content, newer ones counting more. */
export interface LatencyBook {
  observe(upstream: string, milliseconds: number): void
  /** Milliseconds; undefined where nothing is known, or nothing of late. */
  expected(upstream: string): number | undefined
  /** Milliseconds within which 95 of 100 calls of late were; undefined where too few are known. */
  p95(upstream: string): number | undefined
}

/** After so long an observation counts half, in milliseconds. */
const halfLife = 60_000
/** After so long nobody can tell any more; the upstream is then tried as a new one. */
const forgotten = 5 * 60_000
/** Upstreams are named by clients' models. */
const mostUpstreams = 2000
/** The last calls of an upstream that its p95 is taken from, and how many it takes to speak of one. */
const mostKept = 64
const fewest = 20

interface Observed {
  readonly mean: number
  readonly at: number
  /** A ring, the newest before `next`. */
  readonly last: number[]
  readonly next: number
}

/** A mean whose memory fades with time and not with the number of calls, so that a quiet upstream is not judged by its past. */
export const createLatencyBook = (now: () => number): LatencyBook => {
  const book = new Map<string, Observed>()
  return {
    observe(upstream, milliseconds) {
      const at = now()
      const before = book.get(upstream)
      // Each call counts at least a fifth, also in a burst; the older the mean, the more.
      const share = before === undefined ? 1 : Math.max(0.2, 1 - 0.5 ** ((at - before.at) / halfLife))
      const mean = before === undefined ? milliseconds : before.mean + (milliseconds - before.mean) * share
      book.delete(upstream)
      if (book.size >= mostUpstreams) for (const oldest of book.keys()) if (book.delete(oldest)) break
      const last = before?.last ?? []
      const next = before?.next ?? 0
      last[next] = milliseconds
      book.set(upstream, { mean, at, last, next: (next + 1) % mostKept })
    },
    p95(upstream) {
      const observed = book.get(upstream)
      if (observed === undefined || observed.last.length < fewest) return undefined
      const sorted = observed.last.toSorted((a, b) => a - b)
      return sorted[Math.ceil(sorted.length * 0.95) - 1]
    },
    expected(upstream) {
      const observed = book.get(upstream)
      return observed === undefined || now() - observed.at > forgotten ? undefined : observed.mean
    },
  }
}
