/** The keeper of prompt caches in a real gateway, before providers that keep prompts as the real ones do. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { formatUsd, type ProtocolId, type Turn } from '../../src/ir/index.ts'
import { type CachingProvider, startCachingProvider } from '../support/caching-provider.ts'
import { oneCall, startGateway, type TestGateway, testKey, waitFor } from '../support/gateway.ts'
import { askAs } from '../support/mirror-client.ts'
import { runTgw } from '../support/run-tgw.ts'
import { type TranslationCase, translationCases } from './translation-cases.ts'

setDefaultTimeout(60_000)

let provider: CachingProvider
let gateway: TestGateway

const config = (url: string): readonly string[] => [
  ...oneCall,
  'providers:',
  `  messages: { kind: anthropic-compatible, base_url: "${url}", api_key: sk-up }`,
  `  bare: { kind: anthropic-compatible, base_url: "${url}", api_key: sk-up, prompt_cache: off }`,
  `  chat: { kind: openai-compatible, protocols: [openai-chat], base_url: "${url}/v1", api_key: sk-up }`,
  `  many: { kind: anthropic-compatible, base_url: "${url}", api_keys: [sk-a, sk-b, sk-c] }`,
  'routes:',
  '  - { match: marked, prompt_cache: auto, targets: [{ provider: messages, model: claude-sonnet-4-5 }] }',
  '  - { match: hers, prompt_cache: client, targets: [{ provider: messages, model: claude-sonnet-4-5 }] }',
  '  - match: target',
  '    prompt_cache: client',
  '    targets: [{ provider: messages, model: claude-sonnet-4-5, prompt_cache: auto }]',
  'prices:',
  '  - match: "*"',
  '    input_per_mtok: "3"',
  '    output_per_mtok: "15"',
  '    cache_read_per_mtok: "0.3"',
  '    cache_write_per_mtok: "3.75"',
  '    cache_write_long_per_mtok: "6"',
  'firewall:',
  '  input: redact',
  '  output: off',
  "  custom: [{ id: employees, type: EMPLOYEE, pattern: 'EMP-[0-9]{6}' }]",
]

beforeAll(async () => {
  provider = startCachingProvider()
  gateway = await startGateway({ config: config(provider.url) })
})
afterAll(async () => {
  await gateway.stop()
  await provider.stop()
})
beforeEach(() => provider.reset())

const long = 'The quick brown fox of EMP-417233 jumps over the lazy dog. '.repeat(100)

/** A conversation of an agent that has asked so often. */
const agentTurns = (asked: number, name: string): readonly Turn[] => [
  { role: 'system', parts: [{ type: 'text', text: `You serve ${name}. ${long}` }], placement: 'preamble' },
  ...Array.from({ length: asked }, (_, turn): readonly Turn[] => [
    turn === 0 || turn % 3 === 2
      ? {
          role: 'user',
          parts: [{ type: 'text', text: `Task ${turn} of EMP-417233 and ${name}: ${long.slice(0, 900)}` }],
        }
      : {
          role: 'user',
          parts: [
            {
              type: 'tool-result',
              callId: `call_${turn - 1}`,
              name: 'read_file',
              kind: 'function',
              content: [{ type: 'text', text: `line ${turn} of ${name}\nEMP-417233` }],
            },
          ],
        },
    ...(turn === asked - 1
      ? []
      : [
          {
            role: 'assistant' as const,
            parts: [
              { type: 'text' as const, text: `I see ${turn} of ${name}.` },
              ...(turn % 3 === 1
                ? []
                : [
                    {
                      type: 'tool-call' as const,
                      id: `call_${turn}`,
                      name: 'read_file',
                      kind: 'function' as const,
                      input: `{"path":"/x/${turn}"}`,
                    },
                  ]),
            ],
          },
        ]),
  ]).flat(),
]

const tools = ['read_file', 'write_file'].map((name) => ({
  type: 'function' as const,
  name,
  description: long.slice(0, 5_000),
  parameters: '{"type":"object","properties":{"path":{"type":"string"}}}',
}))

const ask = async (client: TranslationCase, model: string, asked: number, stream = true): Promise<void> => {
  const request = { model, stream, turns: agentTurns(asked, client.protocol), tools, maxOutputTokens: 4096 }
  const { response, bytes } = await askAs(gateway, client, request)
  if (response.status !== 200) throw new Error(`${response.status} ${new TextDecoder().decode(bytes)}`)
}

interface Savings {
  readonly total: Readonly<Record<string, string | number>>
  readonly rows: readonly Readonly<Record<string, string | number | null>>[]
  readonly breaks: readonly Readonly<Record<string, string | number | null>>[]
}
const savings = async (query = ''): Promise<Savings> => (await gateway.admin(`/savings${query}`)) as Savings

const caseOf = (protocol: ProtocolId): TranslationCase => {
  const found = translationCases.find((one) => one.protocol === protocol)
  if (found === undefined) throw new Error(`no case of ${protocol}`)
  return found
}
const others = translationCases.filter(({ protocol }) => protocol !== 'anthropic-messages')

describe('a client of another protocol', () => {
  for (const client of others) {
    test(`${client.protocol}: gets marks, and reads from turn to turn what was kept`, async () => {
      const before = (await savings()).breaks.length
      for (let asked = 1; asked <= 8; asked++) {
        await ask(client, 'messages/claude-sonnet-4-5', asked, asked % 2 === 0)
      }
      expect(provider.told).toHaveLength(8)
      for (const [turn, { marks, read, input }] of provider.told.entries()) {
        expect(marks).toBeGreaterThan(1)
        expect(marks).toBeLessThanOrEqual(4)
        const earlier = provider.told[turn - 1]
        if (earlier !== undefined) expect(read).toBe(earlier.read + earlier.written)
        if (earlier !== undefined) expect(read).toBeGreaterThan(input * 0.9)
      }
      expect(provider.last()).not.toContain('EMP-417233')
      expect((await savings()).breaks).toHaveLength(before)
    })
  }

  test('gets none where the rule or the provider says so', async () => {
    await ask(caseOf('openai-chat'), 'hers', 3)
    expect(provider.told.at(-1)?.marks).toBe(0)
    await ask(caseOf('openai-chat'), 'bare/claude-sonnet-4-5', 3)
    expect(provider.told.at(-1)?.marks).toBe(0)
    await ask(caseOf('openai-chat'), 'target', 3)
    expect(provider.told.at(-1)?.marks).toBe(4)
  })

  test('that marks by itself is left alone', async () => {
    const mark = { cache_control: { type: 'ephemeral' } }
    const reply = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${testKey}` },
      body: JSON.stringify({
        model: 'messages/claude-sonnet-4-5',
        messages: [
          { role: 'system', content: [{ type: 'text', text: long.repeat(3), ...mark }] },
          { role: 'user', content: 'hi' },
          { role: 'assistant', content: 'hi' },
          { role: 'user', content: 'more' },
        ],
      }),
    })
    expect(reply.status).toBe(200)
    expect(provider.told.at(-1)?.marks).toBe(1)
  })
})

/** Sent as it is, to see what becomes of its bytes. */
const askRaw = async (body: object, headers: Readonly<Record<string, string>> = {}): Promise<Response> => {
  const reply = await fetch(`${gateway.url}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': testKey, 'anthropic-version': '2023-06-01', ...headers },
    body: JSON.stringify(body),
  })
  await reply.arrayBuffer()
  return reply
}

const native = (model: string, asked = 3, edit: object = {}) => ({
  model,
  max_tokens: 64,
  system: `You serve. ${long.replaceAll('EMP-417233', 'them')}`,
  messages: Array.from({ length: asked * 2 - 1 }, (_, turn) => ({
    role: turn % 2 === 0 ? 'user' : 'assistant',
    content: `turn ${turn}`,
  })),
  ...edit,
})

describe('a client of Anthropic’s protocol', () => {
  test('keeps its bytes unless marks are wanted', async () => {
    const body = native('messages/claude-sonnet-4-5')
    await askRaw(body)
    expect(provider.last()).toBe(JSON.stringify({ ...body, model: 'claude-sonnet-4-5' }))
  })

  test('gets marks as insertions into its own bytes where they are wanted', async () => {
    const body = native('marked')
    await askRaw(body)
    const { read, written, marks } = provider.told.at(-1) ?? {}
    expect({ read, marks }).toEqual({ read: 0, marks: 3 })
    await askRaw(native('marked', 4))
    expect(provider.told.at(-1)?.read).toBe(written ?? -1)
    const bare = provider
      .last()
      .replaceAll(',"cache_control":{"type":"ephemeral"}', '')
      .replace(/\[\{"type":"text","text":("(?:[^"\\]|\\.)*")\}\]/g, '$1')
    expect(bare).toBe(JSON.stringify({ ...native('claude-sonnet-4-5', 4) }))
  })

  test('that marks by itself is never given more, and loses its marks only where they are off', async () => {
    const mark = { cache_control: { type: 'ephemeral', ttl: '1h' } }
    const system = [{ type: 'text', text: long.replaceAll('EMP-417233', 'us'), ...mark }]
    const body = native('marked', 3, { system })
    await askRaw(body)
    expect(provider.last()).toBe(JSON.stringify({ ...body, model: 'claude-sonnet-4-5' }))
    expect(provider.told.at(-1)?.writtenLong).toBeGreaterThan(1_000)
    await askRaw({ ...body, model: 'bare/claude-sonnet-4-5' })
    expect(provider.told.at(-1)).toMatchObject({ marks: 0, writtenLong: 0 })
    expect(JSON.parse(provider.last()).system).toEqual([{ type: 'text', text: system[0]?.text }])
  })
})

describe('the alarm', () => {
  test('names the byte that a client changed, and what that cost', async () => {
    const session = 'changes'
    const at = (turn: number) =>
      native('marked', turn, {
        system: `It is ${10 + turn} o'clock. ${long.replaceAll('EMP-417233', 'you')}`,
      })
    for (let turn = 1; turn <= 4; turn++) await askRaw(at(turn), { 'x-tollgate-session': session })
    const { breaks, rows } = await savings(`?by=session&session=${session}`)
    expect(breaks).toHaveLength(3)
    const [last] = breaks
    expect(last).toMatchObject({ session, provider: 'messages', cause: 'client', path: 'system[0].text' })
    expect(last?.['readTokens']).toBe(0)
    const sent = Buffer.from(provider.last())
    const offset = Number(last?.['offset'])
    expect(sent.subarray(offset - 7, offset + 9).toString()).toBe("It is 14 o'clock")
    const missed = breaks.reduce((sum, one) => sum + Number(one['expectedTokens']) * 2.7e-6, 0)
    expect(Number(rows[0]?.['missedUsd'])).toBeCloseTo(missed, 9)
    expect(rows[0]).toMatchObject({ group: session, breaks: 3, requests: 4 })
    const line = await waitFor(() =>
      gateway
        .log()
        .split('\n')
        .find((one) => one.includes('prompt cache') && one.includes(session)),
    )
    expect(line).toContain('system[0].text')
    expect(line).not.toContain("o'clock")
    const metrics = await (
      await fetch(`${gateway.url}/metrics`, { headers: { authorization: `Bearer ${gateway.adminToken}` } })
    ).text()
    expect(metrics).toMatch(/tollgate_prompt_cache_breaks_total\{provider="messages",cause="client"\} [3-9]/)
  })

  test('tells the gateway’s own rewriting from a client’s, in every protocol', async () => {
    const made = (await gateway.admin('/keys', {
      method: 'POST',
      body: JSON.stringify({ name: 'fickle', options: { firewall: 'redact' } }),
    })) as { secret: string; id: string }
    for (const client of translationCases) {
      provider.reset()
      for (let asked = 1; asked <= 4; asked++) {
        const mode = asked % 2 === 0 ? 'off' : 'redact'
        await gateway.admin(`/keys/${made.id}`, {
          method: 'PATCH',
          body: JSON.stringify({ options: { firewall: mode } }),
        })
        const model = client.protocol === 'anthropic-messages' ? 'marked' : 'messages/claude-sonnet-4-5'
        const request = {
          model,
          stream: true,
          turns: agentTurns(asked, `fickle ${client.protocol}`),
          tools,
          maxOutputTokens: 4096,
        }
        const { response } = await askAs(gateway, client, request, made.secret)
        expect(response.status).toBe(200)
      }
      const { breaks } = await savings(`?key=${made.id}&clientProtocol=${client.protocol}`)
      expect(breaks.length).toBeGreaterThanOrEqual(2)
      for (const one of breaks) {
        expect(one).toMatchObject({ cause: 'gateway', path: 'tools[0].description' })
      }
      const offset = Number(breaks[0]?.['offset'])
      const sent = Buffer.from(provider.last())
      expect(sent.subarray(offset, offset + 10).toString()).toBe('EMP-417233')
    }
  })

  test('is silent after a pause that no prompt outlives, and at another target', async () => {
    const headers = { 'x-tollgate-session': 'quiet' }
    await askRaw(native('marked', 1), headers)
    await askRaw({ ...native('marked', 2), model: 'many/claude-opus-4-1' }, headers)
    await askRaw(native('marked', 3), headers)
    expect((await savings('?session=quiet')).breaks).toEqual([])
  })

  test('is off where nobody wants it', async () => {
    const quiet = await startGateway({ config: [...config(provider.url), 'prompt_cache: { alarm: off }'] })
    try {
      for (const system of ['a', 'b']) {
        await fetch(`${quiet.url}/v1/messages`, {
          method: 'POST',
          headers: { 'x-api-key': testKey, 'x-tollgate-session': 's' },
          body: JSON.stringify(native('marked', 2, { system: system + long })),
        })
      }
      const report = (await quiet.admin('/savings')) as Savings
      expect(report.breaks).toEqual([])
      expect(report.total['requests']).toBe(2)
    } finally {
      await quiet.stop()
    }
  })
})

describe('what was saved', () => {
  test('is exact, by key, agent and session, over the API and the command line', async () => {
    const headers = { 'x-tollgate-session': 'money', 'user-agent': 'penny/1.0' }
    for (let turn = 1; turn <= 3; turn++) await askRaw(native('marked', turn + 1), headers)
    const read = provider.told.reduce((sum, one) => sum + one.read, 0)
    const written = provider.told.reduce((sum, one) => sum + one.written, 0)
    expect(read).toBeGreaterThan(2_000)
    const usd = (tokens: number, nanoUsd: number): string => formatUsd(BigInt(tokens * nanoUsd))
    for (const [by, group] of [
      ['session', 'money'],
      ['agent', 'penny/1.0'],
    ]) {
      const { rows } = await savings(`?by=${by}`)
      expect(rows.find((row) => row['group'] === group)).toMatchObject({
        requests: 3,
        cacheReadTokens: read,
        cacheWriteTokens: written,
        savedUsd: usd(read, 2_700),
        lostUsd: usd(written, 750),
        netUsd: usd(1, read * 2_700 - written * 750),
        breaks: 0,
      })
    }
    const byKey = await savings('?by=key')
    const sum = byKey.rows.reduce((total, row) => total + Number(row['savedUsd']), 0)
    expect(sum).toBeCloseTo(Number(byKey.total['savedUsd']), 9)
    const ran = await runTgw(gateway, 'savings', '--by', 'session')
    expect(ran.out).toContain('money')
    expect(ran.out).toContain(usd(read, 2_700))
    const json = await runTgw(gateway, 'savings', '--by', 'agent', '--json')
    expect(JSON.parse(json.out).rows.map((row: { group: string }) => row.group)).toContain('penny/1.0')
    expect((await runTgw(gateway, 'savings', '--by', 'sessoin')).error).toContain('session')
  })

  test('says of how many requests nobody knows the price', async () => {
    const lines = config(provider.url).map((line) => line.replace('match: "*"', 'match: "claude-*"'))
    const other = await startGateway({ config: lines })
    try {
      const askFor = (model: string) =>
        fetch(`${other.url}/v1/messages`, {
          method: 'POST',
          headers: { 'x-api-key': testKey },
          body: JSON.stringify({ ...native('marked', 2), model }),
        }).then((response) => response.text())
      await askFor('messages/claude-sonnet-4-5')
      const told = async (): Promise<string> => (await runTgw(other, 'savings')).out
      expect((await other.admin('/savings')) as Savings).toMatchObject({
        total: { requests: 1, unpriced: 0 },
      })
      expect(await told()).not.toContain('unknown price')
      await askFor('messages/nobodys-model')
      const report = (await other.admin('/savings?by=model')) as Savings
      expect(report.total).toMatchObject({ requests: 2, unpriced: 1 })
      expect(report.rows.map(({ unpriced }) => unpriced).sort()).toEqual([0, 1])
      expect(await told()).toContain('without 1 request of unknown price')
    } finally {
      await other.stop()
    }
  })
})

describe('a conversation without a name', () => {
  test('stays with the credential that holds its prompt', async () => {
    const used = (): (string | undefined)[] =>
      provider.upstream.seen.map(({ headers }) => headers['x-api-key'])
    const talk = async (who: string): Promise<void> => {
      for (let turn = 1; turn <= 4; turn++) {
        await askRaw(native('many/claude-sonnet-4-5', turn, { system: who + long }))
      }
    }
    await talk('one')
    expect(new Set(used()).size).toBe(1)
    const firsts = [used()[0]]
    for (const who of ['two', 'three']) {
      provider.reset()
      await talk(who)
      expect(new Set(used()).size).toBe(1)
      firsts.push(used()[0])
    }
    // What only begins goes on in turn.
    expect(new Set(firsts).size).toBe(3)
  })
})

describe('official SDKs', () => {
  test('see what was read and written', async () => {
    const openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: testKey })
    const messages: OpenAI.ChatCompletionMessageParam[] = [
      { role: 'system', content: `SDK. ${long}` },
      { role: 'user', content: 'one' },
      { role: 'assistant', content: 'two' },
      { role: 'user', content: 'three' },
    ]
    await openai.chat.completions.create({ model: 'messages/claude-sonnet-4-5', messages })
    messages.push({ role: 'assistant', content: 'four' }, { role: 'user', content: 'five' })
    const second = await openai.chat.completions.create({ model: 'messages/claude-sonnet-4-5', messages })
    expect(second.usage?.prompt_tokens_details?.cached_tokens).toBeGreaterThan(1_000)

    const anthropic = new Anthropic({ baseURL: gateway.url, apiKey: testKey })
    const said = native('marked', 2, {
      system: `Another SDK. ${long}`,
    }) as Anthropic.MessageCreateParamsNonStreaming
    const first = await anthropic.messages.create(said)
    expect(first.usage.cache_creation_input_tokens).toBeGreaterThan(1_000)
    const again = await anthropic.messages.create(said)
    expect(again.usage.cache_read_input_tokens).toBe(first.usage.cache_creation_input_tokens)
  })
})
