/**
 * The same conversation of an agent with a provider that keeps prompts, with the gateway between them and without:
 * what the provider reads from its cache must not be less.
 */
import { answerOf, askAt, bash, type Calls, claudeCode, codex } from './agent-conversations.ts'
import { type CachingProvider, startCachingProvider } from './caching-provider.ts'
import { startGateway, type TestGateway } from './gateway.ts'

export interface Proof {
  readonly provider: CachingProvider
  readonly gateway: TestGateway
  stop(): Promise<void>
}

/** Everything on that rewrites requests: the firewall, loops, marks. */
export const startProof = async (): Promise<Proof> => {
  const provider = startCachingProvider()
  const upstream = `base_url: "${provider.url}`
  const gateway = await startGateway({
    config: [
      'providers:',
      `  messages: { kind: anthropic-compatible, ${upstream}", api_key: none, models: ["*"] }`,
      `  chat: { kind: openai-compatible, protocols: [openai-chat], ${upstream}/v1", api_key: none, models: ["*"] }`,
      `  responses: { kind: openai-compatible, protocols: [openai-responses], ${upstream}/v1", api_key: none, models: ["*"] }`,
      'firewall:',
      '  input: redact',
      '  output: redact',
      '  loops: { warn_after: 3, stop_after: 0 }',
      "  custom: [{ id: steps, type: STEP, pattern: 'wrote-[0-9]+' }]",
      'prompt_cache: { marks: auto }',
    ],
  })
  return {
    provider,
    gateway,
    async stop() {
      await gateway.stop()
      await provider.stop()
    },
  }
}

export interface Read {
  readonly read: number
  /** What it could have been: all of the prompt before. */
  readonly most: number
  readonly turns: number
}

export interface Conversation {
  readonly agent: Agent
  /** As the agent names it. */
  readonly model: string
  readonly turns: number
  /** The agent's; without it the one of all tests. */
  readonly key?: string
}

export type Agent = 'claude-code' | 'codex'

const sessions = { 'claude-code': 'claude-code-2.1.329-opus-5-5-1', codex: 'codex-0.169-gpt-5.5-1' } as const

const shell: Calls = (turn) => [
  turn % 2 === 0
    ? { name: 'exec_command', input: `{"cmd":"echo step${turn} >> out.txt"}` }
    : { name: 'apply_patch', input: `{"input":"*** Begin Patch\\n+step ${turn}\\n*** End Patch"}` },
]

/**
 * Has a conversation from its beginning.
 * @param before runs before each turn
 */
export const converse = async (
  provider: CachingProvider,
  url: string,
  { agent, model, turns, key }: Conversation,
  before: (turn: number) => Promise<void> = async () => {},
): Promise<Read> => {
  provider.reset()
  provider.answer = (turn) => answerOf(turn, agent === 'codex' ? shell : bash)
  const talk = agent === 'codex' ? codex : claudeCode
  const next = talk(sessions[agent], model, askAt(url, key))
  for (let turn = 0; turn < turns; turn++) {
    await before(turn)
    await next(turn)
  }
  const { told } = provider
  return {
    read: told.reduce((sum, one) => sum + one.read, 0),
    most: told.slice(0, -1).reduce((sum, one) => sum + one.input, 0),
    turns: told.length,
  }
}

interface Break {
  readonly cause: string
  readonly path: string | null
  readonly offset: number | null
  readonly session: string | null
}

/** Of all conversations so far, newest first. */
export const breaksOf = async (gateway: TestGateway, query = ''): Promise<readonly Break[]> => {
  const { breaks } = (await gateway.admin(`/savings?limit=1000${query}`)) as { breaks: readonly Break[] }
  return breaks
}
