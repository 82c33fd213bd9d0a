/** The bound of the semantic cache on labelled questions, with embeddings that a real model made of them. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { createSecretKey, randomBytes } from 'node:crypto'
import { seeded } from '../eval/seeded.ts'
import { labelledQuestions } from '../eval/semantic/question-set.ts'
import { simulate } from '../eval/semantic/simulate.ts'
import { vectorSetIndex } from '../src/cache/index.ts'
import { redisState } from '../src/state/index.ts'
import { waitFor } from './support/gateway.ts'
import { redisProgram, startRedis } from './support/redis.ts'

setDefaultTimeout(120_000)

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

const withVectorSets = redisProgram('the bound with vector sets of Redis', true)

test.skipIf(withVectorSets === undefined)(
  'vector sets of Redis give the very answers that the memory gives',
  async () => {
    const redis = await startRedis([], withVectorSets)
    const state = redisState({ url: redis.url, keyPrefix: 'error:' })
    const sets = await waitFor(() => (state.status() === 'connected' ? state.vectors : undefined))
    const key = createSecretKey(randomBytes(32))
    const problems: string[] = []
    const index = vectorSetIndex({
      ...{ sets, keyOf: () => key, most: () => 10_000, mostBytes: () => 1e9, now: Date.now },
      onProblem: (message) => void problems.push(message),
      onUnsupported: () => void problems.push('unsupported'),
    })
    const asked = { questions: fewer, mostError: 0.05, answers: 4_000 }
    const found = await simulate({ ...asked, random: seeded('both'), index })
    expect(found).toEqual(await simulate({ ...asked, random: seeded('both') }))
    expect(found.given).toBeGreaterThan(5)
    expect(problems).toEqual([])
    state.close()
    await redis.stop()
  },
)
