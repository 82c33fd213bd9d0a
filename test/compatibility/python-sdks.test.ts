/** The vendors' Python SDKs against the gateway; the checks themselves are in `python_sdks.py`. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { announceSkip } from '../support/shared.ts'
import { pythonEnvironment } from './python-environment.ts'

const environment = await pythonEnvironment()
if (environment.type === 'absent') announceSkip('Python SDKs', environment.why)
const python = environment.type === 'ready' ? environment.python : undefined

let gateway: TestGateway

beforeAll(async () => {
  if (python !== undefined) gateway = await startGateway()
})

afterAll(async () => {
  if (python !== undefined) await gateway.stop()
})

interface Check {
  readonly check: string
  readonly failed: string | null
}

const runChecks = async (interpreter: string, family: string): Promise<readonly Check[]> => {
  const script = join(import.meta.dir, 'python_sdks.py')
  const child = Bun.spawn([interpreter, script, gateway.url, gateway.key, family], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    // None of the machine's keys or base URLs: an SDK would read them.
    env: { PATH: process.env['PATH'] ?? '', HOME: gateway.dataDir, NO_PROXY: '127.0.0.1', PYTHONUTF8: '1' },
  })
  const [said, complaints, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  if (code !== 0) throw new Error(`python_sdks.py ${family} ended with ${code}: ${complaints.slice(-2000)}`)
  return said
    .trim()
    .split('\n')
    .map((line): Check => JSON.parse(line))
}

describe.skipIf(python === undefined)('Python SDKs', () => {
  for (const { family, count } of [
    { family: 'openai', count: 14 },
    { family: 'anthropic', count: 10 },
    { family: 'genai', count: 12 },
  ]) {
    test(`${family}: ${count} checks hold`, async () => {
      const checks = await runChecks(python ?? '', family)
      expect(checks.filter((one) => one.failed !== null)).toEqual([])
      expect(checks.length).toBe(count)
    }, 60_000)
  }
})
