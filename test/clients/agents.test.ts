/**
 * The agents that people use, installed from npm, doing one tool turn through the gateway: to a strict stand-in of
 * their vendor in their own protocol, and to `loopback-agent` without any provider. Run by `npm run test:clients`; the
 * first run installs about 1.7 GB under `node_modules/.cache` and takes some minutes.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type FakeUpstream, kitFolder, startFakeUpstream } from '../support/fake-upstream.ts'
import { ledgerEntries, root, startGateway, type TestGateway, testKey } from '../support/gateway.ts'
import { announceSkip } from '../support/shared.ts'

interface Agent {
  readonly name: string
  readonly script: string
  readonly model: string
  readonly protocol: string
  readonly env: Readonly<Record<string, string>>
}

const agents: readonly Agent[] = [
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

const kit = kitFolder()
if (kit === undefined) announceSkip('coding agents', 'no scripts at TGW_SHARED or ../shared')

const cache = join(root, 'node_modules/.cache/tollgate-agents')
const longestRun = 900_000
/** The scripts' word for "could not be installed". */
const cannotInstall = 77

/** @returns what the script said; undefined when the agent cannot be installed here */
const runAgent = async (
  agent: Agent,
  gateway: TestGateway,
  model: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string | undefined> => {
  mkdirSync(cache, { recursive: true })
  const child = Bun.spawn(['bash', join(kit ?? '', agent.script), gateway.url, model], {
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

describe.skipIf(kit === undefined)('agents through the gateway to their vendor', () => {
  let fake: FakeUpstream
  let gateway: TestGateway

  beforeAll(async () => {
    fake = await startFakeUpstream(kit ?? '', ['--api-key', 'upstream-secret-key'])
    gateway = await startGateway({
      config: [
        'providers:',
        `  up-openai: { kind: openai-compatible, protocols: [openai-chat, openai-responses, openai-embeddings], base_url: "${fake.url}/v1", api_key: upstream-secret-key }`,
        `  up-anthropic: { kind: anthropic-compatible, base_url: "${fake.url}", api_key: upstream-secret-key }`,
        `  up-gemini: { kind: gemini-compatible, base_url: "${fake.url}", api_key: upstream-secret-key }`,
        'routes:',
        '  - { match: "*", targets: [up-openai, up-anthropic, up-gemini] }',
      ],
    })
  })

  afterEach(() => fetch(`${fake.url}/__fake/reset`, { method: 'POST' }))

  afterAll(async () => {
    // First what no failed start may leave behind.
    await fake.stop()
    await gateway.stop()
  })

  for (const agent of agents) {
    test(
      `${agent.name} does a tool turn`,
      async () => {
        const before = (await ledgerEntries(gateway)).length
        const said = await runAgent(agent, gateway, agent.model)
        if (said === undefined) return
        expect(said).toStartWith('PASS')
        expect(await fake.issues()).toEqual([])
        const all = await ledgerEntries(gateway)
        const entries = all.slice(0, all.length - before)
        const turns = entries.filter((entry) => entry.operation === 'generate')
        expect(turns.length).toBeGreaterThan(1)
        for (const turn of turns) {
          expect(turn).toMatchObject({
            outcome: 'success',
            clientProtocol: agent.protocol,
            usageSource: 'reported',
          })
          expect(turn.usage?.['outputTokens']).toBeGreaterThan(0)
        }
      },
      longestRun,
    )
  }
})

describe.skipIf(kit === undefined)('agents without any provider', () => {
  let gateway: TestGateway

  beforeAll(async () => {
    gateway = await startGateway()
  })

  afterAll(() => gateway.stop())

  for (const agent of agents) {
    test(
      `${agent.name} calls a tool of loopback-agent's choice and hears the result`,
      async () => {
        const before = (await ledgerEntries(gateway)).length
        const said = await runAgent(agent, gateway, 'loopback-agent', {
          E2E_EXPECT: 'The tool answered:',
          E2E_FILE_EXPECT: '',
        })
        if (said === undefined) return
        expect(said).toStartWith('PASS')
        const all = await ledgerEntries(gateway)
        const entries = all.slice(0, all.length - before)
        expect(entries.map((entry) => entry.provider)).toContain('loopback')
        expect(entries.filter((entry) => entry.outcome !== 'success')).toEqual([])
      },
      longestRun,
    )
  }
})
