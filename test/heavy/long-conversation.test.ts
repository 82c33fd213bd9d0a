/**
 * Conversations of many turns, as agents have them, through a real gateway to a model of another protocol. In every
 * turn the upstream's prompt must begin with the bytes of the turn before: that is what prompt caches of providers
 * and signatures of thoughts hang on.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  answerOf,
  askAt,
  bash,
  type Calls,
  claudeCode,
  codex,
  recordings,
} from '../support/agent-conversations.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { brokenPrefix } from '../support/prompt-prefix.ts'
import {
  chatAnswer,
  messagesAnswer,
  responsesAnswer,
  type ScriptedAnswer,
  signatureOf,
} from '../support/scripted-answers.ts'
import { announceSkip } from '../support/shared.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'

const isAbsent = !existsSync(join(recordings, 'INDEX.md'))
if (isAbsent) announceSkip('long conversations', 'no recordings at TGW_SHARED or ../shared')

let upstream: TestUpstream
let gateway: TestGateway

beforeAll(async () => {
  if (isAbsent) return
  upstream = startUpstream()
  const provider = (kind: string, models: string, path = '') =>
    `{ kind: ${kind}, base_url: "${upstream.url}${path}", api_key: none, models: ["${models}"] }`
  gateway = await startGateway({
    config: [
      'providers:',
      `  chat: ${provider('openai-compatible, protocols: [openai-chat]', '*', '/v1')}`,
      `  responses: ${provider('openai-compatible, protocols: [openai-responses]', '*', '/v1')}`,
      `  messages: ${provider('anthropic-compatible', '*')}`,
    ],
  })
})

afterAll(async () => {
  if (isAbsent) return
  await gateway.stop()
  await upstream.stop()
})

interface Answers {
  /** The array of the upstream's request that holds the history. */
  readonly member: string
  readonly answer: (script: ScriptedAnswer, model: string) => Response
}

const chat: Answers = { member: 'messages', answer: chatAnswer }
const responses: Answers = { member: 'input', answer: responsesAnswer }
const messages: Answers = { member: 'messages', answer: messagesAnswer }

/** Has a conversation of `turns` turns; gives what the upstream was sent. */
const converse = async (
  turns: number,
  { answer }: Answers,
  calls: Calls,
  turn: (turn: number) => Promise<void>,
): Promise<readonly string[]> => {
  const sent: string[] = []
  upstream.answer = ({ body }) => {
    const text = new TextDecoder().decode(body)
    sent.push(text)
    const { model }: { model: string } = JSON.parse(text)
    return answer(answerOf(sent.length - 1, calls), model)
  }
  for (let number = 0; number < turns; number++) await turn(number)
  expect(sent).toHaveLength(turns)
  return sent
}

const expectPrefixes = (sent: readonly string[], member: string): void => {
  for (let turn = 1; turn < sent.length; turn++) {
    const broken = brokenPrefix(sent[turn - 1] ?? '', sent[turn] ?? '', member)
    expect(broken === undefined ? `turn ${turn} extends` : `turn ${turn} differs ${broken}`).toBe(
      `turn ${turn} extends`,
    )
  }
}

describe.skipIf(isAbsent)('a Claude Code conversation of 200 turns', () => {
  const sessions = ['claude-code-2.1.329-opus-5-5-1', 'claude-code-2.1.329-sonnet-4-5-1']
  const targets = [
    ['a chat model', 'chat/gpt-5.1', chat],
    ['a chat model nobody knows', 'chat/some-model', chat],
    ['a chat model that is given its thoughts back', 'chat/deepseek-v4', chat],
    ['a Responses model', 'responses/gpt-5.5', responses],
  ] as const
  for (const session of sessions) {
    for (const [name, model, answers] of targets) {
      test(`${session} to ${name}: every turn extends the prompt of the turn before`, async () => {
        const sent = await converse(200, answers, bash, claudeCode(session, model, askAt(gateway.url)))
        expectPrefixes(sent, answers.member)
        const last = sent.at(-1) ?? ''
        expect(last).not.toContain('x-anthropic-billing-header')
        expect(last).not.toContain('TGWstate')
        expect(last).toContain('wrote-190')
      }, 300_000)
    }
  }
})

describe.skipIf(isAbsent)('a Codex conversation of 60 turns', () => {
  const shellAndPatch: Calls = (turn) => [
    turn % 2 === 0
      ? { name: 'exec_command', input: `{"cmd":"echo step${turn} >> out.txt"}` }
      : { name: 'apply_patch', input: `{"input":"*** Begin Patch\\n+step ${turn}\\n*** End Patch"}` },
  ]
  const sessions: readonly (readonly [string, Calls])[] = [
    ['codex-0.169-gpt-5.5-1', shellAndPatch],
    ['codex-0.169-claude-model-1', (turn) => [{ name: 'exec_command', input: `{"cmd":"echo ${turn}"}` }]],
    [
      'codex-0.169-codemode-1',
      (turn) => [{ name: 'functions__exec', input: `{"input":"text(await run(${turn}));\\n"}` }],
    ],
  ]
  for (const [session, calls] of sessions) {
    test(`${session} to a Messages model: every turn extends the prompt of the turn before, and thoughts come back`, async () => {
      const turn = codex(session, 'messages/claude-opus-5-5', askAt(gateway.url))
      const sent = await converse(60, messages, calls, turn)
      expectPrefixes(sent.map(withoutMarks), messages.member)
      const last: { messages: readonly { content: unknown }[] } = JSON.parse(sent.at(-1) ?? '')
      const blocks = last.messages.flatMap(({ content }) => (Array.isArray(content) ? content : []))
      const thoughts = blocks.filter(({ type }) => type === 'thinking')
      expect(thoughts.length).toBeGreaterThan(30)
      for (const { thinking, signature } of thoughts) expect(signature).toBe(signatureOf(thinking))
      expect(sent.at(-1)).not.toContain('TGWstate')
    }, 300_000)
  }
})

/** A body without marks of the prompt cache; one text block and a string are one thing to the provider. */
const withoutMarks = (body: string): string =>
  JSON.stringify(JSON.parse(body), (key, value: unknown) => {
    if (key === 'cache_control') return undefined
    return key === 'content' && typeof value === 'string' ? [{ type: 'text', text: value }] : value
  })
