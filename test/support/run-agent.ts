import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { root, testKey } from './gateway.ts'

/** How a script of the kit is called. */
export interface AgentCall {
  readonly kit: string
  readonly script: string
  /** Without `/v1`. */
  readonly baseUrl: string
  readonly model: string
  /** What the script reads beside the place of the installed clients and the key. */
  readonly env: Readonly<Record<string, string>>
  /** For the agent itself; an installation has minutes of its own. */
  readonly seconds: number
}

/** `skipped` where the agent cannot be installed. */
export interface AgentRun {
  readonly verdict: 'PASS' | 'FAIL' | 'SKIP'
  /** What the script said, with its complaints where it did not pass. */
  readonly said: string
  readonly seconds: number
}

/** Installed clients stay here: about 1.8 GB. */
export const agentCache = join(root, 'node_modules/.cache/tollgate-agents')
/** Bound of a run with its installation, in milliseconds. */
export const longestInstallation = 900_000
/** The scripts' word for "could not be installed". */
const cannotInstall = 77

/** Runs one script of the kit: one agent, one prompt, until it has ended. */
export const runAgent = async (call: AgentCall): Promise<AgentRun> => {
  mkdirSync(agentCache, { recursive: true })
  const started = performance.now()
  const child = Bun.spawn(['bash', join(call.kit, call.script), call.baseUrl, call.model], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: longestInstallation,
    env: {
      ...process.env,
      E2E_DIR: agentCache,
      E2E_KEY: testKey,
      E2E_TIMEOUT: String(call.seconds),
      ...call.env,
    },
  })
  const [said, complaints, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  const seconds = (performance.now() - started) / 1000
  if (code === cannotInstall) return { verdict: 'SKIP', said: complaints.trim().slice(-300), seconds }
  const passed = code === 0 && said.startsWith('PASS')
  return { verdict: passed ? 'PASS' : 'FAIL', said: passed ? said : `${said}\n${complaints}`.trim(), seconds }
}
