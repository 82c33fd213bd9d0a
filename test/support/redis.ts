/** A private Redis for tests: own free loopback port, nothing on disk, gone when the test process is gone. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './gateway.ts'

export interface RedisServer {
  readonly url: string
  readonly port: number
  /** Stops the process with SIGSTOP: connections stay open and nothing answers. */
  readonly freeze: () => void
  readonly thaw: () => void
  /** Ends the server at once, as a crash would; what it held is lost. */
  readonly crash: () => Promise<void>
  /** Starts it again on the same port, empty, after `crash`. */
  readonly restart: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** The installed one, or another one that TGW_REDIS_SERVER names. */
const usualProgram = process.env['TGW_REDIS_SERVER'] ?? 'redis-server'

/** False when there is no Redis to test with; says loudly once per file what is skipped. */
export const redisAvailable = (what: string): boolean => {
  if (Bun.which(usualProgram) !== null) return true
  console.warn(`SKIPPED: ${what} on Redis: no ${usualProgram} in PATH`)
  return false
}

/**
 * A redis-server with vector sets (since 8.0), or one without. Undefined when there is none here; says loudly what is
 * skipped.
 */
export const redisProgram = (what: string, hasVectorSets: boolean): string | undefined => {
  const found = [usualProgram, 'redis-server'].find((program) => {
    if (Bun.which(program) === null) return false
    const version = Bun.spawnSync([program, '--version']).stdout.toString()
    return Number(/\bv=(\d+)/.exec(version)?.[1] ?? 0) >= 8 === hasVectorSets
  })
  if (found === undefined)
    console.warn(
      `SKIPPED: ${what}: no redis-server ${hasVectorSets ? 'with vector sets (8.0 or newer)' : 'before 8.0'}; TGW_REDIS_SERVER can name one`,
    )
  return found
}

/**
 * Starts a server. Throws when there is none on this machine: ask `redisAvailable` or `redisProgram` first.
 * @param flags more of redis-server, such as `--requirepass`
 */
export const startRedis = async (
  flags: readonly string[] = [],
  program: string = usualProgram,
): Promise<RedisServer> => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-redis-'))
  const port = freePort()
  // `setpriv --pdeathsig` ends the server even when the test process is killed.
  const guard = Bun.which('setpriv') === null ? [] : ['setpriv', '--pdeathsig', 'KILL']
  const command = [
    ...[...guard, program, '--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
    ...['--save', '', '--appendonly', 'no', ...flags],
  ]
  const start = () => Bun.spawn(command, { cwd: folder, stdout: 'ignore', stderr: 'ignore' })
  let server = start()
  await untilListening(port)
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    freeze: () => server.kill('SIGSTOP'),
    thaw: () => server.kill('SIGCONT'),
    crash: async () => {
      server.kill('SIGKILL')
      await server.exited
    },
    restart: async () => {
      server = start()
      await untilListening(port)
    },
    stop: async () => {
      server.kill('SIGKILL')
      await server.exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** It answers anything, be it that a password is missing. */
const untilListening = async (port: number): Promise<void> => {
  const deadline = Date.now() + 20_000
  for (;;) {
    const answered = Promise.withResolvers<boolean>()
    Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        open: (socket) => void socket.write('PING\r\n'),
        data(socket) {
          answered.resolve(true)
          socket.end()
        },
        close: () => answered.resolve(false),
        connectError: () => answered.resolve(false),
      },
    }).catch(() => answered.resolve(false))
    if (await answered.promise) return
    if (Date.now() > deadline) throw new Error(`redis-server did not listen on ${port}`)
    await Bun.sleep(20)
  }
}
