import { afterEach, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lockHolder } from './index.ts'
import {
  cleanUp,
  isAlive,
  makeFolder,
  type RunningProgram,
  sourceCommand,
  startProgram,
  until,
} from './running-program.fixture.ts'

afterEach(cleanUp)

const start = (mode: string, env: Readonly<Record<string, string>> = {}) => {
  const dir = makeFolder()
  const program = startProgram({ FIXTURE_MODE: mode, FIXTURE_DIR: dir, ...env })
  return { dir, program, crash: () => writeFileSync(join(dir, 'crash'), '') }
}
const ready = (program: RunningProgram, restarts = 0) =>
  program.find((event) => event.event === 'ready' && event['restarts'] === restarts)
const logged = (program: RunningProgram, message: string) =>
  program.find((event) => event.event === 'log' && event['message'] === message)

describe('a supervisor', () => {
  test('starts a worker of the same program, with the request limit of Bun lifted', async () => {
    const { program, dir } = start('well')
    const worker = await ready(program)
    expect(worker).toMatchObject({ supervised: true, requests: '65336' })
    expect(worker.pid).not.toBe(program.pid)
    await until(() => lockHolder(dir)?.ready !== undefined)
    expect(lockHolder(dir)).toMatchObject({
      pid: program.pid,
      ready: { host: '127.0.0.1', ports: { facade: 18081 } },
    })
  })

  test('hands its own arguments on', async () => {
    const command = sourceCommand('start', '--port', '1 2')
    const program = startProgram({ FIXTURE_DIR: makeFolder() }, { command })
    expect((await ready(program))['args']).toEqual(['start', '--port', '1 2'])
  })

  test('lets the current folder change nothing about the worker', async () => {
    const dir = makeFolder()
    writeFileSync(join(dir, 'bunfig.toml'), 'preload = ["./foreign.ts"]')
    writeFileSync(join(dir, 'foreign.ts'), 'console.log(JSON.stringify({ event: "foreign code", pid: 0 }))')
    writeFileSync(join(dir, '.env'), 'FIXTURE_MODE=wrong-config')
    const program = startProgram({ FIXTURE_DIR: dir }, { cwd: dir })
    await ready(program)
    expect(program.events.map((event) => event.event)).toEqual(['ready'])
  })

  test('starts a crashed worker again, loudly, and tells it how often', async () => {
    const { program, crash, dir } = start('well')
    const first = await ready(program)
    crash()
    const second = await ready(program, 1)
    expect(second.pid).not.toBe(first.pid)
    expect(await logged(program, 'the worker ended and is started again')).toMatchObject({
      level: 'error',
      exitCode: 3,
      restarts: 1,
      delayMs: 20,
    })
    process.kill(second.pid, 'SIGKILL')
    await ready(program, 2)
    expect(program.events.filter((event) => event['signal'] === 'SIGKILL')).toHaveLength(1)
    expect(program.events.find((event) => event['signal'] === 'SIGKILL')).toMatchObject({
      delayMs: 40,
      restarts: 2,
    })
    await until(() => lockHolder(dir)?.ready !== undefined)
  })

  test('lets a new worker take over, which knows whom it relieves, and lets the old one finish', async () => {
    const { program, dir } = start('well')
    const first = await ready(program)
    program.signal('SIGUSR2')
    const second = await program.find((event) => event.event === 'ready' && event.pid !== first.pid)
    expect(second['relieved']).toEqual({ ports: { facade: 18081 }, instances: [`instance-${first.pid}`] })
    expect(second['restarts']).toBe(0)
    await program.find((event) => event.event === 'retired' && event.pid === first.pid)
    await until(() => !isAlive(first.pid))
    expect(isAlive(second.pid)).toBe(true)
    expect(lockHolder(dir)?.ready).toMatchObject({ instance: `instance-${second.pid}` })
    // The new one is supervised like the old one.
    process.kill(second.pid, 'SIGKILL')
    await ready(program, 1)
  })

  test('keeps the old worker when the new one does not start', async () => {
    const { program } = start('no-successor')
    const first = await ready(program)
    program.signal('SIGUSR2')
    await logged(program, 'the new worker did not start, the old one goes on')
    expect(isAlive(first.pid)).toBe(true)
    expect(program.events.some((event) => event.event === 'retire')).toBe(false)
  })

  test('serves with the new worker when the old one dies before it is relieved', async () => {
    const { program } = start('slow-successor')
    const first = await ready(program)
    program.signal('SIGUSR2')
    const begun = await program.find((event) => event.event === 'starting' && event.pid !== first.pid)
    process.kill(first.pid, 'SIGKILL')
    await until(() => !isAlive(first.pid))
    await program.find((event) => event.event === 'ready' && event.pid === begun.pid)
    program.signal('SIGTERM')
    expect(await program.exited).toBe(0)
    expect(program.events.flatMap(({ event, pid }) => (event === 'ready' ? [pid] : []))).toEqual([
      first.pid,
      begun.pid,
    ])
    expect(program.events.some((event) => event.event === 'drained' && event.pid === begun.pid)).toBe(true)
  })

  test('hands nothing over between two starts of a worker', async () => {
    const { program, crash } = start('well', { FIXTURE_BACKOFF: '300' })
    await ready(program)
    crash()
    await logged(program, 'the worker ended and is started again')
    program.signal('SIGUSR2')
    await ready(program, 1)
    await Bun.sleep(300)
    expect(program.events.filter((event) => event.event === 'ready')).toHaveLength(2)
    expect(program.events.some((event) => event['message'] === 'a new worker takes over')).toBe(false)
  })

  test('tells a worker that follows a crash who still finishes', async () => {
    const { program } = start('slow-retire')
    const first = await ready(program)
    program.signal('SIGUSR2')
    await program.find((event) => event.event === 'retire')
    const second = await program.find((event) => event.event === 'ready' && event.pid !== first.pid)
    process.kill(second.pid, 'SIGKILL')
    const third = await ready(program, 1)
    expect(third['relieved']).toEqual({ ports: { facade: 18081 }, instances: [`instance-${first.pid}`] })
  })

  test('starts a worker again that ended without being asked to', async () => {
    const { program } = start('well')
    const first = await ready(program)
    process.kill(first.pid, 'SIGTERM')
    await ready(program, 1)
    expect(program.events.some((event) => event.event === 'drained' && event.pid === first.pid)).toBe(true)
  })

  test('gives up a worker that can never start', async () => {
    const { program, dir } = start('crash-at-start')
    expect(await program.exited).toBe(1)
    expect(program.events.at(-1)).toMatchObject({
      level: 'error',
      message: 'the worker cannot start, giving up',
      exitCode: 9,
      starts: 5,
    })
    expect(existsSync(join(dir, 'tollgate.lock'))).toBe(false)
  })

  test('does not start a worker again that refuses its configuration, and says why', async () => {
    const { program } = start('wrong-config')
    expect(await program.exited).toBe(78)
    expect(program.events).toEqual([
      expect.objectContaining({
        message: 'the worker refused its configuration',
        exitCode: 78,
        reason: 'listen.port must be a number',
      }),
    ])
  })

  test('goes on trying when the configuration was broken while it ran', async () => {
    const { program, crash } = start('config-breaks')
    await ready(program)
    crash()
    await ready(program, 2)
    const ends = program.events.filter(
      (event) => event['message'] === 'the worker ended and is started again',
    )
    expect(ends.map((event) => event['exitCode'])).toEqual([3, 78])
  })
})

describe('stopping', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('on %s lets the worker finish', async (signal) => {
    const { program, dir } = start('slow-drain')
    const worker = await ready(program)
    program.signal(signal)
    expect(await program.exited).toBe(0)
    expect(program.events.filter((event) => event.pid === worker.pid).map((event) => event.event)).toEqual([
      'ready',
      'drain',
      'drained',
    ])
    expect(isAlive(worker.pid)).toBe(false)
    expect(existsSync(join(dir, 'tollgate.lock'))).toBe(false)
  })

  test('kills a worker that does not finish in time', async () => {
    const { program } = start('stuck-drain', { FIXTURE_SHUTDOWN: '100' })
    const worker = await ready(program)
    program.signal('SIGTERM')
    expect(await program.exited).toBe(1)
    expect(isAlive(worker.pid)).toBe(false)
    expect(await logged(program, 'the worker did not finish in time and is killed')).toBeDefined()
  })

  test('in the middle of a hand-over ends both workers', async () => {
    const { program } = start('slow-successor')
    const first = await ready(program)
    program.signal('SIGUSR2')
    const next = await program.find((event) => event.event === 'starting' && event.pid !== first.pid)
    program.signal('SIGTERM')
    expect(await program.exited).toBe(0)
    expect(isAlive(next.pid)).toBe(false)
    expect(program.events.some((event) => event.event === 'drained' && event.pid === first.pid)).toBe(true)
  })

  test('happens at once on a second SIGINT', async () => {
    const { program } = start('stuck-drain', { FIXTURE_SHUTDOWN: '60000' })
    const worker = await ready(program)
    program.signal('SIGINT')
    await program.find((event) => event.event === 'drain')
    program.signal('SIGINT')
    expect(await program.exited).toBe(130)
    expect(isAlive(worker.pid)).toBe(false)
  })

  test('is not hurried by a second SIGTERM', async () => {
    const { program } = start('slow-drain')
    await ready(program)
    program.signal('SIGTERM')
    await program.find((event) => event.event === 'drain')
    program.signal('SIGTERM')
    expect(await program.exited).toBe(0)
    expect(program.events.filter((event) => event.event === 'drain')).toHaveLength(1)
    expect(program.events.filter((event) => event.event === 'drained')).toHaveLength(1)
  })

  test('does not wait for the pause before the next start', async () => {
    const { program } = start('crash-at-start')
    await logged(program, 'the worker ended and is started again')
    program.signal('SIGTERM')
    expect([0, 1]).toContain(await program.exited)
  })

  test('reaches the worker when a service manager signals the whole group', async () => {
    const { program } = start('slow-drain')
    const worker = await ready(program)
    process.kill(worker.pid, 'SIGTERM')
    program.signal('SIGTERM')
    expect(await program.exited).toBe(0)
    expect(program.events.filter((event) => event.event === 'drained')).toHaveLength(1)
  })
})

/** Runs the program on a terminal of its own, which goes away with `script`. */
const startOnTerminal = (dir: string) => {
  const inner = sourceCommand()
    .map((part) => `'${part}'`)
    .join(' ')
  const output = join(dir, 'output')
  const command = `exec env FIXTURE_MODE=well FIXTURE_DIR='${dir}' ${inner} > '${output}'`
  const terminal = Bun.spawn(['script', '-qfc', command, '/dev/null'], {
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  const events = (): readonly { readonly event: string; readonly pid: number; readonly signal?: string }[] =>
    existsSync(output)
      ? readFileSync(output, 'utf8')
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line))
      : []
  return { terminal, events }
}

describe('a terminal', () => {
  const available = process.platform === 'linux' && Bun.which('script') !== null
  if (!available) console.warn('skipped: a closed terminal ends the server (no `script` here)')

  test.skipIf(!available)('that is closed ends the server, where SIGHUP alone reloads it', async () => {
    const dir = makeFolder()
    const { terminal, events } = startOnTerminal(dir)
    try {
      await until(() => events().some((event) => event.event === 'ready'))
      process.kill(lockHolder(dir)?.pid ?? Number.NaN, 'SIGHUP')
      await until(() => events().some((event) => event.event === 'reload'))
    } finally {
      terminal.kill('SIGKILL')
    }
    await until(() => lockHolder(dir) === undefined)
    expect(events().filter((event) => event.event === 'log')).toEqual([
      expect.objectContaining({ message: 'stopping', signal: 'SIGHUP' }),
    ])
    expect(events().at(-1)?.event).toBe('drained')
  })
})

describe('a worker', () => {
  test('reloads on SIGHUP to the supervisor, and ignores it itself', async () => {
    const { program } = start('well')
    const worker = await ready(program)
    process.kill(worker.pid, 'SIGHUP')
    process.kill(worker.pid, 'SIGINT')
    program.signal('SIGHUP')
    await program.find((event) => event.event === 'reload' && event.pid === worker.pid)
    expect(program.events.filter((event) => event.event === 'reload')).toHaveLength(1)
    expect(isAlive(worker.pid)).toBe(true)
  })

  test.each(['well', 'stuck-drain'])('ends when its supervisor is killed (%s)', async (mode) => {
    const { program } = start(mode)
    const worker = await ready(program)
    program.signal('SIGKILL')
    await until(() => !isRunning(worker.pid))
    expect(program.events.some((event) => event.event === 'drain')).toBe(true)
  })

  test('without a supervisor obeys the signals itself', async () => {
    const { program } = start('alone')
    expect(await ready(program)).toMatchObject({ supervised: false, pid: program.pid })
    program.signal('SIGHUP')
    await program.find((event) => event.event === 'reload')
    program.signal('SIGINT')
    expect(await program.exited).toBe(0)
    expect(program.events.at(-1)?.event).toBe('drained')
  })
})

/** Not there, or a zombie whose parent (this machine's init) has not fetched it. */
const isRunning = (pid: number): boolean => {
  if (!isAlive(pid)) return false
  if (!existsSync(`/proc/${pid}/stat`)) return process.platform !== 'linux'
  return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
}
