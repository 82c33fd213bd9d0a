/**
 * Codex, whose context is full in the middle of its work, with models that cannot compact as OpenAI does: it goes on from
 * the summary that they write. Run by `npm run test:clients`.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { GenerateRequest, Part } from '../../src/ir/index.ts'
import { agents, longestRun, runAgent } from '../support/agents.ts'
import { kitFolder } from '../support/fake-upstream.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { type Said, type SayingUpstream, sayingProviders, startSaying } from '../support/saying-upstream.ts'
import { announceSkip } from '../support/shared.ts'

const kit = kitFolder()
if (kit === undefined) announceSkip('Codex whose context is full', 'no scripts at TGW_SHARED or ../shared')

const places: Readonly<Record<string, { readonly kind: string; readonly path: string }>> = {
  chat: { kind: 'openai-compatible, protocols: [openai-chat]', path: '/chat/v1' },
  'anthropic-like': { kind: 'anthropic-compatible', path: '/anthropic-like' },
  'google-like': { kind: 'gemini-compatible', path: '/google-like' },
}

/** Tokens at which Codex has its conversation compacted, and what the model reports of a full and of a short prompt. */
const fullAt = 30_000
const usage = {
  full: { inputTokens: 40_000, outputTokens: 50 },
  short: { inputTokens: 9_000, outputTokens: 50 },
}

/** The command is run in the first turn, its result is in the summary alone, and the last turn tells it. */
const worker = (seen: string[]) => {
  return (request: GenerateRequest): Said => {
    const texts = request.turns.flatMap(({ parts }) => parts.flatMap(textOf))
    const last = texts.at(-1) ?? ''
    const result = request.turns.some(({ parts }) => parts.some(({ type }) => type === 'tool-result'))
    if (last.startsWith('Summarize this conversation')) {
      seen.push('summary')
      return {
        parts: [{ type: 'text', text: 'The command ran and printed wrote-7391.' }],
        usage: usage.short,
      }
    }
    if (texts.some((text) => text.includes('printed wrote-7391'))) {
      seen.push(result ? 'end with history' : 'end')
      return { parts: [{ type: 'text', text: 'E2E-FINAL-OK tool_output=wrote-7391' }], usage: usage.short }
    }
    seen.push(result ? 'result' : 'call')
    return { parts: [command], finish: { reason: 'tool-calls' }, usage: usage.full }
  }
}

const textOf = (part: Part): readonly string[] => (part.type === 'text' ? [part.text] : [])

const command: Part = {
  type: 'tool-call',
  kind: 'function',
  id: 'call_1',
  name: 'exec_command',
  input: JSON.stringify({ cmd: "echo hi > out.txt && printf 'wrote-%d\\n' 0x1CDF" }),
}

describe.skipIf(kit === undefined)('Codex whose context is full', () => {
  let upstream: SayingUpstream
  beforeAll(() => {
    upstream = startSaying()
  })
  afterAll(() => upstream.stop())

  for (const [provider, { kind, path }] of Object.entries(places)) {
    test(
      `goes on with a model that speaks ${sayingProviders[provider]}`,
      async () => {
        const agent = agents.find(({ env }) => env['CODEX_MODE'] === 'openai')
        if (agent === undefined) throw new Error('no Codex with its built-in provider')
        const gateway: TestGateway = await startGateway({
          config: [
            'providers:',
            `  up: { kind: ${kind}, base_url: "${upstream.url}${path}", api_key: k }`,
            'routes:',
            '  - { match: "*", targets: [{ provider: up, model: any }] }',
          ],
        })
        try {
          const seen: string[] = []
          upstream.say = worker(seen)
          const said = await runAgent(agent, gateway, agent.model, {
            CODEX_ARGS: `-c model_auto_compact_token_limit=${fullAt}`,
          })
          if (said === undefined) return
          expect(said).toStartWith('PASS')
          expect(seen).toEqual(['call', 'summary', 'end'])
        } finally {
          await gateway.stop()
        }
      },
      longestRun,
    )
  }
})
