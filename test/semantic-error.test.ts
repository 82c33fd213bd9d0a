/** The bound of the semantic cache on labelled questions, with embeddings that a real model made of them. */
import { expect, test } from 'bun:test'
import { seeded } from '../eval/seeded.ts'
import { labelledQuestions } from '../eval/semantic/question-set.ts'
import { simulate } from '../eval/semantic/simulate.ts'

const questions = labelledQuestions()

test('the questions are as many as they are said to be, and none is there twice', () => {
  expect(questions).toHaveLength(1_080)
  expect(new Set(questions.map(({ text }) => text)).size).toBe(1_080)
  expect(new Set(questions.map(({ group }) => group)).size).toBe(72)
})

/** Six of the groups of three, so that each is asked often enough in the time that a test may take. */
const some = new Set([...new Set(questions.map(({ group }) => group))].slice(0, 18))
const fewer = questions.filter(({ group }) => some.has(group))

test.each([0.01, 0.05])('at most %p of all answers are wrong, and some are given', async (mostError) => {
  const { given, wrong, answers } = await simulate({
    ...{ questions: fewer, mostError, answers: 8_000, random: seeded(`test ${mostError}`) },
  })
  expect(wrong / answers).toBeLessThanOrEqual(mostError)
  // Half of the pairs that come nearest belong to two classes: what is given is given with care.
  expect(given).toBeGreaterThan(5)
  expect(wrong / given).toBeLessThanOrEqual(0.1)
})

test('also by what is learned alone, without a look at the words', async () => {
  const { given, wrong, answers } = await simulate({
    ...{ questions: fewer, mostError: 0.05, answers: 6_000, random: seeded('alone'), guards: false },
  })
  expect(given).toBeGreaterThan(5)
  expect(wrong / answers).toBeLessThanOrEqual(0.05)
})
