import { expect, test } from 'bun:test'
import { type CanaryPrompt, type CanaryRun, type CanaryTurn, canaryId } from '../../ledger/index.ts'
import { createMetrics } from '../../telemetry/index.ts'
import type { CanaryOutcome } from './ask-canary.ts'
import { type Canary, createCanaries } from './canaries.ts'

const hour = 3_600_000

const canary = (prompt: string, every = hour): Canary => ({
  provider: 'p',
  model: 'm',
  prompt,
  every,
  max_output_tokens: 10,
})

/** The rows that every process sees. */
const sharedTurns = () => {
  const turns = new Map<string, number>()
  return async ({ canary: id, at, notSince }: CanaryTurn): Promise<number> => {
    const last = turns.get(id)
    if (last !== undefined && last > notSince) return last
    turns.set(id, at)
    return at
  }
}

const setUp = (
  configured: readonly Canary[],
  { takeTurn = sharedTurns(), random = 0, longest = 60_000 } = {},
) => {
  const { registry } = createMetrics({ version: 'test' })
  const state = {
    now: 1_000_000,
    configured,
    answer: (prompt: CanaryPrompt, _: AbortSignal): Promise<CanaryOutcome | undefined> =>
      Promise.resolve({ exchange: prompt.prompt, at: state.now, result: 'passed', error: null }),
    isAway: false,
  }
  const [asked, runs, told]: [string[], CanaryRun[], string[]] = [[], [], []]
  const canaries = createCanaries({
    canaries: () => state.configured,
    ask(prompt, signal) {
      asked.push(prompt.prompt)
      return state.answer(prompt, signal)
    },
    store: {
      async takeTurn(turn) {
        if (state.isAway) throw new Error('the database is away')
        return takeTurn(turn)
      },
      async record(run) {
        runs.push(run)
      },
    },
    registry,
    logger: { warn: (message) => void told.push(message), info: (message) => void told.push(message) },
    now: () => state.now,
    random: () => random,
    longest,
  })
  return { canaries, state, asked, runs, told, render: () => registry.render() }
}

test('each canary is asked once in its time', async () => {
  const { canaries, state, asked, runs } = setUp([canary('a'), canary('b', 2 * hour)])
  await canaries.tick()
  expect(asked).toEqual(['a', 'b'])
  state.now += hour - 1
  await canaries.tick()
  expect(asked).toEqual(['a', 'b'])
  state.now += 1
  await canaries.tick()
  expect(asked).toEqual(['a', 'b', 'a'])
  state.now += hour
  await canaries.tick()
  expect(asked).toEqual(['a', 'b', 'a', 'a', 'b'])
  expect(runs[0]).toEqual({
    canary: canaryId(canary('a')),
    provider: 'p',
    model: 'm',
    exchange: 'a',
    at: 1_000_000,
    result: 'passed',
    error: null,
  })
  expect(runs).toHaveLength(5)
})

test('a new one waits for a random part of a minute, or of its time where that is shorter', async () => {
  const { canaries, state, asked } = setUp([canary('slow'), canary('quick', 10_000)], { random: 0.5 })
  await canaries.tick()
  state.now += 4_999
  await canaries.tick()
  expect(asked).toEqual([])
  state.now += 1
  await canaries.tick()
  expect(asked).toEqual(['quick'])
  state.now += 25_000
  await canaries.tick()
  expect(asked).toEqual(['quick', 'quick', 'slow'])
})

test('two processes on one database share the turns, and so do a process and the one before it', async () => {
  const takeTurn = sharedTurns()
  const one = setUp([canary('a')], { takeTurn })
  const other = setUp([canary('a')], { takeTurn })
  await one.canaries.tick()
  other.state.now += 600_000
  await other.canaries.tick()
  expect(other.asked).toEqual([])
  // It comes back when the turn of the other is over, and not an hour after it looked.
  other.state.now = 1_000_000 + hour
  await other.canaries.tick()
  expect(other.asked).toEqual(['a'])
  one.state.now = 1_000_000 + hour + 5
  await one.canaries.tick()
  expect(one.asked).toEqual(['a'])
})

test('no two run at once, however often it is time to look', async () => {
  const { canaries, state, asked } = setUp([canary('a'), canary('b')])
  const answer = Promise.withResolvers<CanaryOutcome>()
  state.answer = () => answer.promise
  const first = canaries.tick()
  await Bun.sleep(0)
  state.now += 2 * hour
  const second = canaries.tick()
  await Bun.sleep(0)
  expect(asked).toEqual(['a'])
  answer.resolve({ exchange: 'x', at: 1, result: 'passed', error: null })
  await Promise.all([first, second])
  expect(asked).toEqual(['a', 'b'])
})

test('one that takes too long is ended, and the next one is asked', async () => {
  const { canaries, state, asked, runs } = setUp([canary('a'), canary('b')], { longest: 5 })
  state.answer = ({ prompt }, signal) =>
    new Promise((resolve) => {
      const end = () => resolve({ exchange: prompt, at: 1, result: 'no_answer', error: 'timeout' })
      signal.addEventListener('abort', end, { once: true })
    })
  await canaries.tick()
  expect(asked).toEqual(['a', 'b'])
  expect(runs.map(({ result, error }) => [result, error])).toEqual([
    ['no_answer', 'timeout'],
    ['no_answer', 'timeout'],
  ])
})

test('stopping ends the one that runs without a result, and starts no more', async () => {
  const { canaries, state, asked, runs } = setUp([canary('a'), canary('b')])
  state.answer = (_, signal) =>
    new Promise((resolve) => {
      const end = () => resolve({ exchange: 'x', at: 1, result: 'no_answer', error: 'timeout' })
      signal.addEventListener('abort', end, { once: true })
    })
  const ticking = canaries.tick()
  await Bun.sleep(0)
  await canaries.stop()
  await ticking
  state.now += 2 * hour
  await canaries.tick()
  expect({ asked, runs }).toEqual({ asked: ['a'], runs: [] })
})

test('what changes is told once, and everything is counted', async () => {
  const { canaries, state, told, render } = setUp([canary('a')])
  const results = ['failed', 'failed', 'no_answer', 'passed', 'passed'] as const
  for (const result of results) {
    state.answer = async () => ({
      exchange: 'x',
      at: 1,
      result,
      error: result === 'no_answer' ? 'status 500' : null,
    })
    await canaries.tick()
    state.now += hour
  }
  expect(told).toEqual([
    'a canary is not answered as expected',
    'a canary gets no answer',
    'a canary is answered as expected again',
  ])
  const labels = `provider="p",model="m",canary="${canaryId(canary('a'))}"`
  expect(await render()).toContain(`tollgate_canary_total{${labels},result="failed"} 2`)
})

test('nothing is sent that cannot be recorded, it is tried again soon, and a reload is followed', async () => {
  const { canaries, state, asked, told } = setUp([canary('a')])
  state.isAway = true
  await canaries.tick()
  expect({ asked, told }).toEqual({ asked: [], told: ['a canary could not be run or recorded'] })
  state.isAway = false
  state.configured = [canary('b'), canary('a', 60_000)]
  state.now += 60_000
  await canaries.tick()
  expect(asked.toSorted()).toEqual(['a', 'b'])
  state.configured = []
  state.now += 10 * hour
  await canaries.tick()
  expect(asked).toHaveLength(2)
})
