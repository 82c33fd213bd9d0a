import {
  chanceToAsk,
  difference,
  leastSimilarity,
  memoryIndex,
  type SimilarIndex,
} from '../../src/cache/index.ts'
import { questionTraits } from '../../src/cache/similar/question-traits.ts'
import type { LabelledQuestion } from './question-set.ts'

export interface Simulated {
  readonly answers: number
  /** Answers of other questions that were given. */
  readonly given: number
  /** Of these, such as belong to another class. */
  readonly wrong: number
  /** Share of given ones among the last quarter of all answers. */
  readonly givenAtTheEnd: number
  readonly kept: number
}

export interface SimulateOptions {
  readonly questions: readonly LabelledQuestion[]
  readonly mostError: number
  readonly answers: number
  readonly random: () => number
  /** Are questions kept apart that differ in what their words decide? Default true. */
  readonly guards?: boolean
  /** Empty; default in memory. */
  readonly index?: SimilarIndex
}

/**
 * Asks questions of the set by chance, again and again, as the cache stage does it, with a judge who knows the classes.
 * Each counts as a question that was never asked before: one that is kept word for word would be found by its key, so the
 * next nearest is taken, and what is learned of it counts each time.
 */
export const simulate = async (options: SimulateOptions): Promise<Simulated> => {
  const { questions, mostError, answers, random, guards = true } = options
  const { index = memoryIndex({ most: () => 10_000, mostBytes: () => 1e9, now: Date.now }) } = options
  const place = { organisation: 'o', partition: 'p' }
  const epoch = (await index.look(place))?.epoch ?? ''
  const until = Date.now() + 3_600_000
  const kept = new Set<string>()
  const traits = new Map(questions.map(({ text }) => [text, questionTraits(text)]))
  const groups = new Map(questions.map(({ text, group }) => [text, group]))
  let [given, wrong, late] = [0, 0, 0]
  for (let asked = 0; asked < answers; asked++) {
    const question = questions[Math.floor(random() * questions.length)]
    const own = question && traits.get(question.text)
    if (question === undefined || own === undefined) continue
    const nearest = await index.nearest(place, question.vector, 9)
    const near = nearest?.find(
      (one) =>
        one.text !== question.text &&
        one.similarity >= leastSimilarity &&
        (!guards || difference(own, one.traits) === undefined),
    )
    const isRight = near !== undefined && groups.get(near.text) === question.group
    if (near !== undefined && random() >= chanceToAsk(near.certainty, mostError)) {
      given++
      if (!isRight) wrong++
      if (asked >= answers * 0.75) late++
      continue
    }
    if (near !== undefined)
      await index.observe(place, near, { asked: `${asked}`, similarity: near.similarity, isRight })
    const { text, vector } = question
    if (isRight || kept.has(text)) continue
    kept.add(text)
    await index.add({ ...place, hash: text, text, vector, answeredAt: 0, until }, epoch)
  }
  return { answers, given, wrong, givenAtTheEnd: late / (answers * 0.25), kept: kept.size }
}
