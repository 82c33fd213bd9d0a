import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { programAt, tgwProgram } from './program.ts'

/** A real gateway, supervisor and worker, in a folder of its own on a free port. */
export interface TestGateway {
  readonly url: string
  readonly key: string
  readonly adminToken: string
  readonly dataDir: string
  readonly configFile: string
  readonly ports: Readonly<Record<string, number>>
  readonly supervisor: Bun.Subprocess
  /** The process that serves now; a new one after a crash. */
  workerPid(): number
  /** An admin call; the parsed JSON body. */
  admin(path: string, init?: RequestInit): Promise<unknown>
  /** Everything that the server wrote to standard error so far. */
  log(): string
  stop(): Promise<number>
}

export interface TestGatewayOptions {
  /** Lines of tollgate.yaml beside data folder and port. */
  readonly config?: readonly string[]
  /** The `listen` section; default a free port. */
  readonly listen?: string
  readonly env?: Readonly<Record<string, string>>
  /** A folder of an earlier gateway; it is kept at stop. */
  readonly dataDir?: string
  /** Below the repository; default the real one. */
  readonly program?: string
}

export { root } from './program.ts'
export const testKey = 'tgw-sk-test-0123456789abcdefghij'
export const testAdminToken = 'tgw-admin-test-0123456789abcdefghij'

/** Configuration lines for tests of single upstream calls: nothing is repeated, and no failure is remembered. */
export const oneCall: readonly string[] = ['retry: { tries: 1 }', 'circuits: { failures: 0 }']

export const startGateway = async (options: TestGatewayOptions = {}): Promise<TestGateway> => {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'tollgate-test-'))
  const configFile = join(dataDir, 'tollgate.yaml')
  const { config = [] } = options
  writeFileSync(
    configFile,
    [`data_dir: ${dataDir}`, `listen: ${options.listen ?? '{ port: 0 }'}`, ...config].join('\n'),
  )
  const supervisor = Bun.spawn(
    [...(options.program === undefined ? tgwProgram : programAt(options.program)), 'start'],
    {
      cwd: dataDir,
      stdout: 'ignore',
      stderr: Bun.file(join(dataDir, 'stderr.log')),
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: dataDir,
        TGW_CONFIG: configFile,
        NO_PROXY: '127.0.0.1,localhost',
        TGW_BOOTSTRAP_KEY: testKey,
        TGW_ADMIN_TOKEN: testAdminToken,
        // Tests ask the same again and again; those that are about that say so.
        ...(config.some((line) => line.startsWith('limits_runaway')) ? {} : { TGW_LIMITS_RUNAWAY: 'off' }),
        ...options.env,
      },
    },
  )
  const log = (): string => readText(join(dataDir, 'stderr.log'))
  const ready = await waitFor(() => {
    if (supervisor.exitCode !== null) throw new Error(`the gateway did not start:\n${log()}`)
    return readyOf(dataDir, supervisor.pid)
  }, 50_000).catch((error: unknown) => {
    supervisor.kill('SIGTERM')
    throw error
  })
  const port = ready['admin'] ?? ready['facade']
  return {
    url: `http://127.0.0.1:${ready['facade']}`,
    key: testKey,
    adminToken: testAdminToken,
    dataDir,
    configFile,
    ports: ready,
    supervisor,
    workerPid: () => workerOf(supervisor.pid),
    async admin(path, init = {}) {
      const headers = { authorization: `Bearer ${testAdminToken}`, 'content-type': 'application/json' }
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, { ...init, headers })
      return answer.json()
    },
    log,
    async stop() {
      supervisor.kill('SIGTERM')
      const code = await supervisor.exited
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true })
      return code
    },
  }
}

/** Polls until there is something; a bound instead of a sleep. */
export const waitFor = async <T>(
  look: () => T | undefined | Promise<T | undefined>,
  milliseconds = 10_000,
): Promise<T> => {
  for (const deadline = Date.now() + milliseconds; Date.now() < deadline; await Bun.sleep(20)) {
    const found = await look()
    if (found !== undefined) return found
  }
  throw new Error(`nothing came within ${milliseconds} ms`)
}

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const readyOf = (dataDir: string, pid: number): Record<string, number> | undefined => {
  const text = readText(join(dataDir, 'tollgate.lock'))
  if (text === '') return undefined
  const lock: { pid?: number; ready?: { ports?: Record<string, number> } } = JSON.parse(text)
  return lock.pid === pid ? lock.ready?.ports : undefined
}

const workerOf = (supervisor: number): number =>
  Number(readText(`/proc/${supervisor}/task/${supervisor}/children`).trim().split(' ')[0])

/** Every row of the ledger, page by page. */
export const allEntries = async (gateway: TestGateway): Promise<readonly LedgerEntry[]> => {
  const entries: LedgerEntry[] = []
  let cursor: string | null = null
  do {
    const page = (await gateway.admin(
      `/entries?limit=1000${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
    )) as {
      entries: readonly LedgerEntry[]
      next: string | null
    }
    entries.push(...page.entries)
    cursor = page.next
  } while (cursor !== null)
  return entries
}

/** The newest rows of the ledger, at most a thousand, newest first. */
export const ledgerEntries = async (gateway: TestGateway): Promise<readonly LedgerEntry[]> => {
  const page = (await gateway.admin('/entries?limit=1000')) as { entries: readonly LedgerEntry[] }
  return page.entries
}

/** What tests look at in a ledger entry. */
export interface LedgerEntry {
  readonly exchange: string
  readonly kind: string
  readonly tenant: { readonly organisation: string; readonly key: string | null }
  /** Milliseconds since 1970. */
  readonly openedAt: number
  readonly cache: string | null
  readonly firewall: string | null
  readonly compression: {
    readonly bytesBefore: number
    readonly bytesAfter: number
    readonly tokensBefore: number
    readonly tokensAfter: number
  } | null
  readonly outcome: string
  readonly status: number | null
  readonly error: string | null
  readonly stage: string | null
  readonly provider: string | null
  readonly modelAsked: string | null
  readonly modelAnswered: string | null
  readonly usage: Readonly<Record<string, number>> | null
  readonly usageSource: string | null
  readonly costUsd: string | null
  readonly session: string | null
  readonly streamed: boolean
  readonly attempts: number
  readonly operation: string
  readonly clientProtocol: string
  readonly upstreamProtocol: string | null
  /** JSON: a list of losses in translation. */
  readonly warnings: string | null
}

/** A port that was free a moment ago. */
export const freePort = (): number => {
  const server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const { port } = server
  server.stop(true)
  return port
}
