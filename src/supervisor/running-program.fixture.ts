import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** One line of the fixture program's standard output. */
export type Event = Readonly<Record<string, unknown>> & { readonly event: string; readonly pid: number }

export interface RunningProgram {
  readonly pid: number
  readonly events: readonly Event[]
  readonly stderr: () => string
  /** Its exit code, when it and all that share its standard output have ended. */
  readonly exited: Promise<number>
  signal(signal: NodeJS.Signals): void
  /** The first event that matches, waited for at most ten seconds. */
  find(match: (event: Event) => boolean): Promise<Event>
}

const fixture = join(import.meta.dir, 'program.fixture.ts')
const cleanups: (() => unknown)[] = []

/** Ends what the test started, and removes its folders. */
export const cleanUp = async (): Promise<void> => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
}

export const makeFolder = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'tollgate-supervisor-'))
  cleanups.push(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** The fixture program from source, free of the current folder's settings. */
export const sourceCommand = (...args: readonly string[]): readonly string[] => [
  process.execPath,
  '--no-env-file',
  '--config=/dev/null',
  fixture,
  ...args,
]

/** Starts the fixture program; `command` is what runs it. */
export const startProgram = (
  env: Readonly<Record<string, string>>,
  options: { readonly command?: readonly string[]; readonly cwd?: string } = {},
): RunningProgram => {
  const child = Bun.spawn([...(options.command ?? sourceCommand())], {
    cwd: options.cwd ?? process.cwd(),
    env: { ...process.env, TGW_ROLE: undefined, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const events: Event[] = []
  let stderr = ''
  const output = readLines(child.stdout, (line) => events.push(JSON.parse(line)))
  const errors = readLines(child.stderr, (line) => {
    stderr += `${line}\n`
  })
  cleanups.push(async () => {
    const pids = new Set([child.pid, ...events.map((event) => event.pid)])
    for (const pid of pids) if (isFixture(pid)) process.kill(pid, 'SIGKILL')
    await child.exited
  })
  return {
    pid: child.pid,
    events,
    stderr: () => stderr,
    exited: Promise.all([child.exited, output, errors]).then(([code]) => code),
    signal: (signal) => child.kill(signal),
    find: async (match) => {
      await until(
        () => events.some(match),
        () => `${JSON.stringify(events, null, 1)}\n${stderr}`,
      )
      const found = events.find(match)
      if (found === undefined) throw new Error('no such event')
      return found
    },
  }
}

/** Waits until the condition holds, for at most ten seconds. */
export const until = async (condition: () => boolean, state: () => string = () => ''): Promise<void> => {
  for (const deadline = Date.now() + 10_000; !condition(); await Bun.sleep(5)) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${condition} ${state()}`)
  }
}

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** A number may have been given to another process by now: only kill what still is ours. */
const isFixture = (pid: number): boolean => {
  const shown = Bun.spawnSync(['ps', '-o', 'args=', '-p', String(pid)]).stdout.toString()
  return shown.includes('fixture') || shown.includes('tollgate-supervisor-')
}

const readLines = async (
  stream: ReadableStream<Uint8Array>,
  onLine: (line: string) => void,
): Promise<void> => {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  }
}
