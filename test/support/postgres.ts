/**
 * A private PostgreSQL for tests: own data folder, own free loopback port, gone when the test process is gone.
 * The server refuses to run as root, so under root it runs as the user `postgres`.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface PostgresServer {
  /** Creates a database, empty or as the one that `template` names; answers its URL. Nobody may be connected to that. */
  readonly createDatabase: (template?: string) => Promise<string>
  /** Removes databases, whoever is connected to them. */
  readonly dropDatabases: (urls: readonly string[]) => Promise<void>
  /** Stops every process of the server with SIGSTOP: connections stay open and nothing answers. */
  readonly freeze: () => void
  readonly thaw: () => void
  /** Ends the server at once, as a crash would. */
  readonly crash: () => Promise<void>
  /** Starts it again on the same port, after `crash`. */
  readonly restart: () => Promise<void>
  /** Ends the server and removes its data. */
  readonly stop: () => Promise<void>
}

/** The folder with `initdb` and `postgres`, or null when there is none on this machine. */
export const findPostgres = (): string | null => {
  const installed = existsSync('/usr/lib/postgresql')
    ? readdirSync('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin`)
    : []
  const folders = [...(process.env['PATH'] ?? '').split(':'), ...installed]
  return (
    folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres'))) ??
    null
  )
}

/** False when there is no PostgreSQL to test with; says loudly once per file what is skipped. */
export const postgresAvailable = (what: string): boolean => {
  if (findPostgres() !== null && (process.getuid?.() !== 0 || Bun.which('setpriv') !== null)) return true
  console.warn(`SKIPPED: ${what} on PostgreSQL: no initdb and postgres in PATH or /usr/lib/postgresql/*/bin`)
  return false
}

/** Starts a server. Throws when there is none on this machine: ask `postgresAvailable` first. */
export const startPostgres = async ({ guarded = false } = {}): Promise<PostgresServer> => {
  const binaries = findPostgres()
  if (binaries === null) throw new Error('no PostgreSQL on this machine')
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-postgres-'))
  const data = join(folder, 'data')
  if (isRoot()) await run(['chown', 'postgres', folder])
  await run([
    ...unprivileged(),
    join(binaries, 'initdb'),
    '-D',
    data,
    '-U',
    'postgres',
    '-A',
    'trust',
    '-N',
    '-E',
    'UTF8',
  ])

  const port = freePort()
  const start = () =>
    // `setpriv --pdeathsig` ends the server even when the test process is killed.
    Bun.spawn(
      [
        ...unprivileged('--pdeathsig', 'QUIT'),
        ...[join(binaries, 'postgres'), '-D', data, '-k', folder, '-h', '127.0.0.1', '-p', String(port)],
        ...['-c', 'fsync=off', '-c', 'full_page_writes=off', '-c', 'autovacuum=off'],
        ...['-c', 'max_connections=200', '-c', 'shared_buffers=32MB'],
      ],
      { cwd: folder, stdout: 'ignore', stderr: 'ignore' },
    )

  let server = start()
  if (guarded) {
    server.unref()
    guard(server.pid, folder)
  }
  await untilReady(port)
  // The other strategy writes every byte of the template to the log. Servers before 15 know one only.
  const copying = Number(/\d+/.exec(await versionOf(binaries))?.[0]) >= 15 ? ' strategy file_copy' : ''
  let databases = 0
  const asAdmin = async (statements: readonly string[]): Promise<void> => {
    const admin = new Bun.SQL(serverUrl(port, 'postgres'), { max: 1 })
    for (const statement of statements) await admin.unsafe(statement)
    await admin.close({ timeout: 0 })
  }
  return {
    createDatabase: async (template) => {
      databases += 1
      const name = `test_${databases}`
      const like = template === undefined ? '' : ` template ${nameOf(template)}${copying}`
      await asAdmin([`create database ${name}${like}`])
      return serverUrl(port, name)
    },
    dropDatabases: (urls) => asAdmin(urls.map((url) => `drop database ${nameOf(url)} with (force)`)),
    freeze: () => signalAll(server.pid, 'SIGSTOP'),
    thaw: () => signalAll(server.pid, 'SIGCONT'),
    crash: async () => {
      server.kill('SIGQUIT')
      await server.exited
    },
    restart: async () => {
      server = start()
      await untilReady(port)
    },
    stop: async () => {
      signalAll(server.pid, 'SIGCONT')
      server.kill('SIGQUIT')
      await server.exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/**
 * The server that all tests of this process share, which spares each file one of its own. Nobody stops or freezes it:
 * a guard does away with it when the process has ended, however that was.
 */
export const sharedPostgres = (): Promise<PostgresServer> => {
  shared ??= startPostgres({ guarded: true })
  return shared
}

let shared: Promise<PostgresServer> | undefined

/** Its standard input ends with this process. */
const guard = (server: number, folder: string): void => {
  const script =
    'trap "" INT TERM HUP; cat >/dev/null; kill -QUIT "$1"; while kill -0 "$1"; do sleep 0.1; done; rm -rf "$2"'
  const child = Bun.spawn(['sh', '-c', script, 'sh', String(server), folder], {
    cwd: tmpdir(),
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  child.unref()
}

const nameOf = (url: string): string => new URL(url).pathname.slice(1)

const serverUrl = (port: number, database: string) => `postgres://postgres@127.0.0.1:${port}/${database}`

const isRoot = () => process.getuid?.() === 0

const unprivileged = (...more: readonly string[]): readonly string[] =>
  isRoot() ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups', ...more] : []

const run = async (command: readonly string[]): Promise<void> => {
  const child = Bun.spawn([...command], { stdout: 'ignore', stderr: 'pipe', cwd: tmpdir() })
  const [code, message] = await Promise.all([child.exited, new Response(child.stderr).text()])
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${message}`)
}

const versionOf = (binaries: string): Promise<string> =>
  new Response(Bun.spawn([join(binaries, 'postgres'), '--version'], { stdout: 'pipe' }).stdout).text()

const freePort = (): number => {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } })
  const port = listener.port
  listener.stop(true)
  return port
}

const untilReady = async (port: number): Promise<void> => {
  const deadline = Date.now() + 30_000
  for (;;) {
    const probe = new Bun.SQL(serverUrl(port, 'postgres'), { max: 1, connectionTimeout: 2 })
    try {
      await probe.unsafe('select 1')
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
      await Bun.sleep(50)
    } finally {
      await probe.close({ timeout: 0 })
    }
  }
}

/** Backends are children of the server with sessions of their own, so the process group does not reach them. */
const signalAll = (server: number, signal: NodeJS.Signals): void => {
  const children = readFileSync(`/proc/${server}/task/${server}/children`, 'utf8').trim().split(/\s+/)
  for (const pid of [server, ...children.filter((text) => text !== '').map(Number)]) {
    try {
      process.kill(pid, signal)
    } catch {
      // A backend may end between being listed and being signalled.
    }
  }
}
