/** The agents' side of conversations, as recorded sessions of Claude Code and Codex begin and go on. */
import { expect } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { testKey } from './gateway.ts'
import type { ScriptedAnswer } from './scripted-answers.ts'
import { sharedFolder } from './shared.ts'

export const recordings = join(sharedFolder() ?? '', 'recordings')

export type Json = Readonly<Record<string, unknown>>
export type JsonList = readonly Json[]

export interface Recording {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Json
}

/** The first request of a recorded session; its credentials and what belongs to the connection are left out. */
export const recording = (name: string): Recording => {
  const meta: { url: string; headers: Record<string, string> } = JSON.parse(
    readFileSync(join(recordings, `${name}.meta.json`), 'utf8'),
  )
  const body: Json = JSON.parse(readFileSync(join(recordings, `${name}.json`), 'utf8'))
  const left = /^(authorization|x-api-key|host|content-length|connection|accept-encoding)$/i
  const headers = Object.fromEntries(Object.entries(meta.headers).filter(([header]) => !left.test(header)))
  return { path: meta.url, headers: { ...headers, authorization: `Bearer ${testKey}` }, body }
}

/** Tools of the agent that a script calls, with what they are given. */
export type Calls = (turn: number) => ScriptedAnswer['calls']

/** A mixture: with and without thoughts, text, one call, two at once, none. */
export const answerOf = (turn: number, calls: Calls): ScriptedAnswer => {
  const called = turn % 7 === 6 ? [] : turn % 11 === 4 ? [...calls(turn), ...calls(turn + 1000)] : calls(turn)
  return {
    id: `t${turn}`,
    ...(turn % 3 === 0 ? {} : { thought: `Step ${turn} is next, so “do” it.\nThen look.` }),
    text: turn % 5 === 2 && called.length > 0 ? '' : `Running step ${turn}: "größe" \\ 🐎.`,
    calls: called,
  }
}

/** Where an agent sends its requests. */
export type Ask = (first: Recording, body: Json) => Promise<JsonList>

/** Asks a gateway or a provider, and gives what came as events. */
export const askAt =
  (url: string, key = testKey): Ask =>
  async ({ path, headers }, body) => {
    const reply = await fetch(url + path, {
      method: 'POST',
      headers: { ...headers, authorization: `Bearer ${key}` },
      body: JSON.stringify(body),
    })
    const text = await reply.text()
    if (reply.status !== 200) throw new Error(`${reply.status} ${text.slice(0, 1000)}`)
    return text
      .split('\n')
      .filter((line) => line.startsWith('data: '))
      .map((line): Json => JSON.parse(line.slice(6)))
  }

/** Claude Code's side of a conversation (its own quirks as recorded). */
export const claudeCode = (name: string, model: string, ask: Ask) => {
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
export const codex = (name: string, model: string, ask: Ask) => {
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

export const bash: Calls = (turn) => [
  {
    name: 'Bash',
    input: `{"command":"echo step${turn} >> out.txt && printf 'wrote-%d\\\\n' ${turn}","description":"Write “it”"}`,
  },
]
