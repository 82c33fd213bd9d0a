import { expect, test } from 'bun:test'
import { joinStats, packStats } from './answer-stats.ts'
import type { CacheStats } from './cache/index.ts'

const counts = { hits: 2, similarHits: 1, judgedRight: 3, judgedWrong: 1, misses: 5, bypasses: 0 }
const stats: CacheStats = {
  ...{ ...counts, kept: 4, tooLarge: 0, faults: 1, savedNanoUsd: 7n },
  size: { entries: 4, bytes: 400, evicted: 0 },
  similar: { isShared: false, questions: 10, partitions: 2, bytes: 1_000 },
}

test('workers count together, each what it has, and what they share once', () => {
  const own = joinStats(stats, [packStats(stats), 'not json'])
  expect(own).toMatchObject({ hits: 4, misses: 10, savedNanoUsd: 14n, size: { entries: 8, bytes: 800 } })
  expect(own.similar).toEqual({ isShared: false, questions: 20, partitions: 4, bytes: 2_000 })
  const similar = { isShared: true, questions: 10, partitions: 2, bytes: 1_000 }
  const shared: CacheStats = { ...stats, size: undefined, similar }
  expect(joinStats(shared, [packStats(shared)])).toMatchObject({ hits: 4, size: undefined, similar })
})

test('what nobody could count is told of by who could', () => {
  const away: CacheStats = { ...stats, similar: undefined }
  expect(joinStats(away, [packStats(away)]).similar).toBeUndefined()
  expect(joinStats(away, [packStats(stats)]).similar).toEqual(stats.similar)
})
