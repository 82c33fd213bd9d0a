import type { KeyObject } from 'node:crypto'
import { z } from 'zod'
import { parseJson } from '../../ir/index.ts'
import type { VectorEntry, VectorSetPlace, VectorSets } from '../../state/index.ts'
import { remembered } from '../remembered.ts'
import { openAnswer, sealAnswer } from '../seal-answer.ts'
import { dotProduct } from './dot-product.ts'
import { certainties, certaintyStep } from './error-bound.ts'
import { countByStep, mostObservations, type Observation } from './observations.ts'
import { questionTraits } from './question-traits.ts'
import type {
  AnsweredQuestion,
  KeptQuestion,
  NearQuestion,
  QuestionPlace,
  SimilarIndex,
} from './similar-index.ts'
import {
  observationShape,
  unpackedVector,
  writtenQuestion,
  writtenQuestionShape,
} from './written-question.ts'

export interface VectorSetIndexOptions {
  readonly sets: VectorSets
  /** An organisation's own key, the same at all gateways that share. */
  readonly keyOf: (organisation: string) => KeyObject
  /** Questions of one partition, and bytes of all of them; beyond, those unused longest go first. */
  readonly most: () => number
  readonly mostBytes: () => number
  readonly onProblem: (message: string, error: unknown) => void
  /** This Redis has no vector sets. Told once. */
  readonly onUnsupported: () => void
  readonly now: () => number
}

/** Texts and counts of which it is remembered what follows from them. */
const mostRemembered = 2_000
/** Others may observe the same question at the same time; each time at least one of them is done. */
const mostTries = 100
/** Of a digest: enough to tell a thousand apart. */
const askedLength = 16

/**
 * Questions in Redis' vector sets, which look for the nearest. Only vectors lie open there. Everything else is sealed for
 * its place, the vector once more: similarities are made of that one, exactly as in the memory of a process, so that
 * whoever writes to Redis can hide a question, and cannot bring it nearer to another.
 */
export const vectorSetIndex = (options: VectorSetIndexOptions): SimilarIndex => {
  const { sets, keyOf, onProblem, now } = options
  let isTold = false
  const traitsOf = remembered(mostRemembered, (text: string) => text, questionTraits)
  const certaintiesOf = remembered(mostRemembered, JSON.stringify, certainties)

  const tried = async <T>(message: string, call: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await call()
    } catch (error) {
      const isSupported = await sets.isSupported().catch(() => true)
      if (isSupported) onProblem(message, error)
      else if (!isTold) options.onUnsupported()
      isTold ||= !isSupported
      return undefined
    }
  }
  const sealed = (place: QuestionPlace, what: Sealed, hash: string, value: unknown): string =>
    sealAnswer(JSON.stringify(value), sealPlace(place, what, hash), keyOf(place.organisation))
  const opened = (place: QuestionPlace, what: Sealed, hash: string, text: string): unknown => {
    const value = openAnswer(text, sealPlace(place, what, hash), keyOf(place.organisation))
    return value === undefined ? undefined : parseJson(value)
  }
  const questionIn = (place: QuestionPlace, { id, record }: VectorEntry): Question | undefined => {
    const read = writtenQuestionShape.safeParse(opened(place, 'question', id, record))
    return read.success ? { ...read.data, hash: id, vector: unpackedVector(read.data.vector) } : undefined
  }
  /** Of another answer nothing that was observed is true. */
  const observationsIn = (
    place: QuestionPlace,
    { id, notes }: VectorEntry,
    answeredAt: number,
  ): readonly Observation[] => {
    if (notes === undefined) return []
    const read = notesShape.safeParse(opened(place, 'observations', id, notes))
    return read.success && read.data.answeredAt === answeredAt ? read.data.observations : []
  }
  const certaintyOf = (observations: readonly Observation[], similarity: number): number => {
    const step = certaintyStep(similarity)
    if (step === undefined || observations.length === 0) return 0
    return certaintiesOf(countByStep(observations))[step] ?? 0
  }
  const observe = async (
    place: QuestionPlace,
    { hash, answeredAt }: AnsweredQuestion,
    observation: Observation,
  ): Promise<void> => {
    const asked = observation.asked.slice(0, askedLength)
    for (let tries = 0; tries < mostTries; tries++) {
      const entry = await sets.get(setOf(place), hash)
      if (entry === undefined || questionIn(place, entry)?.answeredAt !== answeredAt) return
      const known = observationsIn(place, entry, answeredAt)
      if (known.length >= mostObservations || known.some((one) => one.asked === asked)) return
      const observations = [...known, { ...observation, asked }]
      const notes = sealed(place, 'observations', hash, { v: 1, answeredAt, observations })
      if (await sets.note(setOf(place), entry, notes)) return
    }
    throw new Error('too many observe the same question at the same time')
  }

  return {
    look: (place) =>
      tried('questions that mean the same cannot be looked for', () => sets.look(setOf(place))),
    async nearest(place, vector, count) {
      const entries = await tried('questions that mean the same cannot be looked for', () =>
        sets.nearest(setOf(place), vector, count),
      )
      if (entries === undefined) return undefined
      const asked = Float64Array.from(vector)
      const found = entries.flatMap((entry): readonly NearQuestion[] => {
        const question = questionIn(place, entry)
        if (question === undefined || question.until <= now()) return []
        if (question.vector.length !== vector.length) return []
        const { hash, text, answeredAt } = question
        const similarity = dotProduct(question.vector, 0, asked)
        return [
          {
            ...{ hash, text, answeredAt, similarity },
            // Both take longer than all else, and few are asked for.
            get traits() {
              return traitsOf(text)
            },
            get certainty() {
              return certaintyOf(observationsIn(place, entry, answeredAt), similarity)
            },
          },
        ]
      })
      return found.sort((one, other) => other.similarity - one.similarity)
    },
    async add(question, epoch) {
      const { hash: id, vector, until } = question
      const ttl = until - now()
      if (ttl <= 0) return
      await tried('a question could not be kept beside those that mean the same', async () => {
        const record = sealed(question, 'question', id, writtenQuestion(question))
        const [most, mostBytes] = [options.most(), options.mostBytes()]
        await sets.add(setOf(question), { id, vector, record, ttl, epoch, most, mostBytes })
      })
    },
    async observe(place, question, observation) {
      await tried('what was observed of a question could not be kept', () =>
        observe(place, question, observation),
      )
    },
    async remove(place, hash) {
      await tried('a question could not be removed', () => sets.remove(setOf(place), hash))
    },
    clear: (organisation) => sets.clear(organisation),
    size: () =>
      tried('questions that mean the same cannot be counted', async () => {
        const { sets: partitions, entries: questions, bytes } = await sets.size()
        return { isShared: true, questions, partitions, bytes }
      }),
  }
}

type Question = Omit<KeptQuestion, 'organisation' | 'partition'>
type Sealed = 'question' | 'observations'

const notesShape = z.object({
  v: z.literal(1),
  answeredAt: z.number(),
  observations: z.array(observationShape),
})

const setOf = ({ organisation, partition }: QuestionPlace): VectorSetPlace => ({
  owner: organisation,
  name: partition,
})

/** What a seal is bound to. */
const sealPlace = ({ organisation, partition }: QuestionPlace, what: Sealed, hash: string) => ({
  organisation,
  hash: `${what} of a vector set ${partition} ${hash}`,
})
