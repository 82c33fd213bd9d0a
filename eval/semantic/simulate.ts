import { chanceToAsk, difference, leastSimilarity, similarIndex } from '../../src/cache/index.ts'
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
}

/**
 * Asks questions of the set by chance, again and again, as the cache stage does it, with a judge who knows the classes.
 * Each counts as a question that was never asked before: one that is kept word for word would be found by its key, so the
 * next nearest is taken, and what is learned of it counts each time.
 */
export const simulate = (options: SimulateOptions): Simulated => {
  const { questions, mostError, answers, random, guards = true } = options
  const index = similarIndex({ most: () => 10_000, mostBytes: () => 1e9, now: () => 0 })
  const place = { organisation: 'o', partition: 'p' }
  const traits = new Map(questions.map(({ text }) => [text, questionTraits(text)]))
  const groups = new Map(questions.map(({ text, group }) => [text, group]))
  let [given, wrong, late] = [0, 0, 0]
  for (let asked = 0; asked < answers; asked++) {
    const question = questions[Math.floor(random() * questions.length)]
    const own = question && traits.get(question.text)
    if (question === undefined || own === undefined) continue
    const near = index
      .nearest(place, question.vector, 9)
      .find(
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
      index.observe(place, near.hash, { asked: `${asked}`, similarity: near.similarity, isRight })
    const { text, vector } = question
    if (!isRight && index.get(place, text) === undefined)
      index.add({ ...place, hash: text, text, vector, answeredAt: 0, until: 1 })
  }
  return { answers, given, wrong, givenAtTheEnd: late / (answers * 0.25), kept: index.size().questions }
}
