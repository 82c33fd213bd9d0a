import type { Observation } from './observations.ts'
import type { QuestionTraits } from './question-traits.ts'

/** Where a question belongs: nothing but its text may be other than in those beside it. */
export interface QuestionPlace {
  readonly organisation: string
  /** Digest of everything else that decides the answer, and of who makes the embeddings. */
  readonly partition: string
}

export interface KeptQuestion extends QuestionPlace {
  /** Its answer's key. */
  readonly hash: string
  readonly text: string
  /** Of length 1. */
  readonly vector: Float32Array
  /** When its answer was given first: of another answer nothing that was observed is true. Milliseconds since 1970. */
  readonly answeredAt: number
  /** Milliseconds since 1970. */
  readonly until: number
}

/** A kept question beside one that is asked. */
export interface NearQuestion {
  readonly hash: string
  readonly text: string
  readonly traits: QuestionTraits
  readonly answeredAt: number
  /** Cosine of the angle between both. */
  readonly similarity: number
  /** Least probability with which its answer is right for the other one. */
  readonly certainty: number
}

/** One question with one answer. */
export type AnsweredQuestion = Pick<KeptQuestion, 'hash' | 'answeredAt'>

export interface SimilarLook {
  /** There is nothing to look for. */
  readonly isEmpty: boolean
  /** Another one whenever questions of the organisation were cleared. */
  readonly epoch: string
}

export interface SimilarSize {
  /** All gateways look at the same ones, or each process has its own. */
  readonly isShared: boolean
  readonly questions: number
  readonly partitions: number
  readonly bytes: number
}

/** At once where it lies in the memory of the process. */
type Awaitable<T> = T | Promise<T>

/** Questions that were answered, by what they mean. Only `clear` rejects; undefined is said where nobody can be asked. */
export interface SimilarIndex {
  look(place: QuestionPlace): Awaitable<SimilarLook | undefined>
  /** The nearest of all, most similar first. */
  nearest(
    place: QuestionPlace,
    vector: Float32Array,
    count: number,
  ): Awaitable<readonly NearQuestion[] | undefined>
  /**
   * Replaces one with the same answer's key; what was observed stays where the answer is the same.
   * @param epoch as `look` said it before the question was asked: what was removed meanwhile stays removed
   */
  add(question: KeptQuestion, epoch: string): Awaitable<void>
  /** Nothing where it has another answer by now. */
  observe(place: QuestionPlace, question: AnsweredQuestion, observation: Observation): Awaitable<void>
  remove(place: QuestionPlace, hash: string): Awaitable<void>
  /** Resolves to how many there were. Rejects where they cannot be reached. */
  clear(organisation: string | undefined): Promise<number>
  size(): Awaitable<SimilarSize | undefined>
}
