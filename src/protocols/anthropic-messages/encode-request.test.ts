import { describe, expect, test } from 'bun:test'
import type { Capabilities, GenerateRequest, Part, Turn } from '../../ir/index.ts'
import { encodeRequest } from './encode-request.ts'

const media = { images: true, imageUrls: true, pdf: true, audio: false, video: false }

const capabilities: Capabilities = {
  minOutputTokens: 1,
  chatLimitField: 'max_tokens',
  sampling: 'free',
  reasoning: { control: 'adaptive', efforts: ['low', 'high'], canDisable: true, readable: true },
  prefill: true,
  midSystem: false,
  forcedToolWithReasoning: false,
  strictTools: true,
  jsonSchema: true,
  jsonSchemaWithTools: true,
  serverTools: [],
  serverToolsWithFunctions: true,
  customTools: false,
  input: media,
  toolResults: media,
  callIds: true,
  signaturesEnforced: false,
  reasoningTextInHistory: false,
  developerRole: false,
  stopSequences: 8,
  candidates: 1,
  logprobs: false,
  seed: false,
  penalties: false,
  cache: 'marks',
  cacheKey: false,
  verbosity: false,
}

const foreign = (members: Partial<GenerateRequest>): GenerateRequest => ({
  protocol: 'openai-responses',
  model: 'gpt',
  stream: false,
  turns: [],
  tools: [],
  sampling: {},
  ...members,
})

const encoded = (members: Partial<GenerateRequest>, capable: Partial<Capabilities> = {}) =>
  encodeRequest(foreign(members), {
    model: 'claude-x',
    stream: true,
    maxOutputTokens: 64_000,
    capabilities: { ...capabilities, ...capable },
  })

const encode = (members: Partial<GenerateRequest>, capable?: Partial<Capabilities>) => {
  const { body, warnings } = encoded(members, capable)
  return { body: JSON.parse(body), warnings: warnings.map(({ feature }) => feature) }
}

const user = (...parts: readonly Part[]): Turn => ({ role: 'user', parts })
const assistant = (...parts: readonly Part[]): Turn => ({ role: 'assistant', parts })
const text = (words: string): Part => ({ type: 'text', text: words })
const call = (id: string | undefined, name: string, input: string): Part => ({
  type: 'tool-call',
  ...(id === undefined ? {} : { id }),
  name,
  kind: 'function',
  input,
})
const result = (callId: string | undefined, words: string, name?: string): Part => ({
  type: 'tool-result',
  ...(callId === undefined ? {} : { callId }),
  ...(name === undefined ? {} : { name }),
  kind: 'function',
  content: [text(words)],
  form: 'string',
})

describe('a history of another protocol', () => {
  const system = (words: string): Turn => ({
    role: 'system',
    parts: [text(words)],
    placement: 'inline',
    form: 'string',
  })
  const reminder = (words: string) => ({
    type: 'text',
    text: `<system-reminder>\n${words}\n</system-reminder>`,
  })
  const said = (body: { messages: { role: string; content: unknown }[] }) =>
    body.messages.map(({ role, content }) => [role, content])

  test('leading system turns become the system field, later ones stay in their place', () => {
    const turns: Turn[] = [
      { role: 'system', parts: [text('A')], placement: 'preamble', form: 'string' },
      system('B'),
      user(text('U')),
      system('C'),
      assistant(text('X')),
      system('D'),
      user(text('V')),
      system('E'),
    ]
    const plain = encode({ turns }).body
    expect(plain.system).toEqual([
      { type: 'text', text: 'A' },
      { type: 'text', text: 'B' },
    ])
    expect(said(plain)).toEqual([
      ['user', [{ type: 'text', text: 'U' }, reminder('C')]],
      ['assistant', [{ type: 'text', text: 'X' }]],
      ['user', [reminder('D'), { type: 'text', text: 'V' }, reminder('E')]],
    ])
    expect(said(encode({ turns }, { midSystem: true }).body)).toEqual([
      ['user', [{ type: 'text', text: 'U' }]],
      ['system', 'C'],
      ['assistant', [{ type: 'text', text: 'X' }]],
      ['user', [reminder('D'), { type: 'text', text: 'V' }]],
      ['system', 'E'],
    ])
  })

  test('an effort that changes on the way goes where the model takes it', () => {
    const turns: Turn[] = [
      user(text('U')),
      assistant(text('X')),
      { role: 'system', parts: [], placement: 'inline', reasoning: { effort: 'low' } },
      user(text('V')),
    ]
    const here = encoded({ turns, reasoning: { effort: 'high' } }, { midSystem: true })
    expect(JSON.parse(here.body).messages.at(-1)).toEqual({
      role: 'system',
      output_config: { effort: 'low' },
    })
    expect(JSON.parse(here.body).output_config).toEqual({ effort: 'high' })
    expect(here.headers['anthropic-beta']).toBe('mid-conversation-output-config-2026-07-01')
    const whole = encoded({ turns, reasoning: { effort: 'high' } })
    expect(JSON.parse(whole.body).output_config).toEqual({ effort: 'low' })
    expect(JSON.parse(whole.body).messages.length).toBe(3)
    expect(whole.headers['anthropic-beta']).toBeUndefined()
  })

  test('of system text alone the last says what is asked; system text holds no images', () => {
    const { body } = encode({ turns: [system('A'), system('B')] })
    expect([body.system, said(body)]).toEqual(['A', [['user', [reminder('B')]]]])
    const image: Part = {
      type: 'image',
      source: { type: 'url', url: 'https://a' },
      at: 'input[0].content[1]',
    }
    const turns: Turn[] = [{ role: 'system', parts: [text('A'), image] }, user(text('U'))]
    expect(() => encode({ turns })).toThrow(
      expect.objectContaining({ code: 'gateway_translation_unsupported', param: 'input[0].content[1]' }),
    )
  })

  test('neighbours of one role are one message, results first', () => {
    const { body } = encode({
      turns: [
        user(text('U')),
        assistant(text('A')),
        assistant(call('c1', 'f', '{"a":1.0}')),
        assistant(call('c2', 'g', '')),
        user(text('look')),
        user(result('c1', 'R1')),
        user(result('c2', 'R2')),
      ],
    })
    expect(body.messages.map(({ role }: { role: string }) => role)).toEqual(['user', 'assistant', 'user'])
    expect(body.messages[1].content.map(({ type }: { type: string }) => type)).toEqual([
      'text',
      'tool_use',
      'tool_use',
    ])
    expect(body.messages[1].content[2].input).toEqual({})
    expect(body.messages[2].content).toEqual([
      { type: 'tool_result', tool_use_id: 'c1', content: 'R1' },
      { type: 'tool_result', tool_use_id: 'c2', content: 'R2' },
      { type: 'text', text: 'look' },
    ])
  })

  test('calls without an id get one, the same each time, and their results find it by name and order', () => {
    const turns = [
      assistant(call(undefined, 'f', '{}'), call(undefined, 'g', '{}'), call(undefined, 'f', '{"x":1}')),
      user(result(undefined, 'G', 'g'), result(undefined, 'F1', 'f'), result(undefined, 'F2', 'f')),
    ]
    const { body } = encode({ turns })
    const ids = body.messages[0].content.map(({ id }: { id: string }) => id)
    expect(new Set(ids).size).toBe(3)
    expect(ids.every((id: string) => /^toolu_[A-Za-z0-9]{24}$/.test(id))).toBe(true)
    // In the order of the calls.
    expect(
      body.messages[1].content.map((part: { tool_use_id: string; content: string }) => [
        part.tool_use_id,
        part.content,
      ]),
    ).toEqual([
      [ids[0], 'F1'],
      [ids[1], 'G'],
      [ids[2], 'F2'],
    ])
    expect(encode({ turns }).body).toEqual(body)
  })

  test('ids that the API refuses are replaced alike in call and result', () => {
    const { body } = encode({ turns: [assistant(call('a b/c', 'f', '{}')), user(result('a b/c', 'R'))] })
    const { id } = body.messages[0].content[0]
    expect(id).toMatch(/^toolu_/)
    expect(body.messages[1].content[0].tool_use_id).toBe(id)
  })

  test('foreign thoughts, empty texts and trailing space are not sent', () => {
    const thought: Part = {
      type: 'reasoning',
      pieces: [{ kind: 'summary', text: 'hm' }],
      state: { protocol: 'openai-responses', kind: 'encrypted', value: 'x' },
    }
    const { body, warnings } = encode({
      turns: [user(text('')), assistant(thought, text('')), user(text('U')), assistant(text('A \n'))],
    })
    expect(body.messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: '(empty)' },
          { type: 'text', text: 'U' },
        ],
      },
      { role: 'assistant', content: [{ type: 'text', text: 'A' }] },
    ])
    expect(warnings).toEqual(['reasoning', 'empty message'])
    const empty = encode({ turns: [user(text('U')), assistant(text('A')), user(text(' '), text(''))] })
    expect(empty.body.messages.at(-1)).toEqual({ role: 'user', content: [{ type: 'text', text: '(empty)' }] })
    expect(empty.warnings).toEqual(['empty message'])
  })

  test('thoughts signed by Anthropic go back as they were', () => {
    const signed: Part = {
      type: 'reasoning',
      pieces: [{ kind: 'summary', text: 'hm' }],
      state: { protocol: 'anthropic-messages', kind: 'signature', value: 'sig' },
    }
    expect(encode({ turns: [assistant(signed, text('A'))] }).body.messages[0].content[0]).toEqual({
      type: 'thinking',
      thinking: 'hm',
      signature: 'sig',
    })
  })

  test('free text and broken arguments are wrapped', () => {
    const { body } = encode({
      turns: [
        assistant(
          { type: 'tool-call', id: 'c1', name: 'apply_patch', kind: 'custom', input: '*** "Begin"' },
          call('c2', 'f', '{"a":'),
          call('c3', 'f', '[1]'),
        ),
      ],
    })
    expect(body.messages[0].content.map(({ input }: { input: unknown }) => input)).toEqual([
      { input: '*** "Begin"' },
      { INVALID_JSON: '{"a":' },
      { INVALID_JSON: '[1]' },
    ])
  })

  test('documents are PDF or text; files of another provider are refused', () => {
    const document = (data: string, mediaType?: string): Part => ({
      type: 'document',
      source: { type: 'base64', data, ...(mediaType === undefined ? {} : { mediaType }) },
      title: 'D',
      at: 'input[0].content[0]',
    })
    const { body, warnings } = encode({
      turns: [user(document('JVBE'), document('R3LDvMOfZQ==', 'text/plain'), document('YSxi', 'text/csv'))],
    })
    expect(body.messages[0].content).toEqual([
      {
        type: 'document',
        source: { type: 'base64', media_type: 'application/pdf', data: 'JVBE' },
        title: 'D',
      },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Grüße' }, title: 'D' },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a,b' }, title: 'D' },
    ])
    expect(warnings).toEqual(['document type'])
    const file: Part = { type: 'image', source: { type: 'file', id: 'file_1' }, at: 'input[0].content[0]' }
    for (const refused of [document('UEsD', 'application/zip'), file]) {
      expect(() => encode({ turns: [user(refused)] })).toThrow(
        expect.objectContaining({ code: 'gateway_translation_unsupported', param: 'input[0].content[0]' }),
      )
    }
  })

  test('media without a type get one from their first bytes; audio is refused', () => {
    const image = (data: string): Part => ({ type: 'image', source: { type: 'base64', data } })
    const { body } = encode({ turns: [user(image('/9j/4AAQ'), image('R0lGODlh'), image('iVBORw0K'))] })
    expect(
      body.messages[0].content.map((part: { source: { media_type: string } }) => part.source.media_type),
    ).toEqual(['image/jpeg', 'image/gif', 'image/png'])
    const audio: Part = { type: 'audio', source: { type: 'base64', data: 'x', mediaType: 'audio/wav' } }
    expect(() => encode({ turns: [user(audio)] })).toThrow(
      expect.objectContaining({ code: 'gateway_translation_unsupported', param: 'turns[0].parts[0]' }),
    )
  })
})

describe('settings of another protocol', () => {
  test('a limit is required: the client’s, else the model’s', () => {
    expect(encode({}).body.max_tokens).toBe(64_000)
    expect(encode({ maxOutputTokens: 0 }).body.max_tokens).toBe(0)
  })

  test('efforts and budgets', () => {
    const thinking = (reasoning: NonNullable<GenerateRequest['reasoning']>) => {
      const { body } = encode({ reasoning })
      return [body.thinking, body.output_config?.effort]
    }
    expect(thinking({ effort: 'none' })).toEqual([{ type: 'disabled' }, undefined])
    expect(thinking({ effort: 'minimal' })).toEqual([{ type: 'adaptive' }, 'low'])
    expect(thinking({ effort: 'xhigh', display: 'auto' })).toEqual([
      { type: 'adaptive', display: 'summarized' },
      'xhigh',
    ])
    expect(thinking({ budgetTokens: 200 })).toEqual([{ type: 'enabled', budget_tokens: 1024 }, undefined])
    expect(thinking({ budgetTokens: -1 })).toEqual([{ type: 'adaptive' }, undefined])
    expect(thinking({ budgetTokens: 0 })).toEqual([{ type: 'disabled' }, undefined])
  })

  test('a budget stays below the limit, and a forced tool turns thoughts off', () => {
    const thinking = (members: Partial<GenerateRequest>) => {
      const { body, warnings } = encode({ reasoning: { budgetTokens: 9000 }, ...members })
      return [body.thinking, warnings]
    }
    expect(thinking({ maxOutputTokens: 5000 })).toEqual([
      { type: 'enabled', budget_tokens: 4999 },
      ['reasoning budget'],
    ])
    expect(thinking({ maxOutputTokens: 1024 })).toEqual([{ type: 'disabled' }, ['reasoning']])
    const tools = [{ type: 'function', name: 'f' }] as const
    expect(thinking({ tools, toolChoice: { type: 'required' } })).toEqual([
      { type: 'disabled' },
      ['reasoning'],
    ])
  })

  test('sampling is not sent beside thoughts', () => {
    const { body, warnings } = encode({
      reasoning: { effort: 'high' },
      sampling: { temperature: 0.2, topP: 1, stop: ['END'] },
    })
    expect([body.temperature, body.top_p, body.stop_sequences]).toEqual([undefined, undefined, ['END']])
    expect(warnings).toEqual(['sampling'])
    expect(encode({ reasoning: { effort: 'high' }, sampling: { temperature: 1 } }).warnings).toEqual([])
  })

  test('tools: schemas, free text, namespaces, later ones, allowed ones', () => {
    const tool = (name: string) => ({ type: 'function', name, parameters: '{"type":"object"}' }) as const
    const { body, warnings } = encode({
      tools: [
        { type: 'function', name: 'f', strict: false },
        { type: 'custom', name: 'patch', description: 'D', format: '{"type":"text"}' },
        { type: 'namespace', name: 'ns', tools: [tool('g')] },
        {
          type: 'server',
          tool: 'web-search',
          wireType: 'web_search_20250305',
          config: '{"type":"web_search_20250305","name":"web_search"}',
        },
      ],
      turns: [
        user(text('U')),
        { role: 'system', parts: [], placement: 'inline', tools: [tool('h')] },
        user(text('V')),
      ],
      parallelToolCalls: false,
    })
    expect(body.tools).toEqual([
      { name: 'f', input_schema: { type: 'object', properties: {} } },
      {
        name: 'patch',
        description: 'D\n\n{"type":"text"}',
        input_schema: { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] },
      },
      { name: 'ns__g', input_schema: { type: 'object' } },
      { type: 'web_search_20250305', name: 'web_search' },
      { name: 'h', input_schema: { type: 'object' } },
    ])
    expect(body.tool_choice).toEqual({ type: 'auto', disable_parallel_tool_use: true })
    expect(warnings).toEqual(['tools added later', 'free-text tool'])
    expect(() =>
      encode({
        tools: [{ type: 'server', tool: 'web-search', wireType: 'web_search', config: '{}', at: 'tools[0]' }],
      }),
    ).toThrow(expect.objectContaining({ code: 'gateway_translation_unsupported', param: 'tools[0]' }))
    const allowed = encode({
      tools: [tool('a'), tool('b')],
      toolChoice: { type: 'allowed', mode: 'auto', names: ['b'] },
    }).body
    expect([allowed.tools.length, allowed.tool_choice]).toEqual([1, { type: 'auto' }])
    const forced = encode({
      tools: [tool('a'), tool('b')],
      toolChoice: { type: 'allowed', mode: 'required', names: ['b'] },
    }).body
    expect([forced.tools.length, forced.tool_choice]).toEqual([2, { type: 'tool', name: 'b' }])
    expect(encode({ toolChoice: { type: 'auto' } }).body.tool_choice).toBeUndefined()
  })

  test('what has no counterpart is named', () => {
    expect(
      encode({
        sampling: { temperature: 1.5, seed: 1, presencePenalty: 0, frequencyPenalty: 1, stop: [] },
        verbosity: 'low',
        metadata: { a: 'b' },
        serviceTier: 'flex',
        output: { type: 'json' },
      }),
    ).toMatchObject({
      body: {
        temperature: 1,
        system: [{ type: 'text', text: 'Respond with a single JSON object and nothing else.' }],
      },
      warnings: [
        'json output',
        'seed',
        'frequency penalty',
        'verbosity',
        'metadata',
        'temperature',
        'service tier',
      ],
    })
    for (const refused of [
      { sampling: { candidates: 2 } },
      { background: true },
      { previousResponseId: 'resp_1' },
      { conversation: 'conv_1' },
    ]) {
      expect(() => encode(refused)).toThrow(
        expect.objectContaining({ code: 'gateway_translation_unsupported' }),
      )
    }
  })

  test('output: a schema has its field where the model takes one, other JSON is asked for in one line', () => {
    const schema = '{"type":"object","properties":{"a":{"const":1.0}}}'
    const output = { type: 'json-schema', schema } as const
    const turns = [user(text('U'))]
    expect(encoded({ turns, output }).body).toContain(`"format":{"type":"json_schema","schema":${schema}}`)
    const line = 'Respond with a single JSON object and nothing else.'
    const old = encode({ turns, output }, { jsonSchema: false })
    expect(old.body.output_config).toBeUndefined()
    expect(old.body.system).toEqual([
      { type: 'text', text: `${line} It must match this JSON Schema: ${schema}` },
    ])
    expect(old.warnings).toEqual(['json schema output'])
    const later = encode({
      turns: [
        { role: 'system', placement: 'preamble', parts: [text('S')], form: 'string' },
        ...turns,
        { role: 'system', placement: 'inline', parts: [], output: { type: 'json' } },
        user(text('V')),
      ],
    })
    expect(later.body.system).toEqual([
      { type: 'text', text: 'S' },
      { type: 'text', text: line },
    ])
  })

  test('a long name of a user is hashed, a blank stop string left out', () => {
    const { body, warnings } = encode({ user: 'u'.repeat(300), sampling: { stop: ['\n', 'END'] } })
    expect(body.metadata.user_id).toMatch(/^[0-9a-f]{64}$/)
    expect([body.stop_sequences, warnings]).toEqual([['END'], ['stop string']])
    expect(encode({ user: 'u' }).body.metadata).toEqual({ user_id: 'u' })
  })

  test('lifetimes of cache marks and tiers become the nearest ones', () => {
    const marked: Part = { type: 'text', text: 'a', cache: { ttl: '24h' } }
    const { body } = encode({ turns: [user(marked)], serviceTier: 'default' })
    expect(body.messages[0].content[0].cache_control).toEqual({ type: 'ephemeral', ttl: '1h' })
    expect(body.service_tier).toBe('standard_only')
  })
})
