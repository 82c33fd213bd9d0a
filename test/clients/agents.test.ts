/**
 * The agents that people use, installed from npm, doing one tool turn through the gateway: to a strict stand-in of
 * their vendor in their own protocol, and to `loopback-agent` without any provider. Run by `npm run test:clients`; the
 * first run installs about 1.7 GB under `node_modules/.cache` and takes some minutes.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { agents, longestRun, runAgent } from '../support/agents.ts'
import { type FakeUpstream, kitFolder, startFakeUpstream } from '../support/fake-upstream.ts'
import { ledgerEntries, startGateway, type TestGateway } from '../support/gateway.ts'
import { announceSkip } from '../support/shared.ts'

const kit = kitFolder()
if (kit === undefined) announceSkip('coding agents', 'no scripts at TGW_SHARED or ../shared')

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
        'work_mode: passthrough',
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
