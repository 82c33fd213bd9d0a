/** A client of Responses lets its conversation be compacted, whoever answers, and goes on with what it was given. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import type { GenerateRequest, Turn } from '../../src/ir/index.ts'
import { holdsSealedState } from '../../src/sessions/index.ts'
import { ledgerEntries, startGateway, type TestGateway, testKey } from '../support/gateway.ts'
import { type SayingUpstream, startSaying } from '../support/saying-upstream.ts'
import { startSidecars } from '../support/sidecar-server.ts'

type Item = OpenAI.Responses.ResponseInputItem

const foreign = {
  'openai-chat': 'gpt-4o',
  'anthropic-messages': 'claude-sonnet-4-5',
  gemini: 'gemini-2.5-pro',
}
const summary = 'The user wants `echo hi`. Done: step 1 of 2, in /srv/app. Left: step 2.'

let upstream: SayingUpstream
let gateway: TestGateway
let client: OpenAI
let asked: GenerateRequest | undefined

beforeAll(async () => {
  upstream = startSaying()
  const { url } = upstream
  gateway = await startGateway({
    config: [
      'providers:',
      `  chat: { kind: openai-compatible, protocols: [openai-chat], base_url: "${url}/chat/v1", api_key: k, models: [gpt-4o] }`,
      `  responses: { kind: openai-compatible, protocols: [openai-responses], base_url: "${url}/responses/v1", api_key: k, models: [gpt-4.1] }`,
      `  anthropic-like: { kind: anthropic-compatible, base_url: "${url}/anthropic-like", api_key: k, models: [claude-sonnet-4-5] }`,
      `  google-like: { kind: gemini-compatible, base_url: "${url}/google-like", api_key: k, models: [gemini-2.5-pro] }`,
      'firewall: { input: redact }',
      'cache: { exact: on }',
    ],
  })
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: testKey, maxRetries: 0 })
})

beforeEach(() => {
  says(summary)
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
})

const says = (text: string): void => {
  upstream.say = (request) => {
    asked = request
    return { parts: [{ type: 'text', text }] }
  }
}

const history: readonly Item[] = [
  { role: 'developer', content: 'You are careful.' },
  { role: 'user', content: 'run echo hi, twice' },
  { type: 'function_call', call_id: 'call_1', name: 'run', arguments: '{"cmd":"echo hi"}' },
  { type: 'function_call_output', call_id: 'call_1', output: 'hi' },
]
const trigger: Item = { type: 'compaction_trigger' }

const ask = (model: string, input: readonly Item[]): OpenAI.Responses.ResponseCreateParamsNonStreaming => ({
  model,
  input: [...input],
  store: false,
  tools: [
    {
      type: 'function',
      name: 'run',
      strict: false,
      parameters: { type: 'object', properties: { cmd: { type: 'string' } }, required: ['cmd'] },
    },
  ],
  tool_choice: 'auto',
})

/** Turns of one role may be one turn upstream. */
const texts = (turns: readonly Turn[] = []): readonly string[] =>
  turns.flatMap(({ parts }) => parts.map((part) => (part.type === 'text' ? part.text : `<${part.type}>`)))

const failure = async (model: string): Promise<unknown> =>
  client.responses.create(ask(model, [...history, trigger])).catch((error: unknown) => error)

const compacted = async (model: string): Promise<OpenAI.Responses.ResponseCompactionItem> => {
  const { output, status } = await client.responses.create(ask(model, [...history, trigger]))
  expect(status).toBe('completed')
  const [item, ...more] = output
  expect(more).toEqual([])
  if (item?.type !== 'compaction') throw new Error(`no compaction but ${item?.type}`)
  return item
}

describe.each(Object.entries(foreign))('with a model that speaks %s', (protocol, model) => {
  test('the model is asked for a summary, and its words come back as one compaction', async () => {
    const item = await compacted(model)
    expect(item.id).toStartWith('cmp_')
    expect(asked?.protocol).toBe(protocol as GenerateRequest['protocol'])
    expect(texts(asked?.turns).at(-1)).toStartWith('Summarize this conversation')
    expect(asked?.tools).toHaveLength(1)
  })

  test('a stream brings the same', async () => {
    const stream = client.responses.stream({ ...ask(model, [...history, trigger]), stream: true })
    const done: string[] = []
    for await (const event of stream) {
      if (event.type === 'response.output_item.done') done.push(event.item.type)
    }
    const { output } = await stream.finalResponse()
    expect(done).toEqual(['compaction'])
    expect(output.map(({ type }) => type)).toEqual(['compaction'])
  })

  test('the client goes on with it at every model, in the place of the history', async () => {
    const item = await compacted(model)
    for (const other of [...Object.values(foreign), 'gpt-4.1']) {
      says('goes on')
      await client.responses.create(
        ask(other, [...history.slice(0, 2), item, { role: 'user', content: `and ${model}?` }]),
      )
      const turns = asked?.turns.filter(({ role }) => role !== 'system') ?? []
      expect(turns.every(({ role }) => role === 'user')).toBe(true)
      expect(texts(turns)).toEqual([
        'run echo hi, twice',
        `Summary of the conversation up to here, written when it had become too long:\n\n${summary}`,
        `and ${model}?`,
      ])
      expect(holdsSealedState(upstream.seen.at(-1)?.body ?? new Uint8Array())).toBe(false)
    }
  })

  test('the client is told that the summary is in words', async () => {
    const { response } = await client.responses.create(ask(model, [...history, trigger])).withResponse()
    expect(response.headers.get('x-tollgate-warnings')).toContain('compaction')
  })

  test('an answer without a whole summary is an error, as the conversation would be lost', async () => {
    says('')
    expect(String(await failure(model))).toContain('502 the provider wrote no whole summary')
    upstream.say = () => ({ parts: [{ type: 'text', text: 'The user' }], finish: { reason: 'length' } })
    expect(String(await failure(model))).toContain('no whole summary of the conversation (length)')
  })

  test('what the firewall replaced comes back after the compaction as well, and goes to no provider', async () => {
    const address = 'jane.doe@initech.dev'
    let placeholder = ''
    upstream.say = (request) => {
      placeholder = /\[EMAIL_\w+\]/.exec(texts(request.turns).join(' '))?.[0] ?? ''
      return { parts: [{ type: 'text', text: `Write to ${placeholder}.` }] }
    }
    const input: readonly Item[] = [{ role: 'user', content: `my address is ${address}` }, trigger]
    const { output } = await client.responses.create(ask(model, input))
    expect(placeholder).not.toBe('')
    upstream.say = (request) => {
      asked = request
      return { parts: [{ type: 'text', text: `done: ${placeholder}` }] }
    }
    const next = await client.responses.create(ask(model, [...(output as Item[])]))
    expect(texts(asked?.turns).join(' ')).toContain(`Write to ${placeholder}.`)
    expect(new TextDecoder().decode(upstream.seen.at(-1)?.body)).not.toContain(address)
    expect(next.output_text).toBe(`done: ${address}`)
  })

  test('no compaction is answered from the cache', async () => {
    const calls = upstream.seen.length
    await compacted(model)
    await compacted(model)
    expect(upstream.seen.length).toBe(calls + 2)
  })

  test('a stream without a whole summary is an error in the ledger as well, with what it has cost', async () => {
    const usage = { inputTokens: 300, outputTokens: 400 }
    upstream.say = () => ({
      parts: [{ type: 'text', text: 'The user' }],
      finish: { reason: 'length' },
      usage,
    })
    const stream = client.responses.stream({ ...ask(model, [...history, trigger]), stream: true })
    const end = await stream.finalResponse().catch((error: unknown) => error)
    expect(JSON.stringify(end) + String(end)).toContain('no whole summary')
    const [entry] = await ledgerEntries(gateway)
    expect(entry).toMatchObject({ outcome: 'upstream_error', usage, usageSource: 'reported' })
  })

  test('a summary that was changed is refused, as the conversation would be lost', async () => {
    const item = await compacted(model)
    const changed = Buffer.from(item.encrypted_content, 'base64')
    changed[changed.length - 20] = (changed.at(-20) ?? 0) ^ 1
    const calls = upstream.seen.length
    const input = [...history.slice(0, 2), { ...item, encrypted_content: changed.toString('base64') }]
    const error = await client.responses.create(ask(model, input)).catch((refusal: unknown) => refusal)
    expect(String(error)).toContain('400 the compaction in this request')
    expect(upstream.seen.length).toBe(calls)
  })

  test('a conversation that the gateway keeps goes on from the summary alone', async () => {
    const first = await client.responses.create({ ...ask(model, [...history, trigger]), store: true })
    says('goes on')
    await client.responses.create({
      ...ask(model, [{ role: 'user', content: 'and then?' }]),
      store: true,
      previous_response_id: first.id,
    })
    const said = texts(asked?.turns)
    expect(said.join(' ')).toContain('You are careful.')
    expect(said.slice(-2)).toEqual([expect.stringContaining(summary), 'and then?'])
    expect(said.join(' ')).not.toContain('run echo hi, twice')
  })
})

test('a provider that speaks Responses compacts by itself', async () => {
  await client.responses.create(ask('gpt-4.1', [...history, trigger]))
  expect(new TextDecoder().decode(upstream.seen.at(-1)?.body)).toContain('"compaction_trigger"')
})

test('where a sidecar has to look at answers, no summary is hidden from it', async () => {
  const sidecars = startSidecars()
  const guarded = await startGateway({
    config: [
      'providers:',
      `  chat: { kind: openai-compatible, protocols: [openai-chat], base_url: "${upstream.url}/chat/v1", api_key: k, models: [gpt-4o] }`,
      'firewall:',
      `  sidecars: [{ id: judge, kind: filter, url: '${sidecars.url}', timeout: 1s }]`,
      '  detectors: { judge: { output: enforce } }',
    ],
  })
  try {
    const calls = upstream.seen.length
    const other = new OpenAI({ baseURL: `${guarded.url}/v1`, apiKey: testKey, maxRetries: 0 })
    const asking = other.responses.create(ask('gpt-4o', [...history, trigger]))
    const refusal = await asking.catch((error: unknown) => error)
    expect(String(refusal)).toContain('400 this provider can only write a summary')
    expect(upstream.seen.length).toBe(calls)
  } finally {
    await guarded.stop()
    await sidecars.stop()
  }
})
