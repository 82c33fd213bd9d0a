import { z } from 'zod'
import type { CacheStats, SimilarSize, StoreSize } from './cache/index.ts'
import { parseJson } from './ir/index.ts'

const count = z.number()
const counts = { hits: count, similarHits: count, judgedRight: count, judgedWrong: count, misses: count }
const statsShape = z.object({
  ...counts,
  ...{ bypasses: count, kept: count, tooLarge: count, faults: count },
  savedNanoUsd: z.string().regex(/^\d+$/).transform(BigInt),
  size: z.object({ entries: count, bytes: count, evicted: count }).optional(),
  similar: z.object({ isShared: z.boolean(), questions: count, partitions: count, bytes: count }).optional(),
})

/** For another process of the same gateway. */
export const packStats = ({ savedNanoUsd, ...stats }: CacheStats): string =>
  JSON.stringify({ ...stats, savedNanoUsd: savedNanoUsd.toString() })

/** Of several processes together; what cannot be read counts for nothing. */
export const joinStats = (own: CacheStats, others: readonly string[]): CacheStats =>
  others.reduce((sum: CacheStats, text): CacheStats => {
    const read = statsShape.safeParse(parseJson(text))
    if (!read.success) return sum
    const one = read.data
    return {
      ...sumOf(sum, one, ['hits', 'similarHits', 'judgedRight', 'judgedWrong', 'misses', 'bypasses']),
      ...sumOf(sum, one, ['kept', 'tooLarge', 'faults']),
      savedNanoUsd: sum.savedNanoUsd + one.savedNanoUsd,
      size: joinSizes(sum.size, one.size),
      similar: joinSimilar(sum.similar, one.similar),
    }
  }, own)

const joinSizes = (one: StoreSize | undefined, other: StoreSize | undefined): StoreSize | undefined =>
  one === undefined || other === undefined
    ? (one ?? other)
    : sumOf(one, other, ['entries', 'bytes', 'evicted'])

/** What is shared is the same for all of them. */
const joinSimilar = (
  one: SimilarSize | undefined,
  other: SimilarSize | undefined,
): SimilarSize | undefined =>
  one === undefined || other === undefined || one.isShared
    ? (one ?? other)
    : { isShared: false, ...sumOf(one, other, ['questions', 'partitions', 'bytes']) }

const sumOf = <Name extends string>(
  one: Readonly<Record<Name, number>>,
  other: Readonly<Record<Name, number>>,
  names: readonly Name[],
): Record<Name, number> => {
  const entries = names.map((name): [Name, number] => [name, one[name] + other[name]])
  return Object.fromEntries(entries) as Record<Name, number>
}
