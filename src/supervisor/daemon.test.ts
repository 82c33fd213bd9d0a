import { afterEach, describe, expect, test } from 'bun:test'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { serverStatus, startDaemon, stopServer } from './index.ts'
import { cleanUp, isAlive, makeFolder, sourceCommand, until } from './running-program.fixture.ts'

const running: string[] = []
afterEach(async () => {
  for (const dir of running.splice(0)) await stopServer(dir)
  await cleanUp()
})

const start = async (mode: string, options: { readonly timeout?: number; readonly dir?: string } = {}) => {
  const dataDir = options.dir ?? makeFolder()
  const logFile = join(dataDir, 'logs', 'daemon.log')
  running.push(dataDir)
  const env = ['env', `FIXTURE_MODE=${mode}`, `FIXTURE_DIR=${dataDir}`]
  const started = startDaemon(['start'], {
    dataDir,
    logFile,
    timeout: options.timeout ?? 10_000,
    command: (args) => [...env, ...sourceCommand(...args)],
  })
  return { dataDir, logFile, started }
}

describe('a daemon', () => {
  test('is started when it answers, logs to its file, and is stopped', async () => {
    const { dataDir, logFile, started } = await start('well')
    const { pid, ready } = await started
    expect(ready.ports).toEqual({ facade: 18081 })
    expect(serverStatus(dataDir)).toMatchObject({ pid, ready })
    expect(statSync(logFile).mode & 0o777).toBe(0o600)
    await until(() => readFileSync(logFile, 'utf8').includes('"event":"ready"'))

    expect(await stopServer(dataDir)).toBe('stopped')
    expect(serverStatus(dataDir)).toBeUndefined()
    expect(await stopServer(dataDir)).toBe('not running')
    expect(readFileSync(logFile, 'utf8')).toContain('"event":"drained"')
  })

  test.skipIf(process.platform !== 'linux')('has a session of its own', async () => {
    const { started } = await start('well')
    const { pid } = await started
    const session = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ')[3]
    expect(Number(session)).toBe(pid)
  })

  test('that cannot start is reported with the end of this start’s log', async () => {
    const { dataDir, started } = await start('crash-at-start')
    await expect(started).rejects.toMatchObject({ code: 'start_failed' })
    const again = await start('wrong-config', { dir: dataDir })
    const error = await again.started.catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'config_invalid' })
    expect(String(error)).toContain('listen.port must be a number')
    expect(String(error)).not.toContain('giving up')
  })

  test('beside one that runs is refused, and that one goes on', async () => {
    const { dataDir, started } = await start('well')
    const { pid } = await started
    const second = await start('well', { dir: dataDir })
    await expect(second.started).rejects.toThrow(
      `tollgate runs already in ${dataDir} (pid ${pid}, port 18081)`,
    )
    expect(serverStatus(dataDir)?.pid).toBe(pid)
  })

  test('that takes too long to start goes on starting', async () => {
    const { dataDir, started } = await start('well', { timeout: 1 })
    await expect(started).rejects.toThrow('goes on starting')
    await until(() => serverStatus(dataDir)?.ready !== undefined)
  })

  test('that does not end in time is left alone, and said so', async () => {
    const { dataDir, started } = await start('slow-drain')
    const { pid } = await started
    await expect(stopServer(dataDir, { timeout: 50 })).rejects.toThrow(
      `the server (pid ${pid}) has not ended after 0.05 s`,
    )
    await until(() => !isAlive(pid))
  })
})
