import { describe, expect, test } from 'bun:test'
import type { ShadowDrops } from '../../ledger/index.ts'
import { createMetrics } from '../../telemetry/index.ts'
import { createShadowCopies, type ShadowCopies } from './shadow-copies.ts'

interface Harness extends ShadowCopies {
  readonly written: ShadowDrops[]
  readonly problems: string[]
  isAway: boolean
  /** The count of a metric's series. */
  count(route: string, result: string): Promise<number>
}

const create = (options: { readonly longest?: number; readonly mostBytes?: number } = {}): Harness => {
  const metrics = createMetrics({ version: 'test' })
  metrics.close()
  const written: ShadowDrops[] = []
  const problems: string[] = []
  const harness = {
    written,
    problems,
    isAway: false,
    async count(route: string, result: string) {
      const line = (await metrics.render())
        .split('\n')
        .find((one) => one.startsWith(`tollgate_shadow_total{route="${route}",result="${result}"}`))
      return Number(line?.split(' ')[1] ?? 0)
    },
  }
  return Object.assign(
    harness,
    createShadowCopies({
      store: {
        async drop(drops) {
          if (harness.isAway) throw new Error('away')
          written.push(...drops)
        },
      },
      registry: metrics.registry,
      onProblem: (message) => problems.push(message),
      now: () => 3_700_000,
      ...options,
    }),
  )
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve()))

/** Starts a copy; resolves when it is over. */
const start = (
  copies: ShadowCopies,
  work: (signal: AbortSignal) => Promise<void>,
  of = { route: 'rule', concurrent: 1 },
): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>()
  copies.start(of, work, resolve)
  return promise
}

describe('copies', () => {
  test('run later than whoever starts them', async () => {
    const copies = create()
    let hasRun = false
    const over = start(copies, async () => {
      hasRun = true
    })
    await Promise.resolve()
    expect(hasRun).toBe(false)
    await over
    expect(hasRun).toBe(true)
  })

  test('beyond the bound of their rule are dropped, and there is room again when one is over', async () => {
    const copies = create()
    const release = Promise.withResolvers<void>()
    const first = start(copies, () => release.promise)
    let ran = 0
    const count = async () => void ran++
    await start(copies, count)
    await start(copies, count, { route: 'other', concurrent: 1 })
    expect(ran).toBe(1)
    expect(await copies.count('rule', 'concurrent')).toBe(1)
    release.resolve()
    await first
    await start(copies, count)
    expect(ran).toBe(2)
  })

  test('that fail are told of, and leave their place', async () => {
    const copies = create()
    await start(copies, () => Promise.reject(new Error('broken')))
    expect(copies.problems).toEqual(['a shadow copy failed'])
    let ran = false
    await start(copies, async () => {
      ran = true
    })
    expect(ran).toBe(true)
  })

  test('that take too long are ended', async () => {
    const copies = create({ longest: 20 })
    let reason: unknown
    await start(copies, async (signal) => {
      await untilAborted(signal)
      reason = signal.reason
    })
    expect(reason).toMatchObject({ name: 'TimeoutError' })
  })

  test('end when the gateway stops, and none begins after', async () => {
    const copies = create()
    const begun = Promise.withResolvers<void>()
    const running = start(copies, async (signal) => {
      begun.resolve()
      await untilAborted(signal)
    })
    await begun.promise
    let ran = false
    const run = async () => {
      ran = true
    }
    const waiting = start(copies, run, { route: 'other', concurrent: 1 })
    await copies.stop()
    await Promise.all([running, waiting])
    await start(copies, run)
    expect(ran).toBe(false)
    expect(copies.written).toEqual([{ route: 'other', hour: 3_600_000, reason: 'stopping', count: 1 }])
  })
})

test('what is dropped is counted by the hour, and kept while the database is away', async () => {
  const copies = create()
  copies.drop('rule', 'budget')
  copies.drop('rule', 'budget')
  copies.isAway = true
  await copies.flush()
  expect(copies.problems).toEqual(['dropped shadow copies cannot be counted'])
  copies.drop('rule', 'budget')
  copies.isAway = false
  await copies.flush()
  await copies.flush()
  expect(copies.written).toEqual([{ route: 'rule', hour: 3_600_000, reason: 'budget', count: 3 }])
  expect(await copies.count('rule', 'budget')).toBe(3)
})

test('answers are kept up to a bound', () => {
  const copies = create({ mostBytes: 10 })
  expect(copies.hold(8)).toBe(true)
  expect(copies.hold(3)).toBe(false)
  copies.letGo(8)
  expect(copies.hold(10)).toBe(true)
})
