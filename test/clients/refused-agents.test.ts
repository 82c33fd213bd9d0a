/**
 * What the agents that people use do when the gateway says no: at 402, because a budget is used up, they stop at once
 * and show why; at 429 with a time they wait that long and go on. Run by `npm run test:clients`; ends with a table.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Agent, agents, longestRun } from '../support/agents.ts'
import { type FakeUpstream, fakeProviders, kitFolder, startFakeUpstream } from '../support/fake-upstream.ts'
import { ledgerEntries, startGateway, type TestGateway } from '../support/gateway.ts'
import { startLimitedFront } from '../support/limited-front.ts'
import { type AgentRun, agentCache, runAgent } from '../support/run-agent.ts'
import { announceSkip } from '../support/shared.ts'

const kit = kitFolder() ?? ''
if (kit === '') announceSkip('agents that are refused', 'no scripts at TGW_SHARED or ../shared')

/** Agents are slow to start where the machine is busy; how long they go on asking is measured apart. */
const longestAgent = 180

const run = (agent: Agent, baseUrl: string): Promise<AgentRun> =>
  runAgent({ kit, script: agent.script, baseUrl, model: agent.model, env: agent.env, seconds: longestAgent })

const table: string[] = []
afterAll(() => {
  if (table.length > 0) console.log(`\n${table.join('\n')}`)
})

/** All that an agent which failed has written to its user; its folder is removed. */
const shown = ({ said }: AgentRun): string => {
  const folder = /kept in (\S+)/.exec(said)?.[1]
  if (folder === undefined || !folder.startsWith(agentCache)) return said
  const text = ['stdout', 'stderr']
    .map((name) => join(folder, name))
    .map((file) => (existsSync(file) ? readFileSync(file, 'utf8') : ''))
    .join('\n')
  rmSync(folder, { recursive: true, force: true })
  return text
}

describe.skipIf(kit === '')('agents whose budget is used up', () => {
  let fake: FakeUpstream
  let gateway: TestGateway

  beforeAll(async () => {
    fake = await startFakeUpstream(kit, ['--api-key', 'upstream-secret-key'])
    gateway = await startGateway({
      config: [
        ...fakeProviders(fake),
        // A number that looks like a status to who searches the message for one.
        'budgets: [{ level: key, limit_tokens: 500, period: day, mode: hard }]',
      ],
    })
  })

  afterAll(async () => {
    await fake.stop()
    await gateway.stop()
  })

  for (const agent of agents) {
    test(
      `${agent.name} stops at once and shows which budget, and until when`,
      async () => {
        const before = (await ledgerEntries(gateway)).length
        const ended = await run(agent, gateway.url)
        if (ended.verdict === 'SKIP') return announceSkip(agent.name, ended.said)
        expect(ended.verdict).toBe('FAIL')
        const text = shown(ended)
        expect(text).toMatch(
          /the key budget of \S+ of 5\u2060?00 tokens per day has no room for this request/,
        )
        expect(text).toMatch(/it resets at \d{4}-\d\d-\d\dT/)
        const all = await ledgerEntries(gateway)
        const asked = all.slice(0, all.length - before).filter(({ operation }) => operation === 'generate')
        const times = asked.map(({ openedAt }) => openedAt)
        const span = (Math.max(...times) - Math.min(...times)) / 1000
        table.push(
          `402  ${agent.name}: ${asked.length} requests within ${span.toFixed(1)} s, ended after ${ended.seconds.toFixed(1)} s`,
        )
        expect(asked.map(({ error }) => error)).toEqual(asked.map(() => 'gateway_budget_exceeded'))
        // opencode asks for a title beside the turn itself.
        expect(asked.length).toBeGreaterThan(0)
        expect(asked.length).toBeLessThanOrEqual(2)
        const heard = await (await fetch(`${fake.url}/__fake/requests`)).json()
        expect(heard).toEqual([])
      },
      longestRun,
    )
  }
})

describe.skipIf(kit === '')('agents that ask too often', () => {
  const refusals = 2
  const retryAfter = 2
  let fake: FakeUpstream

  beforeAll(async () => {
    fake = await startFakeUpstream(kit)
  })
  afterAll(() => fake.stop())

  for (const agent of agents) {
    test(
      `${agent.name} waits as long as it is told, and does its turn`,
      async () => {
        const front = startLimitedFront(fake.url, { refusals, retryAfter })
        try {
          const ended = await run(agent, front.url)
          if (ended.verdict === 'SKIP') return announceSkip(agent.name, ended.said)
          expect(ended.verdict === 'PASS' ? 'PASS' : shown(ended)).toBe('PASS')
          const waits = front.turns.flatMap(({ refused, at }, index) => {
            const next = front.turns[index + 1]
            return refused && next !== undefined ? [(next.at - at) / 1000] : []
          })
          table.push(
            `429  ${agent.name}: waited ${waits.map((wait) => `${wait.toFixed(1)} s`).join(', ')}; ${front.turns.length} requests, ended after ${ended.seconds.toFixed(1)} s`,
          )
          expect(front.turns.filter(({ refused }) => refused)).toHaveLength(refusals)
          for (const wait of waits) expect(wait).toBeGreaterThan(retryAfter - 0.2)
          expect(front.turns.length).toBeLessThanOrEqual(refusals + 4)
        } finally {
          await front.stop()
        }
      },
      longestRun,
    )
  }
})
