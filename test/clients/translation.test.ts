/**
 * The agents that people use, through the gateway to a provider of another protocol: a strict stand-in that refuses
 * what the vendors refuse, and what a middleman changed on the way. Run by `npm run test:clients`; part of it with
 * `bun test test/clients/translation.test.ts -t 'Codex.* to chat'`. Ends with a table of all cells that ran.
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { type FakeUpstream, kitFolder, startFakeUpstream } from '../support/fake-upstream.ts'
import { ledgerEntries, oneCall, startGateway, type TestGateway } from '../support/gateway.ts'
import { type AgentRun, longestInstallation, runAgent } from '../support/run-agent.ts'
import { announceSkip } from '../support/shared.ts'

type Upstream = 'chat' | 'responses' | 'anthropic' | 'gemini'

interface Client {
  readonly name: string
  readonly script: string
  readonly model: string
  readonly speaks: Upstream
  readonly env: Readonly<Record<string, string>>
  /** Scenarios and faults that the client cannot be counted on with its own vendor either. */
  readonly not?: readonly string[]
  /** After a fault it sends a call back whose arguments were cut off with other ones. A strict stand-in refuses that. */
  readonly forgetsArguments?: boolean
  /** Each request offers a search of the provider's, and the gateway sends no such request twice: the client does. */
  readonly offersSearch?: boolean
}

interface Scenario {
  /** As the stand-in calls it. */
  readonly name: string
  /** What the client says in the end, and what it wrote. */
  readonly env: Readonly<Record<string, string>>
}

const codex = { script: 'run-codex.sh', speaks: 'responses', env: { CODEX_VERSION: '0.169.0' } } as const
const claudeCode = {
  script: 'run-claude-code.sh',
  speaks: 'anthropic',
  env: { CLAUDE_VERSION: '2.1.329' },
} as const
const codex055 = (wire: Upstream) =>
  ({
    script: 'run-codex-0.55.sh',
    speaks: wire,
    env: { CODEX_WIRE: wire },
    // It asks for one call at a time, and over Chat joins two into one that is none.
    ...(wire === 'chat' ? { not: ['parallel'] } : {}),
  }) as const
const geminiCli = {
  script: 'run-gemini-cli.sh',
  speaks: 'gemini',
  env: { GEMINI_VERSION: '0.61.0' },
} as const
const opencode = (protocol: Upstream) =>
  ({
    script: 'run-opencode.sh',
    speaks: protocol,
    env: { OPENCODE_VERSION: '1.18.33', OPENCODE_PROTO: protocol },
    forgetsArguments: true,
  }) as const

const agents: readonly Client[] = [
  { name: 'Codex', model: 'gpt-5.5', ...codex, offersSearch: true },
  { name: 'Codex in code mode', model: 'gpt-6.1-sol', ...codex },
  { name: 'Codex with a model it does not know', model: 'claude-sonnet-4-5', ...codex },
  { name: 'Claude Code', model: 'claude-sonnet-4-5-20250929', ...claudeCode },
  { name: 'Claude Code with system messages on the way', model: 'claude-opus-5-5', ...claudeCode },
  { name: 'Claude Code with a model it does not know', model: 'gpt-5.1', ...claudeCode },
  { name: 'Codex 0.55', model: 'gpt-5.1', ...codex055('responses') },
  { name: 'Codex 0.55 over Chat', model: 'gpt-5.1', ...codex055('chat') },
  {
    name: 'Claude Code 2.0.29',
    model: 'claude-sonnet-4-5-20250929',
    script: 'run-claude-code-2.0.29.sh',
    speaks: 'anthropic',
    env: {},
    // Whether it asks again is chance, also at its vendor.
    not: ['cut', 'ok,cut'],
  },
  { name: 'Gemini CLI', model: 'gemini-2.5-flash', ...geminiCli },
  { name: 'Gemini CLI with Gemini 3', model: 'gemini-3-pro-preview', ...geminiCli },
  { name: 'opencode over Chat', model: 'gpt-4.1', ...opencode('chat') },
  { name: 'opencode over Responses', model: 'gpt-5.1', ...opencode('responses') },
  { name: 'opencode over Messages', model: 'claude-sonnet-4-5-20250929', ...opencode('anthropic') },
  { name: 'opencode over Gemini', model: 'gemini-2.5-flash', ...opencode('gemini') },
]

const sdk = (
  name: string,
  script: string,
  speaks: Upstream,
  model: string,
  env: Readonly<Record<string, string>>,
): readonly Client[] =>
  ['1', '0'].map((stream) => ({
    name: `${name}${stream === '1' ? '' : ', not streamed'}`,
    script: `run-${script}.sh`,
    speaks,
    model,
    env: { ...env, E2E_STREAM: stream },
  }))

const sdks: readonly Client[] = [
  ...sdk('openai SDK, Chat', 'openai-sdk', 'chat', 'gpt-4.1', { SDK_MODE: 'chat' }),
  ...sdk('openai SDK, Responses', 'openai-sdk', 'responses', 'gpt-5.1', { SDK_MODE: 'responses' }),
  ...sdk('openai SDK, previous_response_id', 'openai-sdk', 'responses', 'gpt-5.1', {
    SDK_MODE: 'responses-prev',
  }),
  ...sdk('Anthropic SDK', 'anthropic-sdk', 'anthropic', 'claude-sonnet-4-5-20250929', {}),
  ...sdk('Anthropic SDK, thinking', 'anthropic-sdk', 'anthropic', 'claude-sonnet-4-5-20250929', {
    SDK_MODE: 'thinking',
  }),
  ...sdk('Google SDK', 'genai-sdk', 'gemini', 'gemini-2.5-flash', {}),
  ...sdk('LangChain, Chat', 'langchain', 'chat', 'gpt-4.1', { SDK_MODE: 'openai-chat' }),
  ...sdk('LangChain, Responses', 'langchain', 'responses', 'gpt-5.1', { SDK_MODE: 'openai-responses' }),
  ...sdk('LangChain, Messages', 'langchain', 'anthropic', 'claude-sonnet-4-5-20250929', {
    SDK_MODE: 'anthropic',
  }),
  ...sdk('LangChain, Gemini', 'langchain', 'gemini', 'gemini-2.5-flash', { SDK_MODE: 'google' }),
  ...sdk('AI SDK, Chat', 'ai-sdk', 'chat', 'gpt-4.1', { SDK_MODE: 'openai-chat' }),
  ...sdk('AI SDK, Responses', 'ai-sdk', 'responses', 'gpt-5.1', { SDK_MODE: 'openai-responses' }),
  ...sdk('AI SDK, Messages', 'ai-sdk', 'anthropic', 'claude-sonnet-4-5-20250929', { SDK_MODE: 'anthropic' }),
  ...sdk('AI SDK, Gemini', 'ai-sdk', 'gemini', 'gemini-2.5-flash', { SDK_MODE: 'google' }),
]

const shell: Scenario = { name: 'shell', env: {} }
const parallel: Scenario = {
  name: 'parallel',
  env: { E2E_EXPECT: 'E2E-FINAL-OK tool_output=.*wrote-7391.*second-8111' },
}
const scenarios: readonly Scenario[] = [
  shell,
  parallel,
  { name: 'patch', env: { E2E_EXPECT: 'E2E-FINAL-OK tool_output=.*([Ss]uccess|wrote-7391)' } },
  { name: 'steps:5', env: { E2E_FILE_EXPECT: 'step1\nstep2\nstep3\nstep4\nstep5' } },
]

const faults = ['429', '500', '529', 'cut', 'errevent', 'stall:3000', 'ok,cut']

const upstreams: Readonly<Record<Upstream, { readonly kind: string; readonly model: string }>> = {
  chat: { kind: 'openai-compatible, protocols: [openai-chat]', model: 'gpt-5.1' },
  responses: { kind: 'openai-compatible, protocols: [openai-responses]', model: 'gpt-5.1' },
  anthropic: { kind: 'anthropic-compatible', model: 'claude-opus-5-5' },
  gemini: { kind: 'gemini-compatible', model: 'gemini-3-pro-preview' },
}
const upstreamNames: readonly Upstream[] = ['chat', 'responses', 'anthropic', 'gemini']
const foreign = (client: Client): readonly Upstream[] =>
  upstreamNames.filter((upstream) => upstream !== client.speaks)

/** `asked`: the provider has the model under the client's name; `own`: the route names a model of that vendor. */
type Naming = 'asked' | 'own'

interface World {
  readonly fake: FakeUpstream
  readonly gateway: TestGateway
}

/** Bound of one agent in seconds; it takes some alone, and twenty times as many on a busy machine. */
const longestAgent = 180
const upstreamKey = 'upstream-secret-key'
const fakeFlags = [
  '--api-key',
  upstreamKey,
  '--reasoning',
  'force',
  '--warn-as-error',
  '--fail-main',
  '--quiet',
]

/** `once`: the client meets every fault; `repeating`: the gateway asks again by itself, as it usually does. */
type Calls = 'once' | 'repeating'
const callSettings: Readonly<Record<Calls, readonly string[]>> = {
  once: oneCall,
  // Without memory of the faults for the next client.
  repeating: ['circuits: { failures: 0 }'],
}

const startWorld = async (upstream: Upstream, naming: Naming, calls: Calls): Promise<World> => {
  const { kind, model } = upstreams[upstream]
  const fake = await startFakeUpstream(kit, ['--protocol', upstream, ...fakeFlags])
  const path = kind.startsWith('openai') ? '/v1' : ''
  const gateway = await startGateway({
    config: [
      ...callSettings[calls],
      'providers:',
      `  up: { kind: ${kind}, base_url: "${fake.url}${path}", api_key: ${upstreamKey}, models: ["*"] }`,
      'routes:',
      naming === 'asked'
        ? '  - { match: "*", targets: [up] }'
        : `  - { match: "*", targets: [{ provider: up, model: ${model} }] }`,
    ],
  }).catch(async (error: unknown) => {
    await fake.stop()
    throw error
  })
  return { fake, gateway }
}

const kit = kitFolder() ?? ''
if (kit === '') announceSkip('agents through translation', 'no scripts at TGW_SHARED or ../shared')

/** Started when the first cell needs them. */
const worlds = new Map<string, Promise<World>>()
const world = (upstream: Upstream, naming: Naming, calls: Calls): Promise<World> => {
  const name = `${upstream} ${naming} ${calls}`
  const started = worlds.get(name) ?? startWorld(upstream, naming, calls)
  worlds.set(name, started)
  return started
}
/** A stand-in without a gateway before it: what a client does with its vendor is the measure for faults. */
const vendors = new Map<Upstream, Promise<FakeUpstream>>()
const vendor = (protocol: Upstream): Promise<FakeUpstream> => {
  const started =
    vendors.get(protocol) ??
    startFakeUpstream(kit, ['--protocol', protocol, '--reasoning', 'force', '--fail-main', '--quiet'])
  vendors.set(protocol, started)
  return started
}

/** `SAME`: it ends as it does at its vendor, which is not well. */
type Verdict = AgentRun['verdict'] | 'SAME'

interface Cell {
  readonly client: string
  readonly upstream: string
  readonly scenario: string
  readonly verdict: Verdict
  readonly seconds: number
  readonly why: string
}
const cells: Cell[] = []

afterAll(async () => {
  const all = await Promise.allSettled([...worlds.values()])
  const alone = await Promise.allSettled([...vendors.values()])
  for (const one of all) {
    if (one.status === 'fulfilled') {
      await one.value.fake.stop()
      await one.value.gateway.stop()
    }
  }
  for (const one of alone) if (one.status === 'fulfilled') await one.value.stop()
  if (cells.length > 0) console.log(tableOf(cells))
}, 60_000)

const tableOf = (ran: readonly Cell[]): string => {
  const columns = ran.map(({ client, upstream, scenario, verdict, seconds, why }) => [
    verdict,
    client,
    upstream,
    scenario,
    `${seconds.toFixed(1)} s`,
    why,
  ])
  const widths = [0, 1, 2, 3, 4].map((index) => Math.max(...columns.map((row) => (row[index] ?? '').length)))
  const lines = columns.map((row) => row.map((text, index) => text.padEnd(widths[index] ?? 0)).join('  '))
  const count = (verdict: Verdict) => ran.filter((cell) => cell.verdict === verdict).length
  return [
    '',
    ...lines.map((line) => line.trimEnd()),
    `${count('PASS')} PASS, ${count('SAME')} SAME, ${count('FAIL')} FAIL, ${count('SKIP')} SKIP`,
  ].join('\n')
}

/** Sets what the stand-in does next, and forgets what it heard. */
const script = async (fake: FakeUpstream, settings: Readonly<Record<string, unknown>>): Promise<void> => {
  await fetch(`${fake.url}/__fake/config`, { method: 'POST', body: JSON.stringify(settings) })
  await fetch(`${fake.url}/__fake/reset`, { method: 'POST' })
}

interface CellOptions {
  readonly naming?: Naming
  readonly calls?: Calls
  readonly fail?: string
  readonly settings?: Readonly<Record<string, unknown>>
  /** What the client makes of the fault when its vendor fails so: nothing better can be asked of others. */
  readonly atVendor?: AgentRun
  /** What is special, for the table. */
  readonly label?: string
}

const run = async (
  client: Client,
  upstream: Upstream,
  scenario: Scenario,
  { naming = 'asked', calls = 'once', fail = '', settings = {}, label = '', atVendor }: CellOptions = {},
): Promise<void> => {
  const { fake, gateway } = await world(upstream, naming, calls)
  const usual = { 'reasoning-content': false, split: 0, 'warn-as-error': true }
  await script(fake, { scenario: scenario.name, fail, ...usual, ...settings })
  const before = (await ledgerEntries(gateway)).length
  const ended = await runAgent({
    kit,
    script: client.script,
    baseUrl: gateway.url,
    model: client.model,
    env: { ...client.env, ...scenario.env },
    seconds: longestAgent,
  })
  const heard = await fake.issues()
  const issues = Array.isArray(heard) ? heard : []
  const entries = await ledgerEntries(gateway)
  const own = entries.slice(0, entries.length - before)
  const failed = own.filter((entry) => entry.outcome !== 'success')
  const isHidden = fail === '' || (calls === 'repeating' && client.offersSearch !== true)
  const clean = !isHidden || (issues.length === 0 && failed.length === 0)
  const isRepeated = own.some(({ attempts }) => attempts > 1)
  const passed =
    ended.verdict === 'PASS' && own.length > 0 && clean && isRepeated === (isHidden && fail !== '')
  const failure = atVendor?.verdict === 'FAIL' ? 'SAME' : 'FAIL'
  const verdict = passed || ended.verdict === 'SKIP' ? ended.verdict : failure
  const faults = failed.map(({ outcome, status, error, stage }) => ({ outcome, status, error, stage }))
  const [cause] = verdict === 'FAIL' ? [...issues, ...faults, ended.said] : [ended.said]
  const why = passed ? '' : firstWords(cause)
  const special = [naming === 'own' ? 'own model' : '', fail === '' ? '' : `then ${fail}`, label]
  const name = [scenario.name, ...special.filter((text) => text !== '')].join(', ')
  cells.push({ client: client.name, upstream, scenario: name, verdict, seconds: ended.seconds, why })
  if (verdict === 'SKIP') return announceSkip(client.name, ended.said)
  if (verdict !== 'FAIL') return
  console.error(JSON.stringify({ issues, failed: faults }, null, 1).slice(0, 6000))
  expect(`${verdict}\n${ended.said}`).toBe('PASS')
}

const firstWords = (cause: unknown): string =>
  (typeof cause === 'string' ? cause : JSON.stringify(cause)).replaceAll(/\s+/g, ' ').slice(0, 200)

describe.skipIf(kit === '')('agents through translation', () => {
  for (const client of agents) {
    for (const upstream of foreign(client)) {
      for (const scenario of scenarios) {
        if (client.not?.includes(scenario.name) === true) continue
        test(
          `${client.name} to ${upstream}: ${scenario.name}`,
          () => run(client, upstream, scenario),
          longestInstallation,
        )
      }
      test(
        `${client.name} to ${upstream}: steps:5 with a model of that vendor`,
        () => run(client, upstream, scenarios[3] ?? shell, { naming: 'own' }),
        longestInstallation,
      )
    }
  }
})

describe.skipIf(kit === '')(
  'agents to a chat model that shows its reasoning, in a stream of small pieces',
  () => {
    for (const client of agents.filter(({ speaks }) => speaks !== 'chat')) {
      test(
        `${client.name} to chat with reasoning_content: steps:5`,
        () =>
          run(client, 'chat', scenarios[3] ?? shell, {
            settings: { 'reasoning-content': true, split: 7 },
            label: 'reasoning_content',
          }),
        longestInstallation,
      )
    }
  },
)

describe.skipIf(kit === '')('SDKs through translation', () => {
  for (const client of sdks) {
    for (const upstream of foreign(client)) {
      test(
        `${client.name} to ${upstream}: parallel`,
        () => run(client, upstream, parallel),
        longestInstallation,
      )
    }
  }
})

/** Other models change nothing where it is about faults. */
const oneOfEach = agents.filter(
  (client, index) =>
    agents.findIndex((other) => other.script === client.script && other.speaks === client.speaks) === index,
)

describe.skipIf(kit === '')('agents through translation when the provider fails', () => {
  for (const client of oneOfEach) {
    for (const fail of faults) {
      if (client.not?.includes(fail) === true) continue
      let direct: Promise<AgentRun> | undefined
      const settings = { 'warn-as-error': client.forgetsArguments !== true }
      for (const upstream of foreign(client)) {
        test(
          `${client.name} to ${upstream} survives ${fail} as it does at its vendor`,
          async () => {
            direct ??= alone(client, { scenario: 'shell', fail, ...settings })
            await run(client, upstream, shell, { fail, settings, atVendor: await direct })
          },
          longestInstallation,
        )
      }
    }
  }
})

describe.skipIf(kit === '')('agents through translation when the gateway asks again', () => {
  for (const client of oneOfEach) {
    for (const upstream of foreign(client)) {
      test(
        `${client.name} to ${upstream} ${client.offersSearch === true ? 'asks again by itself after' : 'does not notice'} 500 and 529`,
        () => run(client, upstream, shell, { fail: '500,529', calls: 'repeating', label: 'repeated' }),
        longestInstallation,
      )
    }
  }
})

const alone = async (client: Client, settings: Readonly<Record<string, unknown>>): Promise<AgentRun> => {
  const fake = await vendor(client.speaks)
  await script(fake, settings)
  const { script: name, model, env } = client
  return runAgent({ kit, script: name, baseUrl: fake.url, model, env, seconds: longestAgent })
}
