import { expect, test } from 'bun:test'
import { startTimer } from '../test/support/start-timer.ts'
import { memoryState } from './state/index.ts'
import { createTeam } from './team.ts'

/** Workers of these numbers, which share a state; `serving` of them are known to serve. */
const setUp = (numbers: readonly number[], serving: readonly number[] = numbers) => {
  const machine = memoryState()
  const members = serving.map((number) => ({ number, pid: number, instance: `i${number}` }))
  return numbers.map((number) =>
    createTeam({
      link: { number, team: () => members, leads: () => number === serving[0] },
      machine,
      instance: `i${number}`,
      patience: 100,
    }),
  )
}

test('who asks gets an answer of every other one, in their order, and none of itself', async () => {
  const [one, two, three] = setUp([1, 2, 3])
  for (const [at, team] of [one, two, three].entries()) team?.answer('name', async () => `worker ${at + 1}`)
  expect(await two?.ask('name')).toEqual([
    { worker: 1, text: 'worker 1' },
    { worker: 3, text: 'worker 3' },
  ])
  expect([one, two, three].map((team) => team?.leads())).toEqual([true, false, false])
})

test('questions at the same time are told apart', async () => {
  const [one, two] = setUp([1, 2])
  let asked = 0
  two?.answer('slow', async () => {
    await Bun.sleep(20)
    return 'slow'
  })
  two?.answer('count', () => String(++asked))
  const answers = await Promise.all([one?.ask('slow'), one?.ask('count'), one?.ask('count')])
  expect(answers.map((answer) => answer?.[0]?.text)).toEqual(['slow', '1', '2'])
})

test('whoever does not answer in time, cannot, or does not know how is left out', async () => {
  const [one, two, three] = setUp([1, 2, 3, 4])
  two?.answer('hard', () => Promise.reject(new Error('no')))
  three?.answer('hard', () => 'done')
  const begun = performance.now()
  expect(await one?.ask('hard')).toEqual([{ worker: 3, text: 'done' }])
  expect(performance.now() - begun).toBeLessThan(5_000)
})

test('one that only finishes what it began hears of it, and nobody waits for it', async () => {
  const [one, two, old] = setUp([1, 2, 3], [1, 2])
  const heard: string[] = []
  two?.answer('news', () => 'heard')
  old?.answer('news', () => {
    heard.push('old')
    return 'old'
  })
  expect(await one?.ask('news')).toEqual([{ worker: 2, text: 'heard' }])
  await Bun.sleep(0)
  expect(heard).toEqual(['old'])
})

test('alone there is nobody to wait for', async () => {
  const [one] = setUp([1])
  const hasRung = startTimer(50)
  expect(await one?.ask('anything')).toEqual([])
  expect(hasRung()).toBe(false)
})

test('without a way to the others it goes on alone', async () => {
  const away = () => Promise.reject(new Error('away'))
  const members = [1, 2].map((number) => ({ number, pid: number, instance: `i${number}` }))
  const team = createTeam({
    link: { number: 1, team: () => members, leads: () => true },
    machine: { publish: away, subscribe: () => () => undefined },
    instance: 'i1',
  })
  expect(await team.ask('anything')).toEqual([])
})
