import { hourOf, type ShadowDrops, type ShadowStore } from '../../ledger/index.ts'
import type { MetricRegistry } from '../../telemetry/index.ts'

/** Why an exchange that was to be copied was not. */
export type DropReason =
  /** The primary gave no complete answer. */
  | 'no_answer'
  /** The primary's answer is too long to be kept for a comparison, or too many are kept. */
  | 'too_large'
  /** As many copies of this rule are under way as it allows. */
  | 'concurrent'
  /** It might cost more than is left of the rule's budget for the day, or has no known bound. */
  | 'budget'
  /** It asks for tools that run at the provider: a copy would run them a second time. */
  | 'server_tools'
  /** The target of the copies answered the client. */
  | 'same_target'
  /** The gateway stops. */
  | 'stopping'
  /** The copy could not be recorded, so it was not sent. */
  | 'unrecorded'

/** All copies of this process: how many there may be, and what became of them. Survives a reload. */
export interface ShadowCopies {
  /** Keeps bytes of an answer for a comparison; false when too many are kept. */
  hold(bytes: number): boolean
  letGo(bytes: number): void
  drop(route: string, reason: DropReason): void
  /** A copy that was sent has ended. */
  ended(route: string, result: string): void
  /**
   * Runs `work` a moment later, with a signal that ends it when it takes too long. Drops it when `concurrent` of the
   * route run. Never throws, and nobody waits for it.
   * @param over called once, when the work is over or was dropped
   */
  start(
    of: { readonly route: string; readonly concurrent: number },
    work: (signal: AbortSignal) => Promise<void>,
    over: () => void,
  ): void
  /** Writes down what was dropped. */
  flush(): Promise<void>
  /** Ends those that run, and starts no more. */
  stop(): Promise<void>
}

export interface ShadowCopiesParts {
  readonly store: Pick<ShadowStore, 'drop'>
  readonly registry: Pick<MetricRegistry, 'counter'>
  readonly onProblem: (message: string, error: unknown) => void
  readonly now: () => number
  /** The longest that a copy may take, in milliseconds. Default ten minutes. */
  readonly longest?: number
  /** Bytes of answers that may be kept at once. Default 64 MiB. */
  readonly mostBytes?: number
}

/** By then the last byte of the primary's answer is out and its row is written, in milliseconds. */
const moment = 50
/** How long stopping waits for copies to end, in milliseconds. */
const patience = 2_000

export const createShadowCopies = (parts: ShadowCopiesParts): ShadowCopies => {
  const { longest = 600_000, mostBytes = 64 * 1024 * 1024, now } = parts
  const count = parts.registry.counter({
    name: 'tollgate_shadow_total',
    help: 'Exchanges that were to be copied to another target, by what became of the copy.',
    labels: ['route', 'result'],
  })
  const running = new Map<string, number>()
  const stopping = new AbortController()
  const works = new Set<Promise<void>>()
  let drops = new Map<string, ShadowDrops>()
  let heldBytes = 0

  const drop = (route: string, reason: DropReason): void => {
    count(route, reason).add()
    add({ route, reason, hour: hourOf(now()), count: 1 })
  }
  const add = (more: ShadowDrops): void => {
    const name = JSON.stringify([more.route, more.hour, more.reason])
    drops.set(name, { ...more, count: more.count + (drops.get(name)?.count ?? 0) })
  }
  const flush = async (): Promise<void> => {
    const written = drops
    drops = new Map()
    try {
      await parts.store.drop([...written.values()])
    } catch (error) {
      for (const one of written.values()) add(one)
      parts.onProblem('dropped shadow copies cannot be counted', error)
    }
  }
  const run = async (route: string, work: (signal: AbortSignal) => Promise<void>): Promise<void> => {
    await Bun.sleep(moment)
    if (stopping.signal.aborted) return drop(route, 'stopping')
    try {
      await work(AbortSignal.any([stopping.signal, AbortSignal.timeout(longest)]))
    } catch (error) {
      parts.onProblem('a shadow copy failed', error)
    }
  }

  return {
    hold(bytes) {
      if (heldBytes + bytes > mostBytes) return false
      heldBytes += bytes
      return true
    },
    letGo(bytes) {
      heldBytes -= bytes
    },
    drop,
    ended: (route, result) => count(route, result).add(),
    start({ route, concurrent }, work, over) {
      const others = running.get(route) ?? 0
      const refused = stopping.signal.aborted ? 'stopping' : others >= concurrent ? 'concurrent' : undefined
      if (refused !== undefined) {
        drop(route, refused)
        return over()
      }
      running.set(route, others + 1)
      const done = run(route, work).finally(() => {
        works.delete(done)
        running.set(route, (running.get(route) ?? 1) - 1)
        over()
      })
      works.add(done)
    },
    flush,
    async stop() {
      stopping.abort()
      await Promise.race([Promise.all(works), Bun.sleep(patience)])
      await flush()
    },
  }
}
