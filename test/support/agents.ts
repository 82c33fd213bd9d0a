/** The agents that people use, installed from npm below `node_modules/.cache`, doing one tool turn. */
import { kitFolder } from './fake-upstream.ts'
import type { TestGateway } from './gateway.ts'
import { longestInstallation, runAgent as runScript } from './run-agent.ts'
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

/** Milliseconds; the first run installs. */
export const longestRun = longestInstallation
/** Seconds of the agent itself; it takes some alone, and twenty times as many on a busy machine. */
const longestAgent = 180

/** @returns what the script said, first of all `PASS` or `FAIL`; undefined when the agent cannot be installed here */
export const runAgent = async (
  agent: Agent,
  gateway: TestGateway,
  model: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string | undefined> => {
  const { verdict, said } = await runScript({
    kit: kitFolder() ?? '',
    script: agent.script,
    baseUrl: gateway.url,
    model,
    env: { ...agent.env, ...env },
    seconds: longestAgent,
  })
  if (verdict === 'SKIP') {
    announceSkip(agent.name, said)
    return undefined
  }
  return verdict === 'PASS' ? said : `FAIL ${said}`
}
