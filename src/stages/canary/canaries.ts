import { type CanaryPrompt, type CanaryResult, type CanaryStore, canaryId } from '../../ledger/index.ts'
import type { Logger, MetricRegistry } from '../../telemetry/index.ts'
import type { CanaryOutcome } from './ask-canary.ts'

/** A prompt that is asked again and again. */
export interface Canary extends CanaryPrompt {
  /** Milliseconds. */
  readonly every: number
}

export interface CanariesParts {
  /** As configured now. */
  readonly canaries: () => readonly Canary[]
  /** Asks once; undefined where there is nobody to ask. */
  readonly ask: (prompt: CanaryPrompt, signal: AbortSignal) => Promise<CanaryOutcome | undefined>
  readonly store: Pick<CanaryStore, 'takeTurn' | 'record'>
  readonly registry: Pick<MetricRegistry, 'counter'>
  readonly logger: Pick<Logger, 'warn' | 'info'>
  readonly now: () => number
  /** 0 up to 1. */
  readonly random: () => number
  /** The longest that one may take, in milliseconds. Default one minute. */
  readonly longest?: number
}

/** Asks every canary in its time, one after the other. */
export interface Canaries {
  /** Asks those whose time has come, and resolves when that is done; while it runs, the same again. */
  tick(): Promise<void>
  start(): void
  /** Ends the one that runs, and starts no more. */
  stop(): Promise<void>
}

/** How often settings and clock are looked at, at most; also the longest wait before the first one. In milliseconds. */
const longestTick = 60_000
/** How long stopping waits for the one that runs, in milliseconds. */
const patience = 2_000
/** Timers are early now and then: what is due within this share of its time is due. */
const tolerance = 0.05

export const createCanaries = (parts: CanariesParts): Canaries => {
  const { store, logger, now, random, longest = 60_000 } = parts
  const count = parts.registry.counter({
    name: 'tollgate_canary_total',
    help: 'Canary prompts that were asked, by what the answer was.',
    labels: ['provider', 'model', 'canary', 'result'],
  })
  /** When each is due. */
  let due = new Map<string, number>()
  const results = new Map<string, CanaryResult>()
  const stopping = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  let running: Promise<void> | undefined

  /** New ones begin at some time soon, so that restarts and many processes do not ask all at once. */
  const plan = (): ReadonlyMap<string, Canary> => {
    const wanted = new Map(parts.canaries().map((canary) => [canaryId(canary), canary]))
    due = new Map(
      [...wanted].map(([id, { every }]) => {
        const time = due.get(id) ?? now() + random() * Math.min(every, longestTick)
        // What became more frequent does not wait for the old time.
        return [id, Math.min(time, now() + every)]
      }),
    )
    return wanted
  }
  const tell = (
    id: string,
    { provider, model }: Canary,
    { result, error, exchange }: CanaryOutcome,
  ): void => {
    count(provider, model, id, result).add()
    const before = results.get(id) ?? 'passed'
    results.set(id, result)
    if (before === result) return
    const fields = { canary: id, provider, model, exchange, ...(error === null ? {} : { reason: error }) }
    if (result === 'passed') logger.info('a canary is answered as expected again', fields)
    else if (result === 'failed') logger.warn('a canary is not answered as expected', fields)
    else logger.warn('a canary gets no answer', fields)
  }
  const ask = async (id: string, canary: Canary): Promise<void> => {
    const { every } = canary
    const at = now()
    due.set(id, at + every)
    try {
      const taken = await store.takeTurn({ canary: id, at, notSince: at - every * (1 - tolerance) })
      if (taken !== at) return void due.set(id, Math.max(at, taken + every))
      const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(longest)])
      const outcome = await parts.ask(canary, signal)
      // What we ended ourselves says nothing about the upstream.
      if (stopping.signal.aborted) return
      if (outcome === undefined) {
        logger.warn('a canary has nobody to ask', {
          canary: id,
          provider: canary.provider,
          model: canary.model,
        })
        return
      }
      tell(id, canary, outcome)
      const { provider, model } = canary
      await store.record({ canary: id, provider, model, ...outcome })
    } catch (error) {
      // Where the turn was taken, it is refused until its time.
      due.set(id, at + Math.min(every, longestTick))
      logger.warn('a canary could not be run or recorded', {
        canary: id,
        error: error instanceof Error ? error.message : undefined,
      })
    }
  }
  const askAll = async (): Promise<void> => {
    const wanted = plan()
    const order = [...wanted].toSorted(([one], [other]) => (due.get(one) ?? 0) - (due.get(other) ?? 0))
    for (const [id, canary] of order) {
      if (stopping.signal.aborted) return
      if ((due.get(id) ?? 0) <= now()) await ask(id, canary)
    }
  }
  const tick = (): Promise<void> => {
    running ??= askAll().finally(() => {
      running = undefined
    })
    return running
  }
  const wait = (): void => {
    plan()
    const delay = Math.min(longestTick, ...[...due.values()].map((time) => time - now()))
    timer = setTimeout(
      () => {
        void tick().finally(() => {
          if (!stopping.signal.aborted) wait()
        })
      },
      Math.max(1, delay),
    )
    timer.unref()
  }
  return {
    tick,
    start: wait,
    async stop() {
      stopping.abort()
      clearTimeout(timer)
      await Promise.race([running, Bun.sleep(patience)])
    },
  }
}
