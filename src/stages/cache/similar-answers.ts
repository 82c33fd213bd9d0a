import { createHash } from 'node:crypto'
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
import { type Internal, within } from '../../pipeline/index.ts'
import { saidText } from '../own-exchange/index.ts'
import type { Compared } from './judge-answers.ts'

export interface SimilarAnswersParts {
  readonly cache: Pick<AnswerCache, 'find' | 'isGone' | 'fault' | 'similar' | 'countJudged'>
  /** An embedding of length 1. Rejects where none comes. */
  readonly embed: (text: string, tenant: Internal['tenant'], signal: AbortSignal) => Promise<Float32Array>
  /** Undefined where nobody can say. @param isPrivate no model may be asked */
  readonly judge: (
    isPrivate: boolean,
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
  /** Who makes embeddings, and who compares, where that is a model. */
  readonly embedder: SimilarTarget & { readonly dimensions?: number }
  readonly judge: SimilarTarget | undefined
}

export interface SimilarTarget {
  readonly provider: string
  readonly model: string
}

export interface SimilarSearch {
  readonly tenant: Internal['tenant']
  readonly request: GenerateRequest
  /** What the answer will be kept under. */
  readonly key: CacheKey
  /** The key of the request without its question. */
  readonly keyOf: (rest: GenerateRequest) => CacheKey | undefined
  /** May this client's key use it? */
  readonly allows: (target: SimilarTarget) => boolean
  /** Has the route or the key a firewall of its own, that does not look at the gateway's own exchanges? */
  readonly hasOwnFirewall: boolean
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
   * @param answer undefined where the model said something that cannot be kept, and not what was said to the other
   * @param ttl milliseconds
   */
  readonly learn?: (answer: StoredAnswer | undefined, ttl: number) => void
}

/** Answers of questions that mean the same as one that is asked. */
export interface SimilarAnswers {
  find(search: SimilarSearch): Promise<SimilarFound>
}

/** Of so many kept questions the first is taken that nothing in its words forbids. */
const looked = 8
/** Embeddings and judgements end after so long, in milliseconds. */
const patience = 20_000
const longestWait = 10_000
/** Judgements that run at once; what comes beyond is not learned from. */
const mostJudgements = 8

export const createSimilarAnswers = (parts: SimilarAnswersParts): SimilarAnswers => {
  const { cache, settings, now } = parts
  let judgements = 0

  /** Was the answer of the one that is near right for the one that was asked? */
  const compare = async (
    { tenant, hasOwnFirewall, allows }: SimilarSearch,
    place: QuestionPlace,
    near: NearQuestion,
    asked: Compared['asked'] | undefined,
  ): Promise<'right' | 'wrong' | 'gone' | 'unknown'> => {
    if (asked === undefined) return 'wrong'
    const kept = await answerOf(place, near)
    if (typeof kept === 'string') return kept
    if (judgements >= mostJudgements) return 'unknown'
    judgements++
    try {
      const compared = { kept: { question: near.text, answer: saidText(kept.response) }, asked }
      const isPrivate = hasOwnFirewall || (settings.judge !== undefined && !allows(settings.judge))
      const isRight = await parts.judge(isPrivate, compared, tenant, AbortSignal.timeout(patience))
      return isRight === undefined ? 'unknown' : isRight ? 'right' : 'wrong'
    } finally {
      judgements--
    }
  }

  /** Of a kept question; it is forgotten where that answer is gone, or another one has come in its place. */
  const answerOf = async (
    place: QuestionPlace,
    near: NearQuestion,
  ): Promise<StoredAnswer | 'gone' | 'unknown'> => {
    const at = { organisation: place.organisation, hash: near.hash }
    const kept = await cache.find(at)
    if (kept?.at === near.answeredAt) return kept
    if (kept === undefined && !(await cache.isGone(at))) return 'unknown'
    await cache.similar.remove(place, near.hash)
    return 'gone'
  }

  const placeOf = ({ key, keyOf }: SimilarSearch, rest: GenerateRequest): QuestionPlace | undefined => {
    const around = keyOf(rest)?.hash
    if (around === undefined) return undefined
    const { provider, model, dimensions } = settings.embedder
    const name = JSON.stringify([around, provider, model, dimensions ?? null])
    return { organisation: key.organisation, partition: createHash('sha256').update(name).digest('hex') }
  }

  return {
    async find(search) {
      const { key, tenant, request, allows, suits } = search
      const question = similarQuestion(request, settings.highestTemperature)
      if (typeof question === 'string') return { note: { result: question } }
      if (!allows(settings.embedder)) return { note: { result: 'not-allowed' } }
      const place = placeOf(search, question.rest)
      if (place === undefined) return { note: { result: 'not-one-question' } }
      const look = await cache.similar.look(place)
      if (look === undefined) return { note: { result: 'away' } }
      const embedding = parts.embed(question.text, tenant, AbortSignal.timeout(patience))
      embedding.catch(() => undefined)
      let near: NearQuestion | undefined

      const keep = async (answer: StoredAnswer | undefined, ttl: number): Promise<void> => {
        const vector = await embedding
        const asked = answer && { question: question.text, answer: saidText(answer.response) }
        const verdict = near === undefined ? 'gone' : await compare(search, place, near, asked)
        // Where nobody can say, the question gets no place of its own yet.
        if (verdict === 'unknown') return
        if (near !== undefined && verdict !== 'gone') {
          const isRight = verdict === 'right'
          cache.countJudged(isRight)
          const observation = { asked: key.hash, similarity: near.similarity, isRight }
          await cache.similar.observe(place, near, observation)
          if (isRight) return
        }
        if (answer === undefined) return
        const { text } = question
        const kept = { ...place, hash: key.hash, text, vector, answeredAt: answer.at, until: now() + ttl }
        await cache.similar.add(kept, look.epoch)
      }
      const learn = (answer: StoredAnswer | undefined, ttl: number): void => {
        keep(answer, ttl).catch((error) =>
          cache.fault('a question could not be kept beside those that mean the same', error),
        )
      }

      if (look.isEmpty) return { note: { result: 'none' }, learn }
      const vector = await within(
        embedding.catch(() => undefined),
        Math.min(settings.wait, longestWait),
      )
      if (vector === undefined) return { note: { result: 'away' }, learn }
      const kept = await cache.similar.nearest(place, vector, looked)
      if (kept === undefined) return { note: { result: 'away' } }
      const others = kept.filter(({ similarity }) => similarity >= leastSimilarity)
      // It has a place of its own because the answers of the others were not right for it.
      if (others.some(({ hash }) => hash === key.hash)) return { note: { result: 'own' }, learn }
      const [nearest] = others
      if (nearest === undefined) return { note: { result: 'none' }, learn }
      near = others.find(({ traits }) => difference(question.traits, traits) === undefined)
      if (near === undefined) {
        const apart = difference(question.traits, nearest.traits)
        const similarity = rounded(nearest.similarity)
        return {
          note: { result: 'kept-apart', similarity, ...(apart === undefined ? {} : { difference: apart }) },
          learn,
        }
      }
      const { similarity, certainty } = near
      const note = { similarity: rounded(similarity), certainty: rounded(certainty) }
      const asks = parts.random() < chanceToAsk(certainty, settings.mostError)
      const answer = asks ? 'unknown' : await answerOf(place, near)
      if (typeof answer === 'string' || !suits(answer)) return { note: { result: 'asked', ...note }, learn }
      return { note: { result: 'given', ...note }, answer }
    },
  }
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000
