import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../support/gateway.ts'

/** Pinned; all of them run on Python 3.11 and later. */
const packages = ['openai==3.52.0', 'anthropic==2.11.0', 'google-genai==3.4.0']
const folder = join(root, 'node_modules/.cache/tollgate-python')
const stamp = join(folder, '.installed')
const longestInstall = 110_000

export type PythonEnvironment =
  | { readonly type: 'ready'; readonly python: string }
  | { readonly type: 'absent'; readonly why: string }

/**
 * A virtual environment with the SDKs, kept between runs. It is made only where somebody asked for it (`CI=true` or
 * `TGW_PYTHON=1`): about 30 packages come over the network.
 */
export const pythonEnvironment = async (): Promise<PythonEnvironment> => {
  const python = join(folder, 'bin/python')
  const wanted = packages.join(' ')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return { type: 'ready', python }
  if (process.env['CI'] !== 'true' && process.env['TGW_PYTHON'] !== '1') {
    return { type: 'absent', why: 'not installed; TGW_PYTHON=1 installs them once' }
  }
  const interpreter = Bun.which('python3')
  if (interpreter === null) return { type: 'absent', why: 'there is no python3' }
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const made = await run([interpreter, '-m', 'venv', folder])
  if (made !== undefined) return { type: 'absent', why: `python3 -m venv failed: ${made}` }
  const flags = ['--quiet', '--disable-pip-version-check', '--only-binary=:all:', '--no-compile']
  const installed = await run([python, '-m', 'pip', 'install', ...flags, ...packages])
  if (installed !== undefined) return { type: 'absent', why: `pip install failed: ${installed}` }
  writeFileSync(stamp, wanted)
  return { type: 'ready', python }
}

/** @returns what it said at the end when it failed */
const run = async (command: string[]): Promise<string | undefined> => {
  const child = Bun.spawn(command, {
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
    timeout: longestInstall,
  })
  const said = await new Response(child.stderr).text()
  const code = await child.exited
  return code === 0
    ? undefined
    : `exit code ${code}, ${said.trim().split('\n').slice(-3).join(' ').slice(-500)}`
}
