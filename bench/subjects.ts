/** The processes of the bench: what is measured on core 0, the rest on core 1 where there are two. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export interface Measured {
  readonly port: number
  readonly key: string
  residentMegabytes(): number
  /** Processor time used so far, milliseconds. */
  processorTime(): number
  stop(): Promise<void>
}

const root = resolve(import.meta.dir, '..')
export const key = 'tgw-sk-bench-0123456789abcdef'
const adminToken = 'tgw-admin-bench-0123456789abcdef'
const pinned = cpus().length > 1 && Bun.which('taskset') !== null

/** Puts this process, all its threads, on one core. */
export const pinTo = (core: 0 | 1): void => {
  if (pinned) Bun.spawnSync(['taskset', '-apc', String(core), String(process.pid)])
}

/** A child has its parent's cores, and this process is on one of them. */
const onEveryCore = (command: readonly string[]): string[] =>
  pinned ? ['taskset', '-c', `0-${cpus().length - 1}`, ...command] : [...command]

const onCore = (core: 0 | 1, command: readonly string[]): string[] =>
  pinned ? ['taskset', '-c', String(core), ...command] : [...command]

export const startUpstream = (): Promise<Measured> =>
  startPrinting(onCore(1, [process.execPath, join(import.meta.dir, 'canned-upstream.ts')]))

export const startFloor = (upstream: number): Promise<Measured> =>
  startPrinting(
    onCore(0, [process.execPath, join(import.meta.dir, 'floor.ts'), `http://127.0.0.1:${upstream}`]),
  )

export const startWriter = (): Promise<Measured> =>
  startPrinting(onCore(0, [process.execPath, join(import.meta.dir, 'writer.ts')]))

/** Starts a program that prints its port. The floor needs the same limit on concurrent fetches as the gateway. */
const startPrinting = async (command: string[]): Promise<Measured> => {
  const child = Bun.spawn(command, {
    stdout: 'pipe',
    stderr: 'inherit',
    env: { ...process.env, BUN_CONFIG_MAX_HTTP_REQUESTS: '65336', NO_PROXY: '127.0.0.1' },
  })
  const reader = child.stdout.getReader()
  const { value } = await reader.read()
  return {
    port: Number(new TextDecoder().decode(value)),
    key,
    residentMegabytes: () => resident(child.pid),
    processorTime: () => processorTime(child.pid),
    async stop() {
      child.kill()
      await child.exited
    },
  }
}

/** Lines of tollgate.yaml beside those that every row needs. */
export interface MoreConfig {
  /** Below `providers`, indented. */
  readonly providers?: readonly string[]
  readonly settings?: readonly string[]
  /** More than one are not put on one core: they are there to use several. */
  readonly workers?: number
}

/** The real thing: supervisor, worker, SQLite, ledger durable, metrics on; only the access log goes to a file. */
export const startGateway = async (
  upstream: number,
  env: Readonly<Record<string, string>>,
  more: MoreConfig = {},
): Promise<Measured> => {
  const { workers = 1 } = more
  const home = mkdtempSync(join(tmpdir(), 'tollgate-bench-'))
  const config = join(home, 'tollgate.yaml')
  writeFileSync(
    config,
    [
      `data_dir: ${home}`,
      'listen: { port: 0, concurrent_exchanges: 10000 }',
      // Load is the same request again and again.
      'limits_runaway: off',
      'providers:',
      `  upstream: { kind: openai-compatible, base_url: "http://127.0.0.1:${upstream}/v1", api_key: none, models: ["gpt-5.1"] }`,
      ...Object.entries({
        chat: { kind: 'openai-compatible', speaks: '[openai-chat]', path: '/v1' },
        claude: { kind: 'anthropic-compatible', speaks: '[anthropic-messages]', path: '' },
        resp: { kind: 'openai-compatible', speaks: '[openai-responses]', path: '/v1' },
      }).map(
        ([name, { kind, speaks, path }]) =>
          `  up-${name}: { kind: ${kind}, protocols: ${speaks}, base_url: "http://127.0.0.1:${upstream}${path}", api_key: none, models: ["${name}-bench", "${name}-bench-stream", "${name}-bench-frames"] }`,
      ),
      ...(more.providers ?? []),
      'prices:',
      '  - { match: "gpt-5.1", provider: upstream, input_per_mtok: "1.25", output_per_mtok: "10" }',
      ...(more.settings ?? []),
      `workers: ${workers}`,
    ].join('\n'),
  )
  const program = ['--no-env-file', '--max-http-header-size=65536', join(root, 'src/main.ts'), 'start']
  const command = [process.execPath, ...program]
  const child = Bun.spawn(workers > 1 ? onEveryCore(command) : onCore(0, command), {
    cwd: home,
    stdout: 'ignore',
    stderr: 'ignore',
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      TGW_CONFIG: config,
      TGW_BOOTSTRAP_KEY: key,
      TGW_ADMIN_TOKEN: adminToken,
      NO_PROXY: '127.0.0.1',
      ...env,
    },
  })
  const ready = await lockedPort(join(home, 'tollgate.lock'), child)
  await untilTeam(ready, workers)
  const sum = (of: (pid: number) => number): number =>
    workersOf(child.pid).reduce((total, pid) => total + of(pid), 0)
  return {
    port: ready,
    key,
    residentMegabytes: () => sum(resident),
    processorTime: () => sum(processorTime),
    async stop() {
      child.kill('SIGTERM')
      await child.exited
      rmSync(home, { recursive: true, force: true })
    },
  }
}

const lockedPort = async (path: string, child: Bun.Subprocess): Promise<number> => {
  for (
    const deadline = Date.now() + 20_000;
    Date.now() < deadline && child.exitCode === null;
    await Bun.sleep(50)
  ) {
    try {
      const lock: { ready?: { ports?: Record<string, number> } } = JSON.parse(readFileSync(path, 'utf8'))
      const port = lock.ready?.ports?.['facade']
      if (port !== undefined) return port
    } catch {
      // Not there yet.
    }
  }
  throw new Error('the gateway did not start')
}

/** The supervisor's children. */
const workersOf = (supervisor: number): readonly number[] =>
  readFileSync(`/proc/${supervisor}/task/${supervisor}/children`, 'utf8').trim().split(' ').map(Number)

/** The port is open when the first serves; the others follow. */
const untilTeam = async (port: number, size: number): Promise<void> => {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await Bun.sleep(50)) {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/health`, {
      headers: { authorization: `Bearer ${adminToken}` },
    })
    const health: { workers?: readonly unknown[] } = await response.json()
    if (health.workers?.length === size) return
  }
  throw new Error('not all workers started')
}

const resident = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

/** All threads, user and system, in milliseconds: clock ticks of 10 ms. */
const processorTime = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}
