import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { GatewayError } from '../errors.ts'
import { memoryQuota, type Quota } from '../state/index.ts'
import { createAwayQuota } from './away-quota.ts'
import type { Budget } from './budget.ts'
import { createBudgetTable, type Subject } from './budget-table.ts'
import { createPurse, type Hold, type Purse } from './purse.ts'
import { budgetSettings, toBudget } from './settings.ts'

const budget = (settings: object): Budget => toBudget(budgetSettings.parse(settings))

const subject = (at = 0, more: Partial<Subject> = {}): Subject => ({
  ...{ organisation: 'org_1', team: 'team_1', user: null, key: 'key_1', keyName: 'ci', session: null },
  ...{ tags: [], at, target: { provider: 'p', model: 'm' } },
  ...more,
})

const fixed = (amount: bigint) => () => ({ base: amount, step: 0n })
const once = { least: 0, most: 0 }

interface Fixture {
  readonly purse: Purse
  readonly quota: Quota
  readonly seeds: string[]
  time: number
}

const open = (ledger: bigint = 0n, quota?: Quota): Fixture => {
  const fixture = { time: 0 }
  const clock = (): number => fixture.time
  const shared = quota ?? memoryQuota(clock)
  const seeds: string[] = []
  const purse = createPurse({
    quota: shared,
    spent: {
      async spent({ level, subject }) {
        seeds.push(`${level} ${subject}`)
        return ledger === 0n ? [] : [[0, ledger]]
      },
    },
    now: clock,
    holding: 1_000,
  })
  return Object.assign(fixture, { purse, quota: shared, seeds })
}

describe('a purse', () => {
  test('reads a counter from the ledger once, and knows it from then on', async () => {
    const { purse, seeds } = open(700n)
    const applied = createBudgetTable([
      budget({ level: 'key', limit_tokens: 1_000, period: 'forever', mode: 'hard' }),
    ]).ofExchange(subject())
    expect(await purse.look(applied, 0)).toMatchObject([{ spent: 700n, reserved: 0n, zone: 'green' }])
    await purse.look(applied, 0)
    expect(seeds).toEqual(['key key_1'])
    await purse.stop()
  })

  test('holds in all budgets or in none', async () => {
    const { purse } = open()
    const applied = createBudgetTable([
      budget({ level: 'key', limit_tokens: 1_000, period: 'forever', mode: 'hard' }),
      budget({ level: 'global', limit_tokens: 100, period: 'forever', mode: 'hard' }),
    ]).ofExchange(subject())
    const request = { applied, wanted: fixed(150n), steps: once, at: 0 }
    const result = await purse.hold({ ...request, holder: 'a' })
    expect(result).toMatchObject({ type: 'refused', by: { budget: { level: 'global' }, zone: 'red' } })
    expect((await purse.look(applied, 0)).map(({ reserved }) => reserved)).toEqual([0n, 0n])
    expect(purse.open).toBe(0)
    await purse.stop()
  })

  test('what is held more while its holder ends is given back', async () => {
    const counters = memoryQuota(() => 0)
    let isSlow = false
    let goOn = (): void => {}
    const quota: Quota = {
      ...counters,
      async take(wanted) {
        if (isSlow) await new Promise<void>((resolve) => (goOn = resolve))
        return counters.take(wanted)
      },
    }
    const { purse } = open(0n, quota)
    const applied = createBudgetTable([
      budget({ level: 'key', limit_tokens: 1_000, period: 'forever', mode: 'metered' }),
    ]).ofExchange(subject())
    const result = await purse.hold({ applied, holder: 'a', wanted: fixed(100n), steps: once, at: 0 })
    if (result.type !== 'held') throw new Error('it fits')
    isSlow = true
    const more = result.hold.extend(fixed(200n), { least: 0, most: 0 })
    await result.hold.settle(() => 70n)
    isSlow = false
    goOn()
    expect(await more).toBe(0)
    expect(await purse.look(applied, 0)).toMatchObject([{ spent: 70n, reserved: 0n }])
    await purse.stop()
  })

  test('a budget has one counter for each of those that it is for', async () => {
    const { purse } = open()
    const table = createBudgetTable([
      budget({ level: 'session', limit_tokens: 100, period: 'forever', mode: 'hard' }),
      budget({ level: 'key', match: 'other-*', limit_tokens: 1, period: 'forever', mode: 'hard' }),
      budget({ level: 'tag', match: 'ci', limit_tokens: 50, period: 'forever', mode: 'hard' }),
      budget({ level: 'model', limit_tokens: 90, period: 'forever', mode: 'hard' }),
    ])
    const keys = (more: Partial<Subject>): readonly (string | null)[] =>
      table.ofAttempt(subject(0, more)).map((one) => one.subject)
    expect(keys({})).toEqual(['m'])
    expect(keys({ session: 's', tags: ['ci', 'x'] })).toEqual(['org_1/s', 'org_1/ci', 'm'])
    expect(keys({ keyName: 'other-1' })).toEqual(['key_1', 'm'])
    expect(keys({ organisation: 'org_2', session: 's' })).toEqual(['org_2/s', 'm'])
    await purse.stop()
  })

  test('begins anew with the period of the exchange, and spends in it to the end', async () => {
    const { purse } = open()
    const table = createBudgetTable([
      budget({ level: 'global', limit_tokens: 100, period: 'day', mode: 'hard' }),
    ])
    const day = 86_400_000
    const [today, tomorrow] = [table.ofExchange(subject(day - 1)), table.ofExchange(subject(day))]
    const result = await purse.hold({
      applied: today,
      holder: 'a',
      wanted: fixed(80n),
      steps: once,
      at: day - 1,
    })
    if (result.type !== 'held') throw new Error('it fits')
    expect(await purse.look(tomorrow, day)).toMatchObject([{ reserved: 0n, resetsAt: 2 * day }])
    await result.hold.settle(() => 60n)
    expect(await purse.look(today, day - 1)).toMatchObject([{ spent: 60n, reserved: 0n }])
    expect(await purse.look(tomorrow, day)).toMatchObject([{ spent: 0n }])
    await purse.stop()
  })

  test('a rolling period forgets what is older than it, part by part', async () => {
    const fixture = open()
    const { purse } = fixture
    const table = createBudgetTable([
      budget({ level: 'global', limit_tokens: 100, period: '1h', mode: 'hard' }),
    ])
    for (const at of [0, 1_800_000]) {
      fixture.time = at
      const held = await purse.hold({
        ...{ applied: table.ofExchange(subject(at)), holder: `h${at}`, wanted: fixed(40n), steps: once, at },
      })
      if (held.type !== 'held') throw new Error('it fits')
      await held.hold.settle(() => 40n)
    }
    const spentAt = async (at: number) => {
      fixture.time = at
      return (await purse.look(table.ofExchange(subject(at)), at)).map(({ spent }) => spent)
    }
    expect(await spentAt(3_600_000)).toEqual([80n])
    expect(await spentAt(3_600_000 + 61_000)).toEqual([40n])
    expect(await spentAt(5_400_000 + 61_000)).toEqual([0n])
    await purse.stop()
  })

  test('what a process that died held is spent when its time is over', async () => {
    const fixture = open()
    const applied = createBudgetTable([
      budget({ level: 'global', limit_tokens: 100, period: 'forever', mode: 'hard' }),
    ]).ofExchange(subject())
    await fixture.purse.hold({ applied, holder: 'dead', wanted: fixed(70n), steps: once, at: 0 })
    await fixture.purse.stop()
    const other = open(0n, fixture.quota)
    fixture.time = 999
    expect(await other.purse.look(applied, 0)).toMatchObject([{ spent: 0n, reserved: 70n }])
    fixture.time = 1_001
    expect(await other.purse.look(applied, 0)).toMatchObject([{ spent: 70n, reserved: 0n }])
    await other.purse.stop()
  })

  test('whatever happens, nothing is overshot, settled twice or left held', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            act: fc.constantFrom('hold', 'extend', 'settle', 'again'),
            which: fc.nat(7),
            amount: fc.nat(400),
            part: fc.nat(100),
          }),
          { maxLength: 60 },
        ),
        fc.integer({ min: 1, max: 1_500 }),
        async (acts, limit) => {
          const { purse } = open()
          const applied = createBudgetTable([
            budget({ level: 'global', limit_tokens: limit, period: 'forever', mode: 'hard' }),
            budget({ level: 'key', limit_tokens: limit * 2, period: 'forever', mode: 'hard' }),
          ]).ofExchange(subject())
          const holds = new Map<number, Hold>()
          const ended: Hold[] = []
          let spent = 0n
          let turn = 0
          const share = (part: number) => (_: Budget, held: bigint) => (held * BigInt(part)) / 100n
          for (const { act, which, amount, part } of acts) {
            const hold = holds.get(which)
            if (act === 'hold' && hold === undefined) {
              const wanted = fixed(BigInt(amount))
              const result = await purse.hold({ applied, holder: `h${turn++}`, wanted, steps: once, at: 0 })
              if (result.type === 'held') holds.set(which, result.hold)
            } else if (act === 'extend' && hold !== undefined) {
              await hold.extend(() => ({ base: 0n, step: 10n }), { least: 1, most: 1 + (amount % 20) })
            } else if (act === 'settle' && hold !== undefined) {
              await hold.settle((one, held) => {
                const amountSpent = share(part)(one, held)
                if (one.level === 'global') spent += amountSpent
                return amountSpent
              })
              holds.delete(which)
              ended.push(hold)
            } else if (act === 'again') {
              await ended[which]?.settle(() => 1_000_000n)
            }
            const standings = await purse.look(applied, 0)
            for (const { budget: one, spent: gone, reserved } of standings) {
              expect(gone + reserved).toBeLessThanOrEqual(one.limit)
              expect(reserved).toBeGreaterThanOrEqual(0n)
            }
            expect(standings[0]?.spent).toBe(spent)
            expect(standings[1]?.spent).toBe(spent)
          }
          for (const hold of holds.values()) await hold.settle(() => 0n)
          expect((await purse.look(applied, 0)).map(({ reserved }) => reserved)).toEqual([0n, 0n])
          expect(purse.open).toBe(0)
          await purse.stop()
        },
      ),
      { numRuns: 150 },
    ))
})

describe('while the shared counters are away', () => {
  const setup = (mode: 'refuse' | 'local') => {
    const real = memoryQuota(() => 0)
    let isAway = false
    const guard = <T>(work: () => Promise<T>): Promise<T> =>
      isAway ? Promise.reject(new GatewayError('gateway_state_unavailable', 'away')) : work()
    const told: boolean[] = []
    const quota = createAwayQuota({
      shared: {
        take: (take) => guard(() => real.take(take)),
        give: (changes) => guard(() => real.give(changes)),
        keep: (holders, holding) => guard(() => real.keep(holders, holding)),
        seed: (seed) => guard(() => real.seed(seed)),
      },
      own: memoryQuota(() => 0),
      mode: () => mode,
      sharers: async () => 4,
      onAlone: (alone) => told.push(alone),
    })
    const applied = createBudgetTable([
      budget({ level: 'global', limit_tokens: 1_000, period: 'forever', mode: 'hard' }),
    ]).ofExchange(subject())
    return { quota, applied, told, cut: (away: boolean) => (isAway = away) }
  }
  const ask = (purse: Purse, applied: Parameters<Purse['look']>[0], holder: string, amount: bigint) =>
    purse.hold({ applied, holder, wanted: fixed(amount), steps: once, at: 0 })

  test('nothing is granted where budgets are to hold whatever happens', async () => {
    const { quota, applied, cut } = setup('refuse')
    const { purse } = open(200n, quota)
    cut(true)
    expect(ask(purse, applied, 'a', 1n)).rejects.toMatchObject({ code: 'gateway_state_unavailable' })
    await purse.stop()
  })

  test('else this process has its share of what is left, and makes up for it afterwards', async () => {
    const { quota, applied, told, cut } = setup('local')
    const { purse } = open(200n, quota)
    await purse.look(applied, 0)
    cut(true)
    const first = await ask(purse, applied, 'a', 150n)
    expect(await ask(purse, applied, 'b', 60n)).toMatchObject({ type: 'refused' })
    const second = await ask(purse, applied, 'c', 50n)
    if (first.type !== 'held' || second.type !== 'held') throw new Error('a quarter of 800 fits')
    await first.hold.settle(() => 140n)
    cut(false)
    expect(await purse.look(applied, 0)).toMatchObject([{ spent: 340n, reserved: 0n }])
    await second.hold.settle(() => 50n)
    expect(await purse.look(applied, 0)).toMatchObject([{ spent: 390n, reserved: 0n }])
    expect(told).toEqual([true, false])
    await purse.stop()
  })
})
