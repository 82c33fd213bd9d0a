/**
 * Conversations of many turns, as agents have them, through a real gateway to a model of another protocol. In every
 * turn the upstream's prompt must begin with the bytes of the turn before: that is what prompt caches of providers
 * and signatures of thoughts hang on.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startGateway, type TestGateway, testKey } from '../support/gateway.ts'
import { brokenPrefix } from '../support/prompt-prefix.ts'
import {
  chatAnswer,
  messagesAnswer,
  responsesAnswer,
  type ScriptedAnswer,
  signatureOf,
} from '../support/scripted-answers.ts'
import { announceSkip, sharedFolder } from '../support/shared.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'

const recordings = join(sharedFolder() ?? '', 'recordings')
const isAbsent = !existsSync(join(recordings, 'INDEX.md'))
if (isAbsent) announceSkip('long conversations', 'no recordings at TGW_SHARED or ../shared')

type Json = Readonly<Record<string, unknown>>
type JsonList = readonly Json[]

interface Recording {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Json
}

/** The first request of a recorded session; its credentials and what belongs to the connection are left out. */
const recording = (name: string): Recording => {
  const meta: { url: string; headers: Record<string, string> } = JSON.parse(
    readFileSync(join(recordings, `${name}.meta.json`), 'utf8'),
  )
  const body: Json = JSON.parse(readFileSync(join(recordings, `${name}.json`), 'utf8'))
  const left = /^(authorization|x-api-key|host|content-length|connection|accept-encoding)$/i
  const headers = Object.fromEntries(Object.entries(meta.headers).filter(([header]) => !left.test(header)))
  return { path: meta.url, headers: { ...headers, authorization: `Bearer ${testKey}` }, body }
}

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

/** Tools of the agent that a script calls, with what they are given. */
type Calls = (turn: number) => ScriptedAnswer['calls']

/** A mixture: with and without thoughts, text, one call, two at once, none. */
const answerOf = (turn: number, calls: Calls): ScriptedAnswer => {
  const called = turn % 7 === 6 ? [] : turn % 11 === 4 ? [...calls(turn), ...calls(turn + 1000)] : calls(turn)
  return {
    id: `t${turn}`,
    ...(turn % 3 === 0 ? {} : { thought: `Step ${turn} is next, so “do” it.\nThen look.` }),
    text: turn % 5 === 2 && called.length > 0 ? '' : `Running step ${turn}: "größe" \\ 🐎.`,
    calls: called,
  }
}

interface Answers {
  /** The array of the upstream's request that holds the history. */
  readonly member: string
  readonly answer: (script: ScriptedAnswer, model: string) => Response
}

const chat: Answers = { member: 'messages', answer: chatAnswer }
const responses: Answers = { member: 'input', answer: responsesAnswer }
const messages: Answers = { member: 'messages', answer: messagesAnswer }

/** Asks the gateway, and gives what came as events. */
const ask = async ({ path, headers }: Recording, body: Json): Promise<JsonList> => {
  const reply = await fetch(gateway.url + path, { method: 'POST', headers, body: JSON.stringify(body) })
  const text = await reply.text()
  if (reply.status !== 200) throw new Error(`${reply.status} ${text.slice(0, 1000)}`)
  return text
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line): Json => JSON.parse(line.slice(6)))
}

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

/** Claude Code's side of a conversation (its own quirks as recorded). */
const claudeCode = (name: string, model: string) => {
  const first = recording(name)
  const system = first.body['system'] as JsonList
  const history: Json[] = [...(first.body['messages'] as JsonList)]
  /** The mark of the cache is on the last block of the history; without it one text block is written as a string. */
  const marked = (): JsonList =>
    history.map((message, index) => {
      const { content } = message
      const blocks: JsonList =
        typeof content === 'string' ? [{ type: 'text', text: content }] : (content as JsonList)
      if (index === history.length - 1) {
        const last = { ...blocks.at(-1), cache_control: { type: 'ephemeral' } }
        return { ...message, content: [...blocks.slice(0, -1), last] }
      }
      const bare = blocks.map(({ cache_control: _mark, ...block }) => block)
      const [only] = bare
      const isText = bare.length === 1 && only?.['type'] === 'text'
      return { ...message, content: isText ? only['text'] : bare }
    })
  return async (turn: number): Promise<void> => {
    const build = `x-anthropic-billing-header: cc_version=2.1.329.${turn % 97}; cc_entrypoint=sdk-cli;`
    const events = await ask(first, {
      ...first.body,
      model,
      system: [{ type: 'text', text: build }, ...system.slice(1)],
      messages: marked(),
    })
    expect(events.at(-1)).toMatchObject({ type: 'message_stop' })
    const content = blocksOf(events)
    history.push({ role: 'assistant', content })
    const calls = content.filter(({ type }) => type === 'tool_use')
    if (calls.length === 0) {
      history.push({ role: 'user', content: `Very well. And now step ${turn + 1}?` })
      return
    }
    const results = calls.map((call, index): Json => {
      const result = { tool_use_id: call['id'], type: 'tool_result' }
      if (turn % 13 === 5) return { ...result, content: `Exit code 3\nline ${index}`, is_error: true }
      if (turn % 17 === 8) return { ...result, content: [{ type: 'text', text: `as a block ${turn}` }] }
      return { ...result, content: `wrote-${turn}\n`, is_error: false }
    })
    const reminder = { type: 'text', text: '<system-reminder>\nThe list is empty.\n</system-reminder>' }
    history.push({ role: 'user', content: turn % 19 === 9 ? [...results, reminder] : results })
    if (turn % 4 === 1) {
      history.push({ role: 'system', content: `<total_tokens>${1000 - turn} tokens left</total_tokens>` })
    }
  }
}

/** The content of a streamed message, as its client keeps it. */
const blocksOf = (events: JsonList): Json[] => {
  const blocks: Record<string, unknown>[] = []
  const inputs = new Map<number, string>()
  for (const event of events) {
    const index = Number(event['index'])
    if (event['type'] === 'content_block_start') blocks[index] = { ...(event['content_block'] as Json) }
    const block = blocks[index]
    if (event['type'] !== 'content_block_delta' || block === undefined) continue
    const delta = event['delta'] as Readonly<Record<string, string>>
    if (delta['type'] === 'input_json_delta') {
      inputs.set(index, (inputs.get(index) ?? '') + delta['partial_json'])
    } else {
      const [, key] = /^(\w+)_delta$/.exec(delta['type'] ?? '') ?? []
      if (key !== undefined) block[key] = `${block[key] ?? ''}${delta[key]}`
    }
  }
  for (const [index, input] of inputs) {
    const block = blocks[index]
    if (block !== undefined) block['input'] = JSON.parse(input)
  }
  return blocks
}

/** Codex's side of a conversation. */
const codex = (name: string, model: string) => {
  const first = recording(name)
  const input: Json[] = [...(first.body['input'] as JsonList)]
  return async (turn: number): Promise<void> => {
    const events = await ask(first, { ...first.body, model, input })
    expect(events.at(-1)).toMatchObject({ type: 'response.completed' })
    const items = events
      .filter(({ type }) => type === 'response.output_item.done')
      .map(({ item }) => item as Json)
    // Codex writes the content of a thought that has none as null.
    input.push(...items.map((item) => (item['type'] === 'reasoning' ? { content: null, ...item } : item)))
    const calls = items.filter(({ type }) => /_call$/.test(String(type)))
    calls.forEach((call, index) => {
      const output = { id: `out_${turn}_${index}`, call_id: call['call_id'] }
      input.push(
        call['type'] === 'custom_tool_call'
          ? {
              type: 'custom_tool_call_output',
              ...output,
              output: [
                { type: 'input_text', text: 'Script completed\nOutput:\n' },
                { type: 'input_text', text: `wrote-${turn}\n` },
              ],
            }
          : {
              type: 'function_call_output',
              ...output,
              output: `Chunk ID: ${turn}\nOutput:\nwrote-${turn}\n`,
            },
      )
    })
    if (calls.length === 0) {
      const content = [{ type: 'input_text', text: `Very well. And now step ${turn + 1}?` }]
      input.push({ type: 'message', id: `msg_user_${turn}`, role: 'user', content })
    }
  }
}

const bash: Calls = (turn) => [
  {
    name: 'Bash',
    input: `{"command":"echo step${turn} >> out.txt && printf 'wrote-%d\\\\n' ${turn}","description":"Write “it”"}`,
  },
]

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
        const sent = await converse(200, answers, bash, claudeCode(session, model))
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
      const turn = codex(session, 'messages/claude-opus-5-5')
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
