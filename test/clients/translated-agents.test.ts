/**
 * The agents that people use, each doing one tool turn with a model of every other protocol, through the gateway to a
 * strict stand-in of that model's vendor, which refuses what the vendor would refuse. Run by `npm run test:clients`.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { agents, longestRun, runAgent } from '../support/agents.ts'
import { type FakeUpstream, kitFolder, startFakeUpstream } from '../support/fake-upstream.ts'
import { ledgerEntries, startGateway, type TestGateway } from '../support/gateway.ts'
import { announceSkip } from '../support/shared.ts'

const targets = [
  { protocol: 'openai-chat', kind: 'openai-compatible', path: '/v1', model: 'gpt-4.1' },
  { protocol: 'openai-responses', kind: 'openai-compatible', path: '/v1', model: 'gpt-5.5' },
  {
    protocol: 'anthropic-messages',
    kind: 'anthropic-compatible',
    path: '',
    model: 'claude-sonnet-4-5-20250929',
  },
  { protocol: 'gemini', kind: 'gemini-compatible', path: '', model: 'gemini-2.5-flash' },
] as const

const kit = kitFolder()
if (kit === undefined) announceSkip('coding agents across protocols', 'no scripts at TGW_SHARED or ../shared')

for (const { protocol, kind, path, model } of targets) {
  describe.skipIf(kit === undefined)(`agents with a model that speaks ${protocol}`, () => {
    let fake: FakeUpstream
    let gateway: TestGateway

    beforeAll(async () => {
      fake = await startFakeUpstream(kit ?? '', ['--api-key', 'upstream-secret-key'])
      gateway = await startGateway({
        config: [
          'providers:',
          `  up: { kind: ${kind}, protocols: [${protocol}], base_url: "${fake.url}${path}", api_key: upstream-secret-key }`,
          'work_mode: translation',
          'routes:',
          `  - { match: "*", targets: [{ provider: up, model: "${model}" }] }`,
        ],
      })
    })

    afterEach(() => fetch(`${fake.url}/__fake/reset`, { method: 'POST' }))

    afterAll(async () => {
      await fake.stop()
      await gateway.stop()
    })

    for (const agent of agents.filter((one) => one.protocol !== protocol)) {
      test(
        `${agent.name} does a tool turn`,
        async () => {
          const before = (await ledgerEntries(gateway)).length
          const said = await runAgent(agent, gateway, agent.model)
          if (said === undefined) return
          expect(said).toStartWith('PASS')
          expect(await fake.issues()).toEqual([])
          const all = await ledgerEntries(gateway)
          const turns = all.slice(0, all.length - before).filter((entry) => entry.operation === 'generate')
          expect(turns.length).toBeGreaterThan(1)
          for (const turn of turns) {
            expect(turn).toMatchObject({
              outcome: 'success',
              clientProtocol: agent.protocol,
              upstreamProtocol: protocol,
              usageSource: 'reported',
            })
            expect(turn.usage?.['outputTokens']).toBeGreaterThan(0)
          }
        },
        longestRun,
      )
    }
  })
}
