import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tgwProgram } from '../../test/support/program.ts'
import { cliActions } from '../cli-actions.ts'
import { stopServer } from '../supervisor/index.ts'
import { runCli } from './run-cli.ts'

export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A home of its own for the program: nothing of the machine's environment gets in. */
export interface Place {
  readonly folder: string
  readonly dataDir: string
  readonly env: Readonly<Record<string, string>>
  /** Runs a command in this process, in a hundredth of the time. Not for `start`, which starts its own program anew. */
  tgw(args: readonly string[], options?: RunOptions): Promise<Ended>
  /** Runs a command as a process of its own. Killed after 30 s. */
  apart(args: readonly string[], options?: RunOptions): Promise<Ended>
  spawn(args: readonly string[], options?: RunOptions): ReturnType<typeof Bun.spawn<'ignore', 'pipe', 'pipe'>>
}

export interface RunOptions {
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
}

const places: Place[] = []

export const makePlace = (): Place => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-cli-'))
  const home = join(folder, 'home')
  mkdirSync(home)
  const dataDir = join(folder, 'data')
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, TGW_DATA_DIR: dataDir, TGW_PORT: '0' }
  const place: Place = {
    folder,
    dataDir,
    env,
    async tgw(args, options = {}) {
      const surroundings = { env: { ...env, ...options.env }, cwd: folder, home }
      const said = { stdout: '', stderr: '' }
      const sink = (name: keyof typeof said) => ({
        write(text: string) {
          said[name] += text
        },
      })
      const code = await runCli(args, {
        ...surroundings,
        stdout: sink('stdout'),
        stderr: sink('stderr'),
        readStdin: () => Promise.resolve(options.input ?? ''),
        actions: cliActions(surroundings),
      })
      return { code, ...said }
    },
    async apart(args, options = {}) {
      const child = Bun.spawn([...tgwProgram, ...args], {
        cwd: folder,
        env: { ...env, ...options.env },
        stdin: options.input === undefined ? 'ignore' : Buffer.from(options.input),
        stdout: 'pipe',
        stderr: 'pipe',
        timeout: 30_000,
      })
      const [stdout, stderr, code] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
        child.exited,
      ])
      return { code, stdout, stderr }
    },
    spawn: (args, options = {}) =>
      Bun.spawn([...tgwProgram, ...args], {
        cwd: folder,
        env: { ...env, ...options.env },
        stdin: 'ignore',
        stdout: 'pipe',
        stderr: 'pipe',
        timeout: 60_000,
      }),
  }
  places.push(place)
  return place
}

/** Ends every server that was started in a place, and removes the places. */
export const clearPlaces = async (): Promise<void> => {
  for (const { dataDir, folder } of places.splice(0)) {
    await stopServer(dataDir, { timeout: 20_000 })
    rmSync(folder, { recursive: true, force: true })
  }
}
