/** The agents that people use, installed from npm below `node_modules/.cache`, doing one tool turn. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { kitFolder } from './fake-upstream.ts'
import { root, type TestGateway, testKey } from './gateway.ts'
import { announceSkip } from './shared.ts'

export interface Agent {
  readonly name: string
  readonly script: string
  readonly model: string
  readonly protocol: string
  readonly env: Readonly<Record<string, string>>
}

export const agents: readonly Agent[] = [
  {
    name: 'Codex CLI',
    script: 'run-codex.sh',
    model: 'gpt-5.5',
    protocol: 'openai-responses',
    env: { CODEX_VERSION: '0.169.0' },
  },
  {
    name: 'Codex CLI with its built-in provider, WebSocket first',
    script: 'run-codex.sh',
    model: 'gpt-5.5',
    protocol: 'openai-responses',
    env: { CODEX_VERSION: '0.169.0', CODEX_MODE: 'openai' },
  },
  {
    name: 'Claude Code',
    script: 'run-claude-code.sh',
    model: 'claude-sonnet-4-5-20250929',
    protocol: 'anthropic-messages',
    env: { CLAUDE_VERSION: '2.1.329' },
  },
  {
    name: 'Claude Code with a bearer token',
    script: 'run-claude-code.sh',
    model: 'claude-sonnet-4-5-20250929',
    protocol: 'anthropic-messages',
    env: { CLAUDE_VERSION: '2.1.329', CLAUDE_AUTH: 'bearer' },
  },
  {
    name: 'Gemini CLI',
    script: 'run-gemini-cli.sh',
    model: 'gemini-2.5-flash',
    protocol: 'gemini',
    env: { GEMINI_VERSION: '0.61.0' },
  },
  {
    name: 'opencode',
    script: 'run-opencode.sh',
    model: 'gpt-4.1',
    protocol: 'openai-chat',
    env: { OPENCODE_VERSION: '1.18.33' },
  },
]

const cache = join(root, 'node_modules/.cache/tollgate-agents')
/** Milliseconds; the first run installs. */
export const longestRun = 900_000
/** The scripts' word for "could not be installed". */
const cannotInstall = 77

/** @returns what the script said; undefined when the agent cannot be installed here */
export const runAgent = async (
  agent: Agent,
  gateway: TestGateway,
  model: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string | undefined> => {
  mkdirSync(cache, { recursive: true })
  const child = Bun.spawn(['bash', join(kitFolder() ?? '', agent.script), gateway.url, model], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: longestRun,
    env: { ...process.env, E2E_DIR: cache, E2E_KEY: testKey, ...agent.env, ...env },
  })
  const [said, complaints, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  if (code === cannotInstall) {
    announceSkip(agent.name, complaints.trim().slice(-300))
    return undefined
  }
  return said + (said.includes('PASS') ? '' : complaints)
}
