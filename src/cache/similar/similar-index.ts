import { certainties, certaintyStep, type Observed, observedStep, observedSteps } from './error-bound.ts'
import { type QuestionTraits, questionTraits } from './question-traits.ts'

/** Where a question belongs: nothing but its text may be other than in those beside it. */
export interface QuestionPlace {
  readonly organisation: string
  /** Digest of everything else that decides the answer. */
  readonly partition: string
}

export interface KeptQuestion extends QuestionPlace {
  /** Its answer's key. */
  readonly hash: string
  readonly text: string
  /** Of length 1. */
  readonly vector: Float32Array
  /** Milliseconds since 1970. */
  readonly until: number
  /** How its answer did for others, by step of similarity; absent for a new one. */
  readonly observed?: readonly (Observed | undefined)[]
}

/** A kept question beside one that is asked. */
export interface NearQuestion {
  readonly hash: string
  readonly text: string
  readonly traits: QuestionTraits
  /** Cosine of the angle between both. */
  readonly similarity: number
  /** Least probability with which its answer is right for the other one. */
  readonly certainty: number
}

export interface SimilarSize {
  readonly questions: number
  readonly partitions: number
  readonly bytes: number
}

/** Questions that were answered, by what they mean. */
export interface SimilarIndex {
  /** Whether there is anything to look for. */
  has(place: QuestionPlace): boolean
  /** The nearest of all, most similar first. */
  nearest(place: QuestionPlace, vector: Float32Array, count: number): readonly NearQuestion[]
  get(place: QuestionPlace, hash: string): KeptQuestion | undefined
  /** Replaces one with the same answer's key; what was observed of that one stays, where nothing comes with it. */
  add(question: KeptQuestion): void
  /** Whether the answer of a kept question was right for another one that is so similar. */
  observe(place: QuestionPlace, hash: string, similarity: number, isRight: boolean): void
  remove(place: QuestionPlace, hash: string): void
  clear(organisation: string | undefined): number
  size(): SimilarSize
}

export interface SimilarIndexOptions {
  /** Questions of one partition; beyond, those unused longest go first. */
  readonly most: () => number
  /** Bytes of all together. */
  readonly mostBytes: () => number
  readonly now: () => number
}

interface Held {
  readonly hash: string
  readonly text: string
  readonly traits: QuestionTraits
  readonly until: number
  readonly observed: (Observed | undefined)[]
  certainty: Float32Array | undefined
  /** Counts up; the least is unused longest. */
  used: number
}

interface Partition {
  readonly organisation: string
  readonly length: number
  /** The vector of `held[n]` begins at `n * length`. */
  vectors: Float32Array
  readonly held: Held[]
  readonly places: Map<string, number>
}

/** What one takes beside its vector, about. */
const overhead = 1_200

/** In the memory of one process: every question of a partition is looked at. */
export const similarIndex = ({ most, mostBytes, now }: SimilarIndexOptions): SimilarIndex => {
  const partitions = new Map<string, Partition>()
  let uses = 0
  let bytes = 0

  const sizeOf = (partition: Partition): number => partition.length * 4 + overhead

  const removeAt = (name: string, partition: Partition, at: number): void => {
    const { held, places, vectors, length } = partition
    const last = held.length - 1
    const removed = held[at]
    const moved = held.pop()
    if (removed === undefined || moved === undefined) return
    places.delete(removed.hash)
    if (at !== last) {
      held[at] = moved
      places.set(moved.hash, at)
      vectors.copyWithin(at * length, last * length, (last + 1) * length)
    }
    bytes -= sizeOf(partition)
    if (held.length === 0) partitions.delete(name)
  }
  const removeOldest = (name: string, partition: Partition): void => {
    let oldest = 0
    for (const [at, { used }] of partition.held.entries())
      if (used < (partition.held[oldest]?.used ?? 0)) oldest = at
    removeAt(name, partition, oldest)
  }
  /** The partition that was used longest ago, of all. */
  const shrink = (room: number): void => {
    for (const [name, partition] of partitions) {
      while (bytes + room > mostBytes() && partition.held.length > 0) removeOldest(name, partition)
      if (bytes + room <= mostBytes()) return
    }
  }
  const grow = (partition: Partition): void => {
    const needed = (partition.held.length + 1) * partition.length
    if (needed <= partition.vectors.length) return
    const larger = new Float32Array(Math.max(needed, partition.vectors.length * 2, partition.length * 8))
    larger.set(partition.vectors)
    partition.vectors = larger
  }
  const find = (place: QuestionPlace): Partition | undefined => {
    const partition = partitions.get(nameOf(place))
    return partition?.organisation === place.organisation ? partition : undefined
  }

  return {
    has: (place) => find(place) !== undefined,
    get(place, hash) {
      const partition = find(place)
      const at = partition?.places.get(hash)
      const held = at === undefined ? undefined : partition?.held[at]
      if (partition === undefined || at === undefined || held === undefined) return undefined
      const { text, until, observed } = held
      const { vectors, length } = partition
      return {
        organisation: place.organisation,
        partition: place.partition,
        hash,
        text,
        vector: vectors.slice(at * length, (at + 1) * length),
        until,
        observed,
      }
    },
    nearest(place, vector, count) {
      const partition = find(place)
      if (partition === undefined || partition.length !== vector.length) return []
      const name = nameOf(place)
      partitions.delete(name)
      partitions.set(name, partition)
      const found = best(partition, vector, count, now())
      for (const { held } of found) held.used = ++uses
      return found.map(({ held, similarity }) => ({
        ...{ hash: held.hash, text: held.text, traits: held.traits, similarity },
        certainty: certaintyOf(held, similarity),
      }))
    },
    add(question) {
      const { organisation, hash, text, vector, until, observed: known } = question
      const name = nameOf(question)
      let partition = find(question)
      // Another embedder: what the old one said means nothing beside it.
      if (partition !== undefined && partition.length !== vector.length) {
        while (partition.held.length > 0) removeAt(name, partition, partition.held.length - 1)
        partition = undefined
      }
      const observed = [...(known ?? before(partition, hash)?.observed ?? nothingObserved())]
      const at = partition?.places.get(hash)
      if (partition !== undefined && at !== undefined) removeAt(name, partition, at)
      shrink(vector.length * 4 + overhead)
      partition = partitions.get(name)
      if (partition === undefined) {
        partition = {
          organisation,
          length: vector.length,
          vectors: new Float32Array(0),
          held: [],
          places: new Map(),
        }
        partitions.set(name, partition)
      }
      while (partition.held.length >= most() && partition.held.length > 0) removeOldest(name, partition)
      // The last one that left took its partition with it.
      partitions.set(name, partition)
      grow(partition)
      partition.vectors.set(vector, partition.held.length * partition.length)
      partition.places.set(hash, partition.held.length)
      const traits = questionTraits(text)
      partition.held.push({
        hash,
        text,
        traits,
        until,
        observed,
        certainty: certaintiesOf(observed),
        used: ++uses,
      })
      bytes += sizeOf(partition)
    },
    observe(place, hash, similarity, isRight) {
      const held = before(find(place), hash)
      if (held === undefined) return
      const step = observedStep(similarity)
      const { right, wrong } = held.observed[step] ?? { right: 0, wrong: 0 }
      held.observed[step] = isRight ? { right: right + 1, wrong } : { right, wrong: wrong + 1 }
      // Here, where nobody waits for it.
      held.certainty = certaintiesOf(held.observed)
    },
    remove(place, hash) {
      const partition = find(place)
      const at = partition?.places.get(hash)
      if (partition !== undefined && at !== undefined) removeAt(nameOf(place), partition, at)
    },
    clear(organisation) {
      let count = 0
      for (const [name, partition] of partitions) {
        if (organisation !== undefined && partition.organisation !== organisation) continue
        count += partition.held.length
        bytes -= partition.held.length * sizeOf(partition)
        partitions.delete(name)
      }
      return count
    },
    size: () => ({
      questions: [...partitions.values()].reduce((sum, { held }) => sum + held.length, 0),
      partitions: partitions.size,
      bytes,
    }),
  }
}

const nameOf = ({ organisation, partition }: QuestionPlace): string => `${partition} ${organisation}`

const before = (partition: Partition | undefined, hash: string): Held | undefined =>
  partition?.held[partition.places.get(hash) ?? -1]

const nothingObserved = (): readonly (Observed | undefined)[] =>
  Array.from({ length: observedSteps }, () => undefined)

const certaintiesOf = (observed: Held['observed']): Float32Array | undefined =>
  observed.every((seen) => seen === undefined) ? undefined : certainties(observed)

/** Nothing is known of a question that was never compared. */
const certaintyOf = ({ certainty }: Held, similarity: number): number => {
  const step = certaintyStep(similarity)
  return step === undefined ? 0 : (certainty?.[step] ?? 0)
}

const best = (
  { held, vectors, length }: Partition,
  vector: Float32Array,
  count: number,
  now: number,
): readonly { readonly held: Held; readonly similarity: number }[] => {
  const found: { readonly held: Held; readonly similarity: number }[] = []
  let least = Number.NEGATIVE_INFINITY
  // Sums are made of doubles: converted once here, not once for each of the others.
  const asked = Float64Array.from(vector)
  for (let at = 0, from = 0; at < held.length; at++, from += length) {
    const similarity = product(vectors, from, asked)
    const one = held[at]
    if (similarity <= least || one === undefined || one.until <= now) continue
    const after = found.findIndex((other) => other.similarity < similarity)
    found.splice(after < 0 ? found.length : after, 0, { held: one, similarity })
    if (found.length > count) found.pop()
    if (found.length === count) least = found.at(-1)?.similarity ?? least
  }
  return found
}

/** Four sums side by side: one alone would wait for each of its additions. */
const product = (vectors: Float32Array, from: number, vector: Float64Array): number => {
  const { length } = vector
  const even = length - (length % 4)
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  for (let at = 0, to = from; at < even; at += 4, to += 4) {
    a += (vectors[to] as number) * (vector[at] as number)
    b += (vectors[to + 1] as number) * (vector[at + 1] as number)
    c += (vectors[to + 2] as number) * (vector[at + 2] as number)
    d += (vectors[to + 3] as number) * (vector[at + 3] as number)
  }
  let sum = a + b + c + d
  for (let at = even; at < length; at++) sum += (vectors[from + at] as number) * (vector[at] as number)
  return sum
}
