import { expect, test } from 'bun:test'
import type { CountCheck } from '../../ledger/index.ts'
import { createMetrics } from '../../telemetry/index.ts'
import { type CountChecksParts, createCountChecks } from './count-checks.ts'

const check = (exchange: string): CountCheck => ({
  exchange,
  attempt: 1,
  at: 1,
  provider: 'p',
  model: 'm',
  protocol: 'openai-chat',
  method: 'counted',
  edition: 1,
  input: { reported: 1, counted: 1 },
  output: null,
  hiddenReasoning: null,
})

const setUp = (limits: Pick<CountChecksParts, 'mostBytes' | 'mostOfCall' | 'mostWaiting'> = {}) => {
  const metrics = createMetrics({ version: 'test' })
  metrics.close()
  const written: string[] = []
  const problems: string[] = []
  const checks = createCountChecks({
    store: {
      async record({ exchange }) {
        if (exchange === 'away') throw new Error('the database is away')
        written.push(exchange)
      },
    },
    registry: metrics.registry,
    onProblem: (message) => problems.push(message),
    ...limits,
  })
  const sample = (exchange: string, { share = 1, model = 'm' } = {}) =>
    checks.sample({ exchange, provider: 'p', model, share })
  const results = async () =>
    Object.fromEntries(
      [...(await metrics.render()).matchAll(/tollgate_count_checks_total\{result="(\w+)"\} (\d+)/g)].map(
        ([, result, count]) => [result, Number(count)],
      ),
    )
  return { checks, written, problems, sample, results }
}

/** Resolves when a count that was begun behind all others is over. */
const settled = async ({ sample }: ReturnType<typeof setUp>): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>()
  sample('last')?.count(async () => {
    setImmediate(resolve)
    return undefined
  })
  await promise
}

test('the first calls of each model are chosen, then a share of them, and the same ones everywhere', () => {
  const one = setUp()
  const other = setUp()
  const chosen = ({ sample }: typeof one, model: string) =>
    Array.from({ length: 2000 }, (_, call) => `${call}`).filter(
      (id) => sample(id, { share: 0.05, model }) !== undefined,
    )
  const [here, there] = [chosen(one, 'm'), chosen(other, 'm')]
  expect(here).toEqual(there)
  expect(here.slice(0, 10)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
  expect(here.length).toBeGreaterThan(80)
  expect(here.length).toBeLessThan(140)
  expect(chosen(one, 'another').slice(0, 3)).toEqual(['0', '1', '2'])
  expect(one.sample('x', { share: 0, model: 'new' })).toBeUndefined()
})

test('calls are counted one at a time, and recorded', async () => {
  const bench = setUp()
  let running = 0
  let most = 0
  for (const id of ['a', 'b', 'c']) {
    bench.sample(id)?.count(async () => {
      running++
      most = Math.max(most, running)
      await Bun.sleep(1)
      running--
      return check(id)
    })
  }
  await settled(bench)
  expect(bench.written).toEqual(['a', 'b', 'c'])
  expect(most).toBe(1)
  expect(await bench.results()).toEqual({ counted: 3, uncountable: 1 })
})

test('what cannot be counted or recorded is told, and the next one is counted', async () => {
  const bench = setUp()
  bench.sample('a')?.count(() => Promise.reject(new Error('broken')))
  bench.sample('away')?.count(async () => check('away'))
  bench.sample('b')?.count(async () => check('b'))
  bench.sample('c')?.drop('no_answer')
  await settled(bench)
  expect(bench.written).toEqual(['b'])
  expect(bench.problems).toHaveLength(2)
  expect(await bench.results()).toEqual({ counted: 1, uncountable: 1, failed: 2, no_answer: 1 })
})

test('bytes are bounded, for each call and for all, and come back with the end of a call', async () => {
  const bench = setUp({ mostOfCall: 10, mostBytes: 15 })
  const [one, two] = [bench.sample('a'), bench.sample('b')]
  expect([one?.hold(8), two?.hold(7), two?.hold(1)]).toEqual([true, true, false])
  // The second one is over, and its bytes are free.
  expect([two?.hold(1), bench.sample('c')?.hold(7)]).toEqual([false, true])
  expect([one?.hold(3), bench.sample('d')?.hold(8)]).toEqual([false, true])
  two?.count(async () => check('b'))
  await settled(bench)
  expect(bench.written).toEqual([])
  expect(await bench.results()).toMatchObject({ dropped: 2 })
})

test('so many calls wait, and of more none waits', async () => {
  const bench = setUp({ mostWaiting: 2 })
  for (const id of ['a', 'b', 'c', 'd']) bench.sample(id)?.count(async () => check(id))
  while (bench.written.length < 3) await Bun.sleep(5)
  expect(bench.written).toEqual(['a', 'b', 'c'])
  expect(await bench.results()).toEqual({ counted: 3, dropped: 1 })
})

test('stopping ends what waits, and nothing is chosen any more', async () => {
  const bench = setUp()
  for (const id of ['a', 'b', 'c']) bench.sample(id)?.count(async () => check(id))
  await bench.checks.stop()
  expect(bench.written).toEqual([])
  expect(bench.sample('d')).toBeUndefined()
})
