import { existsSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { acquireLock, attachToSupervisor, configExitCode, isWorker, supervise } from './index.ts'

/**
 * A small program of two roles, as the gateway is: the supervisor with its lock, and a worker that does what
 * `FIXTURE_MODE` says. Events go to standard output, one per line.
 */
const dataDir = process.env['FIXTURE_DIR'] ?? '.'
const mode = process.env['FIXTURE_MODE'] ?? 'well'
const say = (event: string, fields: object = {}): void =>
  console.log(JSON.stringify({ event, pid: process.pid, ...fields }))

const runWorker = async (): Promise<void> => {
  const link = attachToSupervisor({
    orphanTimeout: 300,
    onDrain: async () => {
      say('drain')
      if (mode === 'slow-drain') await Bun.sleep(300)
      if (mode === 'stuck-drain') await new Promise(() => setInterval(() => undefined, 1000))
      say('drained')
    },
    onRetire: async () => {
      say('retire')
      await Bun.sleep(mode === 'slow-retire' ? 5000 : 200)
      say('retired')
    },
    onReload: () => say('reload'),
  })
  if (mode === 'crash-at-start') process.exit(9)
  if (mode === 'wrong-config' || (mode === 'config-breaks' && link.restarts === 1)) {
    link.failed('listen.port must be a number')
    process.exit(configExitCode)
  }
  if (mode === 'no-successor' && link.relieved !== undefined) process.exit(9)
  if (mode === 'second-cannot-start' && link.number === 2 && link.restarts < 6) process.exit(9)
  if (mode === 'no-second-successor' && link.number === 2 && existsSync(join(dataDir, 'broken')))
    process.exit(9)
  if (mode === 'slow-successor' && link.relieved !== undefined) {
    say('starting')
    await Bun.sleep(500)
  }
  link.ready({ host: '127.0.0.1', ports: { facade: 18081 }, instance: `instance-${process.pid}` })
  say('ready', {
    restarts: link.restarts,
    relieved: link.relieved,
    number: link.number,
    teamSize: link.teamSize,
    supervised: link.supervised,
    requests: process.env['BUN_CONFIG_MAX_HTTP_REQUESTS'],
    args: process.argv.slice(2),
  })
  let team = ''
  const crash = join(dataDir, link.number === 1 ? 'crash' : `crash-${link.number}`)
  setInterval(() => {
    const numbers = link
      .team()
      .map(({ number }) => number)
      .join(' ')
    const told = `${numbers} ${link.leads()}`
    if (link.teamSize > 1 && told !== team) say('team', { number: link.number, numbers, leads: link.leads() })
    team = told
    if (!existsSync(crash)) return
    unlinkSync(crash)
    process.exit(3)
  }, 5)
}

const runSupervisor = async (): Promise<number> => {
  const lock = await acquireLock(dataDir)
  const log = (level: string) => (message: string, fields?: object) =>
    say('log', { level, message, ...fields })
  try {
    return await supervise({
      log: { info: log('info'), warn: log('warn'), error: log('error') },
      workers: Number(process.env['FIXTURE_WORKERS'] ?? 1),
      shutdownTimeout: Number(process.env['FIXTURE_SHUTDOWN'] ?? 5000),
      onState: lock.update,
      backoff: { first: Number(process.env['FIXTURE_BACKOFF'] ?? 20), maximum: 400 },
    })
  } finally {
    lock.release()
  }
}

if (isWorker() || process.env['FIXTURE_MODE'] === 'alone') await runWorker()
else {
  try {
    process.exit(await runSupervisor())
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1)
  }
}
