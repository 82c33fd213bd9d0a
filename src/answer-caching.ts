import type { KeyObject } from 'node:crypto'
import { z } from 'zod'
import {
  type AnswerCache,
  type CacheStats,
  createAnswerCache,
  memoryStore,
  type StoreSize,
  sharedStore,
} from './cache/index.ts'
import type { Settings } from './settings.ts'
import type { State } from './state/index.ts'
import type { Logger, MetricRegistry } from './telemetry/index.ts'

export interface AnswerCachingParts {
  /** What the gateways share; where there is no Redis, what the workers of this machine do. */
  readonly state: State
  readonly keyOf: (organisation: string) => KeyObject
  /** Requests are named by digests under it: who reads the store or the ledger cannot try out what was asked. */
  readonly nameKeyOf: (organisation: string) => KeyObject
  readonly settings: () => Pick<Settings, 'cache'>
  readonly logger: Pick<Logger, 'warn'>
  readonly registry: MetricRegistry
  readonly now: () => number
}

/** The cache of answers of this process, whatever the configuration says. */
export interface AnswerCaching {
  readonly cache: AnswerCache
  /** Removes what is kept here and at all others; resolves to how many answers this process knew of. */
  purge(organisation: string | undefined): Promise<number>
  close(): void
}

const purges = 'answers/purge'
const purgeShape = z.object({ organisation: z.string().nullable() })

export const createAnswerCaching = (parts: AnswerCachingParts): AnswerCaching => {
  const { state, settings, logger, registry, now } = parts
  const memory = memoryStore({ most: () => settings().cache.memory, now })
  const shared = sharedStore({ state, keyOf: parts.keyOf })
  const results = registry.counter({
    name: 'tollgate_cache_exchanges_total',
    help: 'Exchanges for which the cache of answers was on, by what it did.',
    labels: ['result'],
  })
  const saved = registry.counter({
    name: 'tollgate_cache_saved_nano_usd_total',
    help: 'What answers from the cache would have cost, in billionths of a US dollar.',
  })
  const bytes = registry.gauge({
    name: 'tollgate_cache_bytes',
    help: 'Bytes of the answers that this process keeps in its memory.',
  })
  const cache = createAnswerCache({
    nameKeyOf: parts.nameKeyOf,
    store: () => (settings().cache.backend === 'redis' ? shared : memory),
    mostEntryBytes: () => settings().cache.largest_entry,
    now,
    onProblem: (message, error) =>
      logger.warn(message, { error: error instanceof Error ? error.message : undefined }),
    onResult(result, savedNanoUsd) {
      results(result).add()
      if (savedNanoUsd > 0n) saved().add(savedNanoUsd)
      bytes().set(memory.size()?.bytes ?? 0)
    },
  })
  const unsubscribe = state.subscribe(purges, (text) => {
    const read = purgeShape.safeParse(parseJson(text))
    if (read.success) void memory.clear(read.data.organisation ?? undefined)
  })
  return {
    cache,
    async purge(organisation) {
      const count = await cache.clear(organisation)
      await memory.clear(organisation)
      await state.publish(purges, JSON.stringify({ organisation: organisation ?? null }))
      return count
    },
    close: unsubscribe,
  }
}

const sizeShape = z.object({ entries: z.number(), bytes: z.number(), evicted: z.number() })
const amount = z.string().regex(/^\d+$/).transform(BigInt)
const statsShape = z.object({
  ...{ hits: z.number(), misses: z.number(), bypasses: z.number() },
  ...{ kept: z.number(), tooLarge: z.number(), faults: z.number() },
  savedNanoUsd: amount,
  size: sizeShape.optional(),
})

/** For another process of the same gateway. */
export const packStats = ({ savedNanoUsd, ...stats }: CacheStats): string =>
  JSON.stringify({ ...stats, savedNanoUsd: savedNanoUsd.toString() })

/** Of several processes together; what cannot be read counts for nothing. */
export const joinStats = (own: CacheStats, others: readonly string[]): CacheStats =>
  others.reduce((sum: CacheStats, text) => {
    const read = statsShape.safeParse(parseJson(text))
    if (!read.success) return sum
    const one = read.data
    return {
      hits: sum.hits + one.hits,
      misses: sum.misses + one.misses,
      bypasses: sum.bypasses + one.bypasses,
      kept: sum.kept + one.kept,
      tooLarge: sum.tooLarge + one.tooLarge,
      faults: sum.faults + one.faults,
      savedNanoUsd: sum.savedNanoUsd + one.savedNanoUsd,
      size: joinSizes(sum.size, one.size),
    }
  }, own)

/** Undefined for what is no JSON. */
const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const joinSizes = (one: StoreSize | undefined, other: StoreSize | undefined): StoreSize | undefined =>
  one === undefined || other === undefined
    ? (one ?? other)
    : {
        entries: one.entries + other.entries,
        bytes: one.bytes + other.bytes,
        evicted: one.evicted + other.evicted,
      }
