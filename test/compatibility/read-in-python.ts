import { join } from 'node:path'
import type { Client } from '../translation/cases.ts'
import type { Told } from './told.ts'

export interface PythonJob {
  readonly client: Client
  readonly url: string
}

/** What the helper made of a stream, or how it failed. */
export type PythonResult = { readonly told: Told } | { readonly told: null; readonly error: string }

/** Reads each stream with the helper of its Python SDK, in one process. */
export const readInPython = async (
  python: string,
  jobs: readonly PythonJob[],
): Promise<readonly PythonResult[]> => {
  const child = Bun.spawn([python, join(import.meta.dir, 'python_streams.py')], {
    stdin: new TextEncoder().encode(jobs.map((job) => JSON.stringify(job)).join('\n')),
    stdout: 'pipe',
    stderr: 'pipe',
    // None of the machine's keys or base URLs: an SDK would read them.
    env: { PATH: process.env['PATH'] ?? '', NO_PROXY: '127.0.0.1', PYTHONUTF8: '1' },
  })
  const [said, complaints, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  if (code !== 0) throw new Error(`python_streams.py ended with ${code}: ${complaints.slice(-2000)}`)
  return said
    .trim()
    .split('\n')
    .map((line): PythonResult => JSON.parse(line))
}
