import { afterEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lockHolder } from './index.ts'
import {
  cleanUp,
  type Event,
  isAlive,
  makeFolder,
  type RunningProgram,
  startProgram,
  until,
} from './running-program.fixture.ts'

setDefaultTimeout(30_000)
afterEach(cleanUp)

const size = 3

const start = (mode: string, env: Readonly<Record<string, string>> = {}) => {
  const dir = makeFolder()
  const program = startProgram({
    FIXTURE_MODE: mode,
    FIXTURE_DIR: dir,
    FIXTURE_WORKERS: String(size),
    ...env,
  })
  return { dir, program, leave: (file: string) => writeFileSync(join(dir, file), '') }
}
const readyEvents = (program: RunningProgram): readonly Event[] =>
  program.events.filter(({ event }) => event === 'ready')
/** As many as were ready by then, oldest first. */
const allReady = async (program: RunningProgram, count = size): Promise<readonly Event[]> => {
  await until(
    () => readyEvents(program).length >= count,
    () => JSON.stringify(program.events),
  )
  return readyEvents(program)
}
const instanceOf = ({ pid }: Event): string => `instance-${pid}`
const relievedOf = (event: Event | undefined): unknown => event?.['relieved']
/** What the worker of that process was told last of who serves. */
const teamOf = (program: RunningProgram, pid: number): Event | undefined =>
  program.events.findLast((event) => event.event === 'team' && event.pid === pid)

describe('several workers', () => {
  test('start one after the other, each knowing the ports and instances of those before it', async () => {
    const { program, dir } = start('well')
    const [first, second, third] = await allReady(program)
    if (first === undefined || second === undefined) throw new Error('too few')
    expect(readyEvents(program).map((event) => [event['number'], event['teamSize']])).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ])
    expect(relievedOf(first)).toBeUndefined()
    const ports = { facade: 18081 }
    expect(relievedOf(second)).toEqual({ ports, instances: [instanceOf(first)] })
    expect(relievedOf(third)).toEqual({ ports, instances: [instanceOf(first), instanceOf(second)] })
    expect(lockHolder(dir)?.ready).toMatchObject({ instance: instanceOf(first) })
  })

  test('know who serves, and the lowest leads', async () => {
    const { program } = start('well')
    const workers = await allReady(program)
    for (const { pid } of workers) await until(() => teamOf(program, pid)?.['numbers'] === '1 2 3')
    expect(workers.map(({ pid }) => teamOf(program, pid)?.['leads'])).toEqual([true, false, false])
  })

  test('go on when one is killed, which comes back with its number and a pause of its own', async () => {
    const { program, dir, leave } = start('well', { FIXTURE_BACKOFF: '150' })
    const [first, second, third] = await allReady(program)
    if (first === undefined || second === undefined || third === undefined) throw new Error('too few')
    process.kill(first.pid, 'SIGKILL')
    // Until it is back the next one leads, and says where the gateway answers.
    await until(() => teamOf(program, second.pid)?.['numbers'] === '2 3')
    expect(teamOf(program, second.pid)).toMatchObject({ leads: true })
    expect(lockHolder(dir)?.ready).toMatchObject({ instance: instanceOf(second) })
    const back = (await allReady(program, 4))[3]
    expect(back).toMatchObject({
      number: 1,
      restarts: 1,
      relieved: { ports: { facade: 18081 }, instances: [instanceOf(second), instanceOf(third)] },
    })
    await until(() => teamOf(program, second.pid)?.['leads'] === false)
    // The pause of one is not that of another.
    leave('crash-3')
    await allReady(program, 5)
    const pauses = program.events.filter(({ message }) => message === 'the worker ended and is started again')
    expect(pauses.map((event) => [event['worker'], event['restarts'], event['delayMs']])).toEqual([
      [1, 1, 150],
      [3, 1, 150],
    ])
    expect(isAlive(second.pid)).toBe(true)
  })

  test('go on without one that cannot start, which is tried for as long as it takes', async () => {
    const { program, dir } = start('second-cannot-start', { FIXTURE_BACKOFF: '5' })
    const workers = await allReady(program)
    expect(workers.map((event) => event['number']).sort()).toEqual([1, 2, 3])
    expect(workers.find((event) => event['number'] === 2)).toMatchObject({ restarts: 6 })
    expect(lockHolder(dir)?.ready).toBeDefined()
  })

  test('are never begun when the first refuses its configuration or cannot start', async () => {
    const { program } = start('wrong-config')
    expect(await program.exited).toBe(78)
    const other = start('crash-at-start').program
    expect(await other.exited).toBe(1)
    for (const { events } of [program, other]) expect(events.some(({ worker }) => worker === 2)).toBe(false)
  })

  test('all reload on SIGHUP', async () => {
    const { program } = start('well')
    const workers = await allReady(program)
    program.signal('SIGHUP')
    for (const { pid } of workers) await program.find((one) => one.event === 'reload' && one.pid === pid)
  })

  test('all finish on SIGTERM, also one that waits to be started again', async () => {
    const { program, leave } = start('slow-drain', { FIXTURE_BACKOFF: '400' })
    const workers = await allReady(program)
    leave('crash-2')
    await program.find(({ message }) => message === 'the worker ended and is started again')
    program.signal('SIGTERM')
    expect(await program.exited).toBe(0)
    expect(program.events.filter(({ event }) => event === 'drained')).toHaveLength(2)
    expect(readyEvents(program)).toHaveLength(size)
    for (const { pid } of workers) expect(isAlive(pid)).toBe(false)
  })

  test('all end at once on a second SIGINT', async () => {
    const { program } = start('stuck-drain', { FIXTURE_SHUTDOWN: '60000' })
    const workers = await allReady(program)
    program.signal('SIGINT')
    for (const { pid } of workers) await program.find((one) => one.event === 'drain' && one.pid === pid)
    program.signal('SIGINT')
    expect(await program.exited).toBe(130)
    for (const { pid } of workers) expect(isAlive(pid)).toBe(false)
  })
})

describe('a hand-over of several workers', () => {
  test('relieves one after the other, and each new one knows all that still run', async () => {
    const { program } = start('slow-retire')
    const old = await allReady(program)
    program.signal('SIGUSR2')
    const all = await allReady(program, 2 * size)
    const fresh = all.slice(size)
    expect(fresh.map((event) => event['number'])).toEqual([1, 2, 3])
    expect(fresh.map((event) => event['restarts'])).toEqual([0, 0, 0])
    const [one, two] = fresh
    if (one === undefined || two === undefined) throw new Error('too few')
    const known = (event: Event | undefined): readonly string[] => {
      const relieved = relievedOf(event)
      if (typeof relieved !== 'object' || relieved === null || !('instances' in relieved)) return []
      return Array.isArray(relieved.instances) ? relieved.instances.map(String).sort() : []
    }
    expect(known(fresh[0])).toEqual(old.map(instanceOf).sort())
    expect(known(fresh[2])).toEqual([...old, one, two].map(instanceOf).sort())
    for (const { pid } of old) await program.find((event) => event.event === 'retire' && event.pid === pid)
    for (const { pid } of fresh) await until(() => teamOf(program, pid)?.['numbers'] === '1 2 3')
    expect(fresh.map(({ pid }) => teamOf(program, pid)?.['leads'])).toEqual([true, false, false])
    // The old ones may still be at work; none of them leads.
    for (const { pid } of old) await until(() => teamOf(program, pid)?.['leads'] === false)
  })

  test('ends where a new one does not start, and the old ones go on', async () => {
    const { program, leave } = start('no-second-successor')
    const old = await allReady(program)
    leave('broken')
    program.signal('SIGUSR2')
    await program.find(({ message }) => message === 'the new worker did not start, the old one goes on')
    const [first, second, third] = old
    await until(() => !isAlive(first?.pid ?? 0))
    expect([second, third].map((one) => isAlive(one?.pid ?? 0))).toEqual([true, true])
    expect(program.events.filter(({ message }) => message === 'a new worker takes over')).toHaveLength(2)
  })

  test('passes by one that is not there just now', async () => {
    const { program, leave } = start('well', { FIXTURE_BACKOFF: '300' })
    const old = await allReady(program)
    leave('crash-2')
    await program.find(({ message }) => message === 'the worker ended and is started again')
    program.signal('SIGUSR2')
    for (const { pid } of old) await until(() => !isAlive(pid))
    const all = await allReady(program, 2 * size)
    expect(
      all
        .slice(size)
        .map((event) => event['number'])
        .sort(),
    ).toEqual([1, 2, 3])
    await Bun.sleep(300)
    expect(readyEvents(program)).toHaveLength(2 * size)
  })

  test('in the middle of which the stop comes ends them all', async () => {
    const { program } = start('slow-successor')
    const old = await allReady(program)
    program.signal('SIGUSR2')
    await program.find((event) => event.event === 'starting' && !old.some(({ pid }) => pid === event.pid))
    program.signal('SIGTERM')
    expect(await program.exited).toBe(0)
    for (const { pid } of program.events.filter(({ event }) => event === 'ready')) {
      expect(isAlive(pid)).toBe(false)
    }
  })
})
