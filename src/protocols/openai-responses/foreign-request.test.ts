import { describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { GatewayError } from '../../errors.ts'
import type { Capabilities, GenerateRequest, Part, Turn } from '../../ir/index.ts'
import { encodeRequest } from './encode-request.ts'

type Json = Record<string, unknown>

const capabilities = (given: Partial<Capabilities> = {}): Capabilities => ({
  minOutputTokens: 16,
  chatLimitField: 'max_completion_tokens',
  sampling: 'free',
  reasoning: { control: 'effort', efforts: ['low', 'high'], canDisable: true, readable: true },
  prefill: false,
  midSystem: true,
  forcedToolWithReasoning: true,
  strictTools: true,
  jsonSchema: true,
  jsonSchemaWithTools: true,
  serverTools: ['web-search'],
  serverToolsWithFunctions: true,
  customTools: true,
  input: { images: true, imageUrls: true, pdf: true, audio: false, video: false },
  toolResults: { images: true, imageUrls: true, pdf: true, audio: false, video: false },
  callIds: true,
  signaturesEnforced: false,
  reasoningTextInHistory: false,
  developerRole: true,
  stopSequences: 0,
  candidates: 1,
  logprobs: true,
  seed: false,
  penalties: false,
  cache: 'implicit',
  cacheKey: true,
  verbosity: true,
  ...given,
})

const request = (given: Partial<GenerateRequest> = {}): GenerateRequest => ({
  protocol: 'anthropic-messages',
  model: 'claude',
  stream: false,
  turns: [{ role: 'user', form: 'string', parts: [{ type: 'text', text: 'hi' }] }],
  tools: [],
  sampling: {},
  ...given,
})

const encode = (
  given: Partial<GenerateRequest>,
  model: Partial<Capabilities> = {},
): { readonly body: Json; readonly input: readonly Json[]; readonly warnings: readonly string[] } => {
  const target = { model: 'gpt-5', stream: false, capabilities: capabilities(model) }
  const encoded = encodeRequest(request(given), target)
  const body = JSON.parse(encoded.body) as Json & { input: readonly Json[] }
  const warnings = encoded.warnings.map(({ code, feature, path }) => `${code} ${feature} at ${path}`)
  return { body, input: body.input, warnings }
}

const turns = (...list: readonly Turn[]): Partial<GenerateRequest> => ({ turns: list })
const user = (...parts: readonly Part[]): Turn => ({ role: 'user', parts })
const assistant = (...parts: readonly Part[]): Turn => ({ role: 'assistant', parts })
const call = (id: string, input = '{}', kind: 'function' | 'custom' = 'function'): Part => ({
  type: 'tool-call',
  id,
  name: 'run',
  kind,
  input,
})
const result = (callId: string, ...content: readonly Part[]): Part => ({
  type: 'tool-result',
  callId,
  kind: 'function',
  content,
})
const words = (text: string): Part => ({ type: 'text', text })

const refusal = (given: Partial<GenerateRequest>): GatewayError | undefined => {
  try {
    encode(given)
  } catch (error) {
    if (error instanceof GatewayError) return error
    throw error
  }
  return undefined
}

describe('settings of other protocols', () => {
  test('say what the service would otherwise assume: nothing is stored, and reasoning comes back sealed', () => {
    expect(encode({}).body).toEqual({
      model: 'gpt-5',
      store: false,
      include: ['reasoning.encrypted_content'],
      input: [{ type: 'message', role: 'user', content: 'hi' }],
    })
    const reasoning = { control: 'none', efforts: [], canDisable: false, readable: false } as const
    expect(encode({ store: true }, { reasoning }).body).toMatchObject({ store: true })
    expect(encode({}, { reasoning }).body).not.toHaveProperty('include')
  })

  test('ask for what the other side shows of hosted tools', () => {
    const tool = { type: 'server', tool: 'web-search', wireType: 'web_search' } as const
    expect(encode({ tools: [{ ...tool, config: '{"type":"web_search"}' }] }).body).toMatchObject({
      tools: [{ type: 'web_search' }],
      include: ['reasoning.encrypted_content', 'web_search_call.action.sources'],
    })
  })

  test('raise a limit that is too small, and take a limit of nothing for a warm-up', () => {
    const small = encode({ maxOutputTokens: 3 })
    expect(small.body['max_output_tokens']).toBe(16)
    expect(small.warnings).toEqual(['approximated output limit at maxOutputTokens'])
    expect(encode({ maxOutputTokens: 3 }, { minOutputTokens: 1 }).body['max_output_tokens']).toBe(3)
    const warm = encode({ maxOutputTokens: 0 })
    expect(warm.body).toMatchObject({ prompt_cache_options: { prewarm: true } })
    expect(warm.body).not.toHaveProperty('max_output_tokens')
    expect(warm.warnings).toEqual([])
  })

  test('hash the name of a user that is too long, and never cut it', () => {
    const long = 'u'.repeat(129)
    expect(encode({ user: 'short' }).body['safety_identifier']).toBe('short')
    expect(encode({ user: long }).body['safety_identifier']).toBe(
      createHash('sha256').update(long).digest('hex'),
    )
  })

  test('give tiers their name here', () => {
    const tiers = ['standard_only', 'auto', 'flex', 'SERVICE_TIER_STANDARD', 'batch']
    expect(tiers.map((serviceTier) => encode({ serviceTier }).body['service_tier'])).toEqual([
      'default',
      'auto',
      'flex',
      'default',
      undefined,
    ])
    expect(encode({ serviceTier: 'batch' }).warnings).toEqual(['dropped service tier at serviceTier'])
  })

  test('never name state of another provider', () => {
    expect(refusal({ previousResponseId: 'msg_1' })).toMatchObject({
      code: 'gateway_translation_unsupported',
      param: 'previousResponseId',
    })
    expect(refusal({ conversation: 'c' })?.param).toBe('conversation')
    expect(refusal({ background: true })?.param).toBe('background')
  })

  test('leave out choices about tools where there are none', () => {
    const choice = { toolChoice: { type: 'auto' }, parallelToolCalls: false } as const
    expect(Object.keys(encode(choice).body)).not.toContain('tool_choice')
    expect(Object.keys(encode(choice).body)).not.toContain('parallel_tool_calls')
    const tools = [{ type: 'function', name: 'f' }] as const
    expect(encode({ ...choice, tools }).body).toMatchObject({
      tool_choice: 'auto',
      parallel_tool_calls: false,
      tools: [{ parameters: { type: 'object', properties: {} }, strict: false }],
    })
  })

  test('name the tools of a choice by their kinds', () => {
    const { body } = encode({
      tools: [
        { type: 'function', name: 'f', parameters: '{"type":"object"}', strict: true },
        { type: 'custom', name: 'c' },
        {
          type: 'server',
          tool: 'mcp',
          wireType: 'mcp',
          name: 'acme',
          config: '{"type":"mcp","server_label":"acme"}',
        },
      ],
      toolChoice: { type: 'allowed', mode: 'validated', names: ['f', 'c', 'acme'] },
    })
    expect(body['tool_choice']).toEqual({
      type: 'allowed_tools',
      mode: 'auto',
      tools: [
        { type: 'function', name: 'f' },
        { type: 'custom', name: 'c' },
        { type: 'mcp', server_label: 'acme' },
      ],
    })
  })

  test('give a schema the name that is wanted here', () => {
    const { body } = encode({ output: { type: 'json-schema', schema: '{"a":1.0}' }, verbosity: 'low' })
    expect(body['text']).toEqual({
      format: { type: 'json_schema', name: 'response', schema: { a: 1 } },
      verbosity: 'low',
    })
  })

  test('tell of what has no counterpart, by the canonical field', () => {
    const sampling = {
      topK: 1,
      seed: 2,
      presencePenalty: 0,
      frequencyPenalty: 1,
      stop: ['x'],
      candidates: 1,
    }
    expect(encode({ sampling }).warnings).toEqual([
      'dropped topK at sampling.topK',
      'dropped seed at sampling.seed',
      'dropped frequencyPenalty at sampling.frequencyPenalty',
      'dropped stop at sampling.stop',
    ])
  })

  test('are the same bytes for the same request', () => {
    const target = { model: 'm', stream: true, capabilities: capabilities() }
    expect(encodeRequest(request(), target)).toEqual(encodeRequest(request(), target))
  })
})

describe('histories of other protocols', () => {
  test('keep system text where it stands, with a text for each block', () => {
    const { input } = encode(
      turns(
        { role: 'system', placement: 'preamble', parts: [words('a'), words(''), words('b')] },
        user(words('hi')),
        { role: 'system', placement: 'inline', form: 'string', parts: [words('later')] },
        { role: 'system', authority: 'system', form: 'string', parts: [words('as system')] },
      ),
    )
    expect(input).toEqual([
      {
        type: 'message',
        role: 'developer',
        content: [
          { type: 'input_text', text: 'a' },
          { type: 'input_text', text: 'b' },
        ],
      },
      { type: 'message', role: 'user', content: 'hi' },
      { type: 'message', role: 'developer', content: 'later' },
      { type: 'message', role: 'system', content: 'as system' },
    ])
  })

  test('say settings and tools of a turn as items of their own', () => {
    const { input } = encode(
      turns({
        role: 'system',
        parts: [words('now')],
        form: 'string',
        reasoning: { effort: 'high' },
        tools: [{ type: 'function', name: 'f' }],
      }),
    )
    expect(input).toMatchObject([
      { type: 'additional_tools', role: 'developer', tools: [{ name: 'f', strict: false }] },
      { type: 'configuration_update', reasoning: { effort: 'high' } },
      { type: 'message', role: 'developer', content: 'now' },
    ])
  })

  test('refuse media in the system text of Gemini', () => {
    const image = { type: 'image', source: { type: 'url', url: 'https://i.example' }, at: 'x[1]' } as const
    const given = turns({ role: 'system', parts: [words('a'), image] })
    expect(refusal({ protocol: 'gemini', ...given })?.param).toBe('x[1]')
    expect(refusal(given)).toBeUndefined()
  })

  test('say the assistant in the easy form, and its calls without ids of items', () => {
    const { input } = encode(
      turns(
        assistant(words('Look.'), call('t1', '{"n":1.0}'), words('And.'), call('t2', ' ')),
        user(result('t1', words('one')), result('t2'), words('go on')),
      ),
    )
    expect(input).toEqual([
      { type: 'message', role: 'assistant', content: 'Look.' },
      { type: 'function_call', call_id: 't1', name: 'run', arguments: '{"n":1.0}' },
      { type: 'message', role: 'assistant', content: 'And.' },
      { type: 'function_call', call_id: 't2', name: 'run', arguments: '{}' },
      { type: 'function_call_output', call_id: 't1', output: 'one' },
      { type: 'function_call_output', call_id: 't2', output: '' },
      { type: 'message', role: 'user', content: 'go on' },
    ])
  })

  test('say one text alike, whether it came as a string or as a block', () => {
    const said = (form: { readonly form?: 'string' }) =>
      encode(
        turns(
          { role: 'system', placement: 'inline', parts: [words('rules')], ...form },
          { role: 'user', parts: [words('hi')], ...form },
          assistant(call('t1', '{}')),
          user({ ...result('t1', words('one')), ...form }),
        ),
      ).input
    expect(said({})).toEqual(said({ form: 'string' }))
  })

  test('join what a citation cut, and say where it stood', () => {
    const cited: Part = {
      type: 'text',
      text: 'wörds 🎈',
      citations: [{ kind: 'web', url: 'https://a.example' }],
    }
    expect(encode(turns(assistant(words('See '), cited, words('.')))).input[0]?.['content']).toEqual([
      {
        type: 'output_text',
        text: 'See wörds 🎈.',
        annotations: [
          {
            type: 'url_citation',
            url: 'https://a.example',
            title: 'https://a.example',
            start_index: 4,
            end_index: 11,
          },
        ],
      },
    ])
  })

  test('keep the source of arguments that are no object', () => {
    const inputs = ['{"a":', '{"INVALID_JSON":"{\\"a\\":"}', '{"INVALID_JSON":"{}"}', '[1]']
    const { input } = encode(turns(assistant(...inputs.map((text, index) => call(`t${index}`, text)))))
    expect(input.map((item) => item['arguments'])).toEqual(['{"a":', '{"a":', '{"INVALID_JSON":"{}"}', '[1]'])
  })

  test('give a result the kind of its call', () => {
    const { input } = encode({
      protocol: 'openai-chat',
      ...turns(assistant(call('c1', 'ls', 'custom')), {
        role: 'user',
        parts: [
          { type: 'tool-result', callId: 'c1', kind: 'function', form: 'string', content: [words('out')] },
        ],
      }),
    })
    expect(input).toEqual([
      { type: 'custom_tool_call', call_id: 'c1', name: 'run', input: 'ls' },
      { type: 'custom_tool_call_output', call_id: 'c1', output: 'out' },
    ])
  })

  test('say results as text where they are text, as a list with pictures and files, and failures in words', () => {
    const png: Part = { type: 'image', source: { type: 'base64', data: 'iVBORw0KGgoAAA' } }
    const pdf: Part = {
      type: 'document',
      source: { type: 'base64', mediaType: 'application/pdf', data: 'JVBERg' },
    }
    const failed: Part = { type: 'tool-result', callId: 't3', kind: 'function', content: [], isError: true }
    const { input } = encode({
      protocol: 'gemini',
      ...turns(
        user(
          result('t0', words('plain')),
          result('t1', { type: 'json', json: '{"n":1.0}' }),
          result('t2', words('see'), png, pdf),
          failed,
        ),
      ),
    })
    expect(input.map((item) => item['output'])).toEqual([
      'plain',
      '{"n":1.0}',
      [
        { type: 'input_text', text: 'see' },
        { type: 'input_image', image_url: 'data:image/png;base64,iVBORw0KGgoAAA', detail: 'auto' },
        { type: 'input_file', filename: 'document.pdf', file_data: 'data:application/pdf;base64,JVBERg' },
      ],
      'Tool execution failed',
    ])
  })

  test('restore reasoning of this provider with the id of its item, and say no other', () => {
    const encrypted = { protocol: 'openai-responses', kind: 'encrypted', value: 'gAAA' } as const
    const signature = { protocol: 'anthropic-messages', kind: 'signature', value: 's' } as const
    const pieces = [{ kind: 'summary', text: 'hm' }] as const
    const { input, warnings } = encode(
      turns(
        {
          ...assistant({ type: 'reasoning', pieces, state: encrypted }),
          extensions: { 'openai-responses': { id: 'rs_1' } },
        },
        assistant(
          { type: 'reasoning', pieces, state: signature, at: 'messages.1.content.0' },
          { type: 'reasoning', pieces },
          words('so'),
        ),
        user(words('hi')),
      ),
    )
    expect(input.slice(0, 2)).toEqual([
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [{ type: 'summary_text', text: 'hm' }],
        encrypted_content: 'gAAA',
      },
      { type: 'message', role: 'assistant', content: 'so' },
    ])
    expect(warnings).toEqual(['dropped reasoning at messages.1.content.0'])
  })

  test('never send a message without content', () => {
    const { input, warnings } = encode(turns(assistant(words('')), { ...user(words('')), at: 'messages.1' }))
    expect(input).toEqual([{ type: 'message', role: 'user', content: '(empty)' }])
    expect(warnings).toEqual(['approximated empty message at messages.1'])
  })

  test('tell that the last words of the assistant are no beginning of the answer', () => {
    const given = turns(user(words('hi')), { ...assistant(words('{')), at: 'messages.1' })
    expect(encode(given).warnings).toEqual(['approximated prefill at messages.1'])
    expect(encode({ protocol: 'openai-chat', ...given }).warnings).toEqual([])
    expect(encode(given, { prefill: true }).warnings).toEqual([])
  })

  test('tell of names that messages do not have, and of parts that no item can say', () => {
    const video: Part = { type: 'video', source: { type: 'url', url: 'https://v.example' } }
    const opaque: Part = { type: 'opaque', name: 'container_upload', at: 'messages.0.content.1' }
    expect(
      encode(turns({ ...user(words('x'), opaque, video), name: 'ann', at: 'messages[0]' })).warnings,
    ).toEqual([
      'dropped name at messages[0].name',
      'dropped container_upload at messages.0.content.1',
      'dropped video at messages[0]',
    ])
  })

  test('extend the items of the shorter history', () => {
    const first: readonly Turn[] = [user(words('a')), assistant(words('b'), call('t1'))]
    const more: readonly Turn[] = [...first, user(result('t1', words('c'))), assistant(words('d'))]
    const [short, long] = [encode(turns(...first)).input, encode(turns(...more)).input]
    expect(JSON.stringify(long.slice(0, short.length))).toBe(JSON.stringify(short))
  })
})

describe('cache marks', () => {
  const mark = { ttl: '5m' } as const
  const marked = (part: Part, cache: { readonly ttl?: string } = mark): Part => ({ ...part, cache })
  const breakpoints = (input: readonly Json[]): readonly string[] =>
    input.flatMap((item) => {
      const content = item['content'] ?? item['output']
      return (Array.isArray(content) ? content : []).flatMap((part: Json) =>
        part['prompt_cache_breakpoint'] === undefined
          ? []
          : [`${part['text']} ${JSON.stringify(part['prompt_cache_breakpoint'])}`],
      )
    })
  const thirty = '{"mode":"explicit","ttl":"30m"}'

  test('go where the model knows no breakpoints: it caches by itself', () => {
    const given = turns(user(marked(words('a')), marked(result('t1', words('r')))))
    const { input, warnings } = encode(given)
    expect({ marks: breakpoints(input), warnings }).toEqual({ marks: [], warnings: [] })
  })

  test('stand on the same texts, and move to the next that can carry them', () => {
    const { input, warnings } = encode(
      turns(
        { role: 'system', placement: 'preamble', parts: [words('s1'), marked(words('s2'))] },
        user(marked({ ...result('t1', words('r')), form: 'string' } as Part), words('after')),
        user(marked(result('t2', words('r1'), words('r2'))), words('next')),
      ),
      { cache: 'breakpoints' },
    )
    expect(breakpoints(input)).toEqual([`s2 ${thirty}`, `after ${thirty}`, `r2 ${thirty}`])
    expect(warnings).toEqual([])
  })

  test('of tools stand on the first system text', () => {
    const tools = [{ type: 'function', name: 'f', cache: mark }] as const
    const system: Turn = { role: 'system', placement: 'preamble', parts: [words('s1'), words('s2')] }
    const { input } = encode({ tools, ...turns(system) }, { cache: 'breakpoints' })
    expect(breakpoints(input)).toEqual([`s1 ${thirty}`])
    expect(encode({ tools }, { cache: 'breakpoints' }).warnings).toEqual(['approximated cache mark at tools'])
  })

  test('tell where nothing can carry them, and where they live shorter', () => {
    const said = { ...assistant(marked(words('x')), call('t1')), at: 'messages.1' }
    const long = { ...marked(words('a'), { ttl: '1h' }), at: 'messages.0.content.0' }
    const { input, warnings } = encode(turns(user(long), said), { cache: 'breakpoints' })
    expect(breakpoints(input)).toEqual([`a ${thirty}`])
    expect(warnings).toEqual([
      'approximated cache lifetime at messages.0.content.0',
      'approximated cache mark at messages.1',
    ])
  })
})
