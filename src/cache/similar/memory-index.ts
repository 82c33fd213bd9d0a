import { createPurges } from '../purges.ts'
import { dotProduct } from './dot-product.ts'
import { type Certainties, certainties, certaintyStep } from './error-bound.ts'
import { countByStep, mostObservations, type Observation } from './observations.ts'
import { type QuestionTraits, questionTraits } from './question-traits.ts'
import type {
  AnsweredQuestion,
  KeptQuestion,
  NearQuestion,
  QuestionPlace,
  SimilarIndex,
  SimilarLook,
  SimilarSize,
} from './similar-index.ts'

/** Everything at once, for it lies in the memory of the process. */
export interface MemoryIndex extends SimilarIndex {
  look(place: QuestionPlace): SimilarLook
  nearest(place: QuestionPlace, vector: Float32Array, count: number): readonly NearQuestion[]
  get(place: QuestionPlace, hash: string): KeptQuestion | undefined
  observations(place: QuestionPlace, hash: string): readonly Observation[]
  add(question: KeptQuestion, epoch: string): void
  observe(place: QuestionPlace, question: AnsweredQuestion, observation: Observation): void
  remove(place: QuestionPlace, hash: string): void
  size(): SimilarSize
}

export interface MemoryIndexOptions {
  /** Questions of one partition; beyond, those unused longest go first. */
  readonly most: () => number
  /** Bytes of all together. */
  readonly mostBytes: () => number
  readonly now: () => number
}

interface Held {
  readonly question: Omit<KeptQuestion, 'vector'>
  readonly size: number
  readonly observations: Map<string, Observation>
  /** Made when they are needed first. */
  traits: QuestionTraits | undefined
  certainties: Certainties | undefined
  /** Counts up; the least is unused longest. */
  used: number
}

interface Partition {
  readonly organisation: string
  /** Numbers of an embedding. */
  readonly length: number
  /** The vector of `held[n]` begins at `n * length`. */
  vectors: Float32Array
  readonly held: Held[]
  readonly places: Map<string, number>
}

/** What has ended is removed so often, in milliseconds. */
const sweepEvery = 60_000

/** In the memory of one process: every question of a partition is looked at. */
export const memoryIndex = ({ most, mostBytes, now }: MemoryIndexOptions): MemoryIndex => {
  const partitions = new Map<string, Partition>()
  const purges = createPurges()
  let [uses, bytes, sweptAt] = [0, 0, now()]

  const removeAt = (name: string, partition: Partition, at: number): void => {
    const { held, places, vectors, length } = partition
    const last = held.length - 1
    const removed = held[at]
    const moved = held.pop()
    if (removed === undefined || moved === undefined) return
    places.delete(removed.question.hash)
    if (at !== last) {
      held[at] = moved
      places.set(moved.question.hash, at)
      vectors.copyWithin(at * length, last * length, (last + 1) * length)
    }
    bytes -= removed.size
    if (held.length === 0) partitions.delete(name)
  }
  const removeOldest = (name: string, partition: Partition): void => {
    let oldest = 0
    for (const [at, { used }] of partition.held.entries())
      if (used < (partition.held[oldest]?.used ?? 0)) oldest = at
    removeAt(name, partition, oldest)
  }
  /** The partition that was used longest ago first. */
  const shrink = (room: number): void => {
    for (const [name, partition] of partitions) {
      while (bytes + room > mostBytes() && partition.held.length > 0) removeOldest(name, partition)
      if (bytes + room <= mostBytes()) return
    }
  }
  const sweep = (): void => {
    if (now() - sweptAt < sweepEvery) return
    sweptAt = now()
    for (const [name, partition] of partitions)
      for (let at = partition.held.length - 1; at >= 0; at--)
        if ((partition.held[at]?.question.until ?? 0) <= now()) removeAt(name, partition, at)
  }
  const find = (place: QuestionPlace): Partition | undefined => {
    const partition = partitions.get(nameOf(place))
    return partition?.organisation === place.organisation ? partition : undefined
  }
  const heldAt = (place: QuestionPlace, hash: string): Held | undefined => {
    const partition = find(place)
    return partition?.held[partition.places.get(hash) ?? -1]
  }

  return {
    look: (place) => ({ isEmpty: find(place) === undefined, epoch: purges.epoch(place.organisation) }),
    get(place, hash) {
      const partition = find(place)
      const at = partition?.places.get(hash)
      const held = at === undefined ? undefined : partition?.held[at]
      if (partition === undefined || at === undefined || held === undefined) return undefined
      const { vectors, length } = partition
      return { ...held.question, vector: vectors.slice(at * length, (at + 1) * length) }
    },
    observations: (place, hash) => [...(heldAt(place, hash)?.observations.values() ?? [])],
    nearest(place, vector, count) {
      sweep()
      const partition = find(place)
      if (partition === undefined || partition.length !== vector.length) return []
      const name = nameOf(place)
      partitions.delete(name)
      partitions.set(name, partition)
      return best(partition, vector, count, now()).map(({ held, similarity }) => {
        held.used = ++uses
        const { hash, text, answeredAt } = held.question
        held.traits ??= questionTraits(text)
        const certainty = certaintyOf(held, similarity)
        return { hash, text, traits: held.traits, answeredAt, similarity, certainty }
      })
    },
    add({ vector, ...question }, epoch) {
      if (epoch !== purges.epoch(question.organisation)) return
      sweep()
      const name = nameOf(question)
      const found = find(question)
      // The embedder is a part of the place: one that says something else now and then is not to be trusted.
      if (found !== undefined && found.length !== vector.length) return
      const size = sizeOf(question.text, vector.length)
      if (size > mostBytes()) return
      const before = heldAt(question, question.hash)
      const at = found?.places.get(question.hash)
      if (found !== undefined && at !== undefined) removeAt(name, found, at)
      shrink(size)
      const partition = partitions.get(name) ?? emptyPartition(question.organisation, vector.length)
      while (partition.held.length >= most() && partition.held.length > 0) removeOldest(name, partition)
      // The last one that left took its partition with it.
      partitions.set(name, partition)
      place(partition, vector)
      partition.places.set(question.hash, partition.held.length)
      const isSame = before?.question.answeredAt === question.answeredAt
      partition.held.push({
        ...{ question, size, traits: before?.traits, certainties: isSame ? before.certainties : undefined },
        observations: isSame ? before.observations : new Map(),
        used: ++uses,
      })
      bytes += size
    },
    observe(place, { hash, answeredAt }, observation) {
      const held = heldAt(place, hash)
      if (held?.question.answeredAt !== answeredAt || held.observations.size >= mostObservations) return
      if (held.observations.has(observation.asked)) return
      held.observations.set(observation.asked, observation)
      held.certainties = undefined
    },
    remove(place, hash) {
      const partition = find(place)
      const at = partition?.places.get(hash)
      if (partition !== undefined && at !== undefined) removeAt(nameOf(place), partition, at)
    },
    async clear(organisation) {
      purges.count(organisation)
      let count = 0
      for (const [name, partition] of partitions) {
        if (organisation !== undefined && partition.organisation !== organisation) continue
        count += partition.held.length
        for (const { size } of partition.held) bytes -= size
        partitions.delete(name)
      }
      return count
    },
    size: () => ({
      isShared: false,
      questions: [...partitions.values()].reduce((sum, { held }) => sum + held.length, 0),
      partitions: partitions.size,
      bytes,
    }),
  }
}

const nameOf = ({ organisation, partition }: QuestionPlace): string => `${partition} ${organisation}`

/** Room for vectors is doubled when it is used up; the words of a text are kept, too, and what is observed of it. */
const sizeOf = (text: string, length: number): number => length * 8 + text.length * 12 + 4_000

const emptyPartition = (organisation: string, length: number): Partition => ({
  ...{ organisation, length, vectors: new Float32Array(0), held: [], places: new Map() },
})

const place = (partition: Partition, vector: Float32Array): void => {
  const at = partition.held.length * partition.length
  if (at + partition.length > partition.vectors.length) {
    const larger = new Float32Array(Math.max(at + partition.length, partition.vectors.length * 2))
    larger.set(partition.vectors)
    partition.vectors = larger
  }
  partition.vectors.set(vector, at)
}

/** Nothing is known of a question that was never compared. */
const certaintyOf = (held: Held, similarity: number): number => {
  const step = certaintyStep(similarity)
  if (step === undefined || held.observations.size === 0) return 0
  held.certainties ??= certainties(countByStep(held.observations.values()))
  return held.certainties[step] ?? 0
}

const best = (
  { held, vectors, length }: Partition,
  vector: Float32Array,
  count: number,
  now: number,
): readonly { readonly held: Held; readonly similarity: number }[] => {
  const found: { readonly held: Held; readonly similarity: number }[] = []
  let least = Number.NEGATIVE_INFINITY
  const asked = Float64Array.from(vector)
  for (let at = 0, from = 0; at < held.length; at++, from += length) {
    const similarity = dotProduct(vectors, from, asked)
    const one = held[at]
    if (similarity <= least || one === undefined || one.question.until <= now) continue
    const after = found.findIndex((other) => other.similarity < similarity)
    found.splice(after < 0 ? found.length : after, 0, { held: one, similarity })
    if (found.length > count) found.pop()
    if (found.length === count) least = found.at(-1)?.similarity ?? least
  }
  return found
}
