import type { KeyObject } from 'node:crypto'
import type { AnswerPlace, AnswerStore, StoreSize } from './answer-store.ts'
import type { Claims } from './claims.ts'
import { createFlights, type Flights } from './flights.ts'
import { createPurges } from './purges.ts'
import { createRequestMemory, type RequestMemory } from './request-memory.ts'
import type { SimilarIndex, SimilarSize } from './similar/similar-index.ts'
import { readAnswer, type StoredAnswer, writeAnswer } from './stored-answer.ts'

export type CacheResult = 'hit-exact' | 'hit-semantic' | 'miss' | 'bypass'

/** An answer that is there, and how it was found. */
export interface KnownAnswer {
  readonly answer: StoredAnswer
  /** Of the question that it was given to; absent where that is the same. */
  readonly similarity?: number
}

export interface CacheCounts {
  readonly hits: number
  /** Of these, answers of questions that mean the same. */
  readonly similarHits: number
  /** Kept answers that were compared with new ones: how many were right for the new question, and how many wrong. */
  readonly judgedRight: number
  readonly judgedWrong: number
  readonly misses: number
  readonly bypasses: number
  /** Answers that were kept, and such as were larger than one may be. */
  readonly kept: number
  readonly tooLarge: number
  /** Calls of the store that failed. */
  readonly faults: number
  /** What hits would have cost. */
  readonly savedNanoUsd: bigint
}

export interface CacheStats extends CacheCounts {
  /** Undefined where another process holds the answers. */
  readonly size: StoreSize | undefined
  /** Questions by what they mean; undefined where they cannot be counted. */
  readonly similar: SimilarSize | undefined
}

export interface AnswerCacheParts {
  readonly nameKeyOf: (organisation: string) => KeyObject
  readonly store: () => AnswerStore
  readonly claims: () => Claims
  readonly similar: () => SimilarIndex
  /** Bytes of one answer. */
  readonly mostEntryBytes: () => number
  readonly now: () => number
  readonly onProblem: (message: string, error: unknown) => void
  readonly onJudged?: (isRight: boolean) => void
  readonly onResult?: (result: CacheResult, savedNanoUsd: bigint) => void
}

export interface AnswerCache {
  /** What an organisation's requests are named under. */
  nameKeyOf(organisation: string): KeyObject
  readonly flights: Flights<KnownAnswer>
  /** Among processes, as `flights` is within this one. */
  readonly claims: Claims
  readonly requests: RequestMemory
  readonly similar: SimilarIndex
  /** Never rejects: a store that is away knows nothing. */
  find(place: AnswerPlace): Promise<StoredAnswer | undefined>
  /** Whether the store says that it has no such answer; false where it cannot be asked. Never rejects. */
  isGone(place: AnswerPlace): Promise<boolean>
  /** Changes whenever answers of the organisation were purged: what was asked before is not to be kept any more. */
  epoch(organisation: string): string
  /** Never rejects. Resolves to whether the answer is kept. @param ttl milliseconds */
  keep(place: AnswerPlace, answer: StoredAnswer, ttl: number): Promise<boolean>
  count(result: CacheResult, savedNanoUsd?: bigint): void
  countJudged(isRight: boolean): void
  /** Counts what went wrong, and tells the log of one a minute. */
  fault(message: string, error: unknown): void
  readonly mostEntryBytes: number
  /** What is being asked now is not to be kept, and nobody else is to get it: it was purged, here or elsewhere. */
  forget(organisation: string | undefined): void
  /** Rejects where the store is away. */
  clear(organisation: string | undefined): Promise<number>
  stats(): Promise<CacheStats>
}

/** Longest that anybody waits for somebody else's answer, in milliseconds. */
export const longestWait = 120_000
/** The same where the client awaits a stream: proxies in between give up after 15 s without a byte. */
export const longestStreamWait = 10_000

export const createAnswerCache = (parts: AnswerCacheParts): AnswerCache => {
  const { now, onProblem, onResult } = parts
  const flights = createFlights<KnownAnswer>(longestWait, now)
  const counts = {
    ...{ hits: 0, similarHits: 0, judgedRight: 0, judgedWrong: 0, misses: 0, bypasses: 0 },
    ...{ kept: 0, tooLarge: 0, faults: 0, savedNanoUsd: 0n },
  }
  const purges = createPurges()
  const told = { at: Number.NEGATIVE_INFINITY }

  /** Each fault is counted, and the log hears of one a minute. */
  const fault = (message: string, error: unknown): void => {
    counts.faults++
    if (now() - told.at < 60_000) return
    told.at = now()
    onProblem(message, error)
  }
  const forget = (organisation: string | undefined): void => {
    purges.count(organisation)
    flights.clear()
  }

  return {
    nameKeyOf: parts.nameKeyOf,
    flights,
    get claims() {
      return parts.claims()
    },
    requests: createRequestMemory(),
    get similar() {
      return parts.similar()
    },
    async find(place) {
      try {
        const text = await parts.store().get(place)
        return text === undefined ? undefined : readAnswer(text)
      } catch (error) {
        fault('the cache cannot be read, requests go on without it', error)
        return undefined
      }
    },
    async isGone(place) {
      try {
        return (await parts.store().get(place)) === undefined
      } catch {
        return false
      }
    },
    epoch: purges.epoch,
    async keep(place, answer, ttl) {
      try {
        const text = writeAnswer(answer)
        if (Buffer.byteLength(text) > parts.mostEntryBytes()) {
          counts.tooLarge++
          return false
        }
        await parts.store().set(place, text, ttl)
        counts.kept++
        return true
      } catch (error) {
        fault('an answer could not be kept in the cache', error)
        return false
      }
    },
    count(result, savedNanoUsd = 0n) {
      if (result === 'hit-semantic') counts.similarHits++
      if (result === 'hit-exact' || result === 'hit-semantic') counts.hits++
      else if (result === 'miss') counts.misses++
      else counts.bypasses++
      counts.savedNanoUsd += savedNanoUsd
      onResult?.(result, savedNanoUsd)
    },
    countJudged(isRight) {
      if (isRight) counts.judgedRight++
      else counts.judgedWrong++
      parts.onJudged?.(isRight)
    },
    fault,
    get mostEntryBytes() {
      return parts.mostEntryBytes()
    },
    forget,
    async clear(organisation) {
      forget(organisation)
      await parts.similar().clear(organisation)
      return parts.store().clear(organisation)
    },
    async stats() {
      const similar = await parts.similar().size()
      return { ...counts, size: parts.store().size(), similar }
    },
  }
}
