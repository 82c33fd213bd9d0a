import type { KeyObject } from 'node:crypto'
import { z } from 'zod'
import {
  type AnswerCache,
  createAnswerCache,
  longestWait,
  memoryIndex,
  memoryStore,
  noClaims,
  type SharedIndex,
  type SimilarIndex,
  sharedClaims,
  sharedIndex,
  sharedStore,
  vectorSetIndex,
} from './cache/index.ts'
import { parseJson } from './ir/index.ts'
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
  const claims = sharedClaims({ state, longest: longestWait })
  const bounds = {
    most: () => settings().cache.similar.questions,
    mostBytes: () => settings().cache.similar.memory,
  }
  const ownIndex = memoryIndex({ ...bounds, now })
  const onProblem = (message: string, error: unknown): void =>
    logger.warn(message, { error: error instanceof Error ? error.message : undefined })
  const vectorIndex =
    state.vectors &&
    vectorSetIndex({
      ...{ ...bounds, sets: state.vectors, keyOf: parts.keyOf, now },
      onProblem: (message, error) => cache.fault(message, error),
      onUnsupported: () =>
        logger.warn(
          'redis has no vector sets, so no question is found that means the same: it must be 8.0 or newer, or set cache.similar.index to memory',
        ),
    })
  /** Made where it is wanted first: it reads what others have kept. */
  let commonIndex: SharedIndex | undefined
  const similar = (): SimilarIndex => {
    const { backend, similar } = settings().cache
    if (backend === 'memory' || similar.embeddings === undefined) return ownIndex
    if (similar.index === 'redis-vector-sets' && vectorIndex !== undefined) return vectorIndex
    commonIndex ??= sharedIndex({
      ...{ own: ownIndex, state, keyOf: parts.keyOf, now },
      onProblem: (message, error) => cache.fault(message, error),
    })
    return commonIndex
  }
  const results = registry.counter({
    name: 'tollgate_cache_exchanges_total',
    help: 'Exchanges for which the cache of answers was on, by what it did.',
    labels: ['result'],
  })
  const judged = registry.counter({
    name: 'tollgate_cache_judged_total',
    help: 'Kept answers that were compared with new ones of questions that mean the same, by verdict.',
    labels: ['verdict'],
  })
  const saved = registry.counter({
    name: 'tollgate_cache_saved_nano_usd_total',
    help: 'What answers from the cache would have cost, in billionths of a US dollar.',
  })
  const bytes = registry.gauge({
    name: 'tollgate_cache_bytes',
    help: 'Bytes of the answers that this process keeps in its memory.',
  })
  const cache: AnswerCache = createAnswerCache({
    nameKeyOf: parts.nameKeyOf,
    store: () => (settings().cache.backend === 'redis' ? shared : memory),
    claims: () => (settings().cache.backend === 'redis' ? claims : noClaims),
    similar,
    mostEntryBytes: () => settings().cache.largest_entry,
    now,
    onProblem,
    onJudged: (isRight) => judged(isRight ? 'right' : 'wrong').add(),
    onResult(result, savedNanoUsd) {
      results(result).add()
      if (savedNanoUsd > 0n) saved().add(savedNanoUsd)
      bytes().set(memory.size()?.bytes ?? 0)
    },
  })
  const unsubscribe = state.subscribe(purges, (text) => {
    const read = purgeShape.safeParse(parseJson(text))
    if (!read.success) return
    const organisation = read.data.organisation ?? undefined
    cache.forget(organisation)
    void memory.clear(organisation)
    void ownIndex.clear(organisation)
  })
  return {
    cache,
    async purge(organisation) {
      const count = await cache.clear(organisation)
      await memory.clear(organisation)
      await state.publish(purges, JSON.stringify({ organisation: organisation ?? null }))
      return count
    },
    close() {
      unsubscribe()
      commonIndex?.close()
    },
  }
}
