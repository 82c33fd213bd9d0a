import {
  type AnswerCache,
  type CacheKey,
  chanceToAsk,
  difference,
  leastSimilarity,
  type NearQuestion,
  type QuestionPlace,
  type StoredAnswer,
  similarQuestion,
} from '../../cache/index.ts'
import type { GenerateRequest } from '../../ir/index.ts'
import type { SimilarNote } from '../../ledger/index.ts'
import type { Internal } from '../../pipeline/index.ts'
import { saidText } from '../own-exchange/index.ts'
import type { Compared } from './judge-answers.ts'

export interface SimilarAnswersParts {
  readonly cache: Pick<AnswerCache, 'find' | 'fault' | 'similar' | 'countJudged'>
  /** An embedding of length 1. Rejects where none comes. */
  readonly embed: (text: string, tenant: Internal['tenant'], signal: AbortSignal) => Promise<Float32Array>
  /** Undefined where nobody can say. */
  readonly judge: (
    compared: Compared,
    tenant: Internal['tenant'],
    signal: AbortSignal,
  ) => Promise<boolean | undefined>
  readonly settings: SimilarSettings
  /** From 0 to 1. */
  readonly random: () => number
  readonly now: () => number
}

export interface SimilarSettings {
  readonly mostError: number
  readonly highestTemperature: number
  /** How long a request waits for its embedding, in milliseconds. */
  readonly wait: number
}

export interface SimilarSearch {
  readonly tenant: Internal['tenant']
  readonly request: GenerateRequest
  /** What the answer will be kept under. */
  readonly key: CacheKey
  /** The key of the request without its question. */
  readonly keyOf: (rest: GenerateRequest) => CacheKey | undefined
  /** May this client have this answer? */
  readonly suits: (answer: StoredAnswer) => boolean
}

export interface SimilarFound {
  /** For the ledger: what was found, and what became of it. */
  readonly note: SimilarNote
  /** The answer of a question that means the same. */
  readonly answer?: StoredAnswer
  /**
   * After a provider was asked: keeps the question beside the others, and learns from both answers. Nobody waits for it.
   * @param ttl milliseconds
   */
  readonly learn?: (answer: StoredAnswer, ttl: number) => void
}

/** Answers of questions that mean the same as one that is asked. */
export interface SimilarAnswers {
  find(search: SimilarSearch): Promise<SimilarFound>
}

/** Of so many kept questions the first is taken that nothing in its words forbids. */
const looked = 8
/** Embeddings and judgements end after so long, in milliseconds. */
const patience = 20_000
/** Judgements that run at once; what comes beyond is not learned from. */
const mostJudgements = 8

export const createSimilarAnswers = (parts: SimilarAnswersParts): SimilarAnswers => {
  const { cache, settings, now } = parts
  let judgements = 0

  /** Learns from an answer that a provider gave though another one was near. */
  const compare = async (
    { tenant }: SimilarSearch,
    place: QuestionPlace,
    near: NearQuestion,
    asked: Compared['asked'],
  ): Promise<boolean | undefined> => {
    const kept = await cache.find({ organisation: place.organisation, hash: near.hash })
    if (kept === undefined) {
      cache.similar.remove(place, near.hash)
      return false
    }
    if (judgements >= mostJudgements) return undefined
    judgements++
    try {
      const compared = { kept: { question: near.text, answer: saidText(kept.response) }, asked }
      const isRight = await parts.judge(compared, tenant, AbortSignal.timeout(patience))
      if (isRight === undefined) return undefined
      cache.countJudged(isRight)
      cache.similar.observe(place, near.hash, near.similarity, isRight)
      return isRight
    } finally {
      judgements--
    }
  }

  return {
    async find(search) {
      const question = similarQuestion(search.request, settings.highestTemperature)
      if (typeof question === 'string') return { note: { result: question } }
      const partition = search.keyOf(question.rest)?.hash
      if (partition === undefined) return { note: { result: 'not-one-question' } }
      const { organisation } = search.key
      const place = { organisation, partition }
      const embedding = parts.embed(question.text, search.tenant, AbortSignal.timeout(patience))
      let near: NearQuestion | undefined
      const learn = (answer: StoredAnswer, ttl: number): void => {
        const keep = async (): Promise<void> => {
          const vector = await embedding
          const asked = { question: question.text, answer: saidText(answer.response) }
          // What the kept answer is right for needs no place of its own, and where nobody can say there is none yet.
          if (near !== undefined && (await compare(search, place, near, asked)) !== false) return
          cache.similar.add({
            ...place,
            hash: search.key.hash,
            text: question.text,
            vector,
            until: now() + ttl,
          })
        }
        keep().catch((error) =>
          cache.fault('a question could not be kept beside those that mean the same', error),
        )
      }
      embedding.catch(() => undefined)
      if (!cache.similar.has(place)) return { note: { result: 'none' }, learn }
      const vector = await inTime(embedding, settings.wait)
      if (vector === undefined) return { note: { result: 'away' }, learn }
      const others = cache.similar
        .nearest(place, vector, looked)
        .filter(({ hash, similarity }) => hash !== search.key.hash && similarity >= leastSimilarity)
      near = others.find(({ traits }) => difference(question.traits, traits) === undefined)
      const [nearest] = others
      if (nearest === undefined) return { note: { result: 'none' }, learn }
      if (near === undefined) {
        const apart = difference(question.traits, nearest.traits)
        const similarity = rounded(nearest.similarity)
        return {
          note: { result: 'kept-apart', similarity, ...(apart === undefined ? {} : { difference: apart }) },
          learn,
        }
      }
      const { similarity, certainty } = near
      const measured = { similarity: rounded(similarity), certainty: rounded(certainty) }
      const asks = parts.random() < chanceToAsk(certainty, settings.mostError)
      if (asks) return { note: { result: 'asked', ...measured }, learn }
      const answer = await cache.find({ organisation, hash: near.hash })
      if (answer === undefined) {
        cache.similar.remove(place, near.hash)
        near = undefined
        return { note: { result: 'none' }, learn }
      }
      if (!search.suits(answer)) return { note: { result: 'asked', ...measured }, learn }
      return { note: { result: 'given', ...measured }, answer }
    },
  }
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000

/** Undefined where it fails, or takes longer. */
const inTime = async <Value>(promise: Promise<Value>, wait: number): Promise<Value | undefined> => {
  const enough = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => enough.resolve(undefined), wait)
  try {
    return await Promise.race([promise.catch(() => undefined), enough.promise])
  } finally {
    clearTimeout(timer)
  }
}
