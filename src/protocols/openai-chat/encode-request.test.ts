import { describe, expect, test } from 'bun:test'
import type { Capabilities, GenerateRequest, Turn } from '../../ir/index.ts'
import { encodeRequest } from './encode-request.ts'

/** A request as the decoders of other protocols make it. */
const foreign = (more: Partial<GenerateRequest>): GenerateRequest => ({
  protocol: 'anthropic-messages',
  model: 'asked',
  stream: false,
  turns: [],
  tools: [],
  sampling: {},
  ...more,
})
const capabilities: Capabilities = {
  minOutputTokens: 1,
  chatLimitField: 'max_completion_tokens',
  sampling: 'free',
  reasoning: { control: 'effort', efforts: ['low'], canDisable: true, readable: true },
  prefill: true,
  midSystem: true,
  forcedToolWithReasoning: true,
  strictTools: true,
  jsonSchema: true,
  jsonSchemaWithTools: true,
  serverTools: [],
  serverToolsWithFunctions: true,
  customTools: true,
  input: { images: true, imageUrls: true, pdf: true, audio: true, video: false },
  toolResults: { images: false, imageUrls: false, pdf: false, audio: false, video: false },
  callIds: true,
  signaturesEnforced: false,
  reasoningTextInHistory: false,
  developerRole: false,
  stopSequences: 4,
  candidates: 8,
  logprobs: true,
  seed: true,
  penalties: true,
  cache: 'implicit',
  cacheKey: true,
  verbosity: true,
}
const encode = (more: Partial<GenerateRequest>, stream = false) => {
  const { body, warnings } = encodeRequest(foreign(more), { model: 'target', stream })
  return { body: JSON.parse(body), warnings: warnings.map(({ code, feature }) => `${code} ${feature}`) }
}
const messages = (...turns: readonly Turn[]): unknown => encode({ turns }).body.messages

const user = (text: string): Turn => ({ role: 'user', parts: [{ type: 'text', text }] })
const call = (id: string | undefined, name = 'f', input = '{}'): Turn['parts'][number] => ({
  type: 'tool-call',
  kind: 'function',
  name,
  input,
  ...(id === undefined ? {} : { id }),
})
const result = (callId: string | undefined, text: string, more: object = {}): Turn['parts'][number] => ({
  type: 'tool-result',
  kind: 'function',
  ...(callId === undefined ? {} : { callId }),
  content: text === '' ? [] : [{ type: 'text', text }],
  ...more,
})

describe('turns of another protocol', () => {
  test('lone text is a string, several texts are parts, system text keeps its place', () => {
    expect(
      messages(
        {
          role: 'system',
          placement: 'preamble',
          parts: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
          ],
        },
        user('hi'),
        { role: 'system', placement: 'inline', parts: [{ type: 'text', text: 'later' }] },
      ),
    ).toEqual([
      {
        role: 'system',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
      { role: 'user', content: 'hi' },
      { role: 'system', content: 'later' },
    ])
  })

  test('items of one answer become one message, without the thoughts of another provider', () => {
    const turns: readonly Turn[] = [
      { role: 'assistant', parts: [{ type: 'reasoning', pieces: [{ kind: 'text', text: 'hm' }] }] },
      { role: 'assistant', parts: [{ type: 'text', text: 'ok' }] },
      { role: 'assistant', parts: [call('c1')] },
      { role: 'assistant', parts: [call('c2')] },
      { role: 'user', parts: [result('c1', 'one')] },
      { role: 'user', parts: [result('c2', 'two'), { type: 'text', text: 'next' }] },
    ]
    const { body, warnings } = encode({ turns })
    expect(body.messages).toEqual([
      {
        role: 'assistant',
        content: 'ok',
        tool_calls: [
          { id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } },
          { id: 'c2', type: 'function', function: { name: 'f', arguments: '{}' } },
        ],
      },
      { role: 'tool', content: 'one', tool_call_id: 'c1' },
      { role: 'tool', content: 'two', tool_call_id: 'c2' },
      { role: 'user', content: 'next' },
    ])
    expect(warnings).toEqual(['dropped reasoning'])
  })

  test('calls without ids get the same id each time, and results find them by name and order', () => {
    const turns: readonly Turn[] = [
      {
        role: 'assistant',
        parts: [call(undefined, 'f', '{"a":1}'), call(undefined, 'g'), call(undefined, 'f')],
      },
      {
        role: 'user',
        parts: [
          result(undefined, 'g', { name: 'g' }),
          result(undefined, 'f1', { name: 'f' }),
          result(undefined, 'f2', { name: 'f' }),
        ],
      },
    ]
    const [first, ...results] = encode({ turns }).body.messages
    const ids = first.tool_calls.map((one: { id: string }) => one.id)
    expect(new Set(ids).size).toBe(3)
    // In the order of the calls, which are f, g, f.
    expect(results.map((one: { tool_call_id: string }) => one.tool_call_id)).toEqual(ids)
    expect(results.map((one: { content: string }) => one.content)).toEqual(['f1', 'g', 'f2'])
    expect(encode({ turns })).toEqual(encode({ turns }))
    const longer = encode({ turns: [...turns, user('more')] }).body.messages
    expect(longer.slice(0, 4)).toEqual([first, ...results])
  })

  test('ids that are too long are shortened on both sides alike', () => {
    const long = `toolu_${'x'.repeat(80)}`
    const turns: readonly Turn[] = [
      { role: 'assistant', parts: [call(long)] },
      { role: 'user', parts: [result(long, 'r')] },
    ]
    const [first, second] = encode({ turns }).body.messages
    expect(first.tool_calls[0].id.length).toBeLessThanOrEqual(40)
    expect(second.tool_call_id).toBe(first.tool_calls[0].id)
  })

  test('pictures in tool results follow behind all results; an empty failure says so', () => {
    const image = { type: 'image', source: { type: 'base64', mediaType: 'image/png', data: 'AA' } } as const
    const turns: readonly Turn[] = [
      { role: 'assistant', parts: [call('c1'), call('c2')] },
      {
        role: 'user',
        parts: [
          {
            type: 'tool-result',
            kind: 'function',
            callId: 'c1',
            content: [{ type: 'text', text: 'see' }, image],
          },
          result('c2', '', { isError: true }),
        ],
      },
    ]
    const { body, warnings } = encode({ turns })
    expect(body.messages.slice(1)).toEqual([
      { role: 'tool', content: 'see\n[image 1 of call c1 below]', tool_call_id: 'c1' },
      { role: 'tool', content: 'Tool execution failed', tool_call_id: 'c2' },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } }] },
    ])
    expect(warnings).toEqual(['approximated image in tool result'])
  })

  test('an answer without words and calls disappears, an empty question says so', () => {
    expect(
      messages(
        user('a'),
        { role: 'assistant', parts: [{ type: 'text', text: '' }] },
        { role: 'user', parts: [] },
      ),
    ).toEqual([
      { role: 'user', content: 'a' },
      { role: 'user', content: '(empty)' },
    ])
  })

  test('documents: base64 as a file, text between markers', () => {
    expect(
      messages({
        role: 'user',
        parts: [
          {
            type: 'document',
            source: { type: 'base64', mediaType: 'application/pdf', data: 'AA' },
            title: 'a.pdf',
          },
          { type: 'document', source: { type: 'text', text: 'words' }, title: 'a "b" <c>' },
        ],
      }),
    ).toEqual([
      {
        role: 'user',
        content: [
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA' } },
          { type: 'text', text: '<document index="1" title="a &quot;b&quot; &lt;c>">\nwords\n</document>' },
        ],
      },
    ])
  })
})

describe('settings of another protocol', () => {
  test('streams always ask for usage', () => {
    expect(encode({}, true).body).toMatchObject({ stream: true, stream_options: { include_usage: true } })
  })

  test.each([
    [{ effort: 'max' }, 'max'],
    [{ mode: 'disabled' }, 'none'],
    [{ mode: 'enabled', budgetTokens: 1024 }, 'low'],
    [{ budgetTokens: 8192 }, 'medium'],
    [{ budgetTokens: 24_576 }, 'high'],
    [{ budgetTokens: 32_768 }, 'xhigh'],
    [{ budgetTokens: 0 }, 'none'],
    [{ budgetTokens: -1 }, undefined],
    [{ mode: 'adaptive' }, undefined],
  ] as const)('reasoning %p is effort %p', (reasoning, effort) => {
    expect(encode({ reasoning }).body.reasoning_effort).toEqual(effort as never)
  })

  test('no choice and no parallelism without tools: backends refuse them', () => {
    const { body } = encode({ toolChoice: { type: 'auto' }, parallelToolCalls: true })
    expect(body).not.toHaveProperty('tool_choice')
    expect(body).not.toHaveProperty('parallel_tool_calls')
  })

  test('namespaces flatten, with their description in front', () => {
    const { body } = encode({
      tools: [
        {
          type: 'namespace',
          name: 'clock',
          description: 'Time.',
          tools: [{ type: 'function', name: 'sleep', description: 'Waits.', parameters: '{"a":1.0}' }],
        },
      ],
      toolChoice: { type: 'tool', name: 'clock__sleep', kind: 'function' },
    })
    expect(body.tools).toEqual([
      {
        type: 'function',
        function: { name: 'clock__sleep', description: 'Time.\n\nWaits.', parameters: { a: 1 } },
      },
    ])
    expect(body.tool_choice).toEqual({ type: 'function', function: { name: 'clock__sleep' } })
  })

  test('tools and settings that a turn brings later hold from the start', () => {
    const { body, warnings } = encode({
      turns: [
        {
          role: 'system',
          parts: [],
          tools: [{ type: 'function', name: 'late' }],
          reasoning: { effort: 'high' },
        },
        user('hi'),
      ],
      reasoning: { effort: 'low' },
    })
    expect(body.tools).toEqual([{ type: 'function', function: { name: 'late' } }])
    expect(body.reasoning_effort).toBe('high')
    expect(body.messages).toEqual([{ role: 'user', content: 'hi' }])
    expect(warnings).toEqual(['approximated tools added later'])
  })

  test('what has no word here is named', () => {
    const { body, warnings } = encode({
      sampling: { topK: 4 },
      reasoning: { budgetTokens: 4096 },
      serviceTier: 'batch',
      tools: [{ type: 'function', name: 'f', outputSchema: '{}', nonBlocking: true }],
      output: { type: 'enum', schema: '{"type":"string","enum":["a"]}' },
    })
    expect(warnings).toEqual([
      'dropped service tier',
      'dropped top_k',
      'approximated reasoning budget',
      'dropped result schema',
      'approximated non-blocking tool',
      'approximated enum output',
    ])
    expect(body.response_format.json_schema).toEqual({
      name: 'response',
      schema: {
        type: 'object',
        properties: { value: { type: 'string', enum: ['a'] } },
        required: ['value'],
        additionalProperties: false,
      },
    })
  })

  test.each([
    ['previousResponseId', { previousResponseId: 'resp_1' }],
    ['conversation', { conversation: 'conv_1' }],
    ['background', { background: true }],
    [
      'tools[0]',
      {
        tools: [
          { type: 'server', tool: 'code-execution', wireType: 'code_execution_20250825', config: '{}' },
        ],
      },
    ],
    [
      'toolChoice',
      {
        tools: [{ type: 'function', name: 'f' }],
        toolChoice: { type: 'tool', name: 'web_search', kind: 'server' },
      },
    ],
  ] as const)('%s is refused: it must not be lost', (path, more) => {
    expect(() => encode(more)).toThrow(`${path}: Chat Completions has no words for`)
  })

  test('tiers by our names, long user names hashed, false storage unsaid', () => {
    const user = 'u'.repeat(129)
    const { body } = encode({ serviceTier: 'standard_only', user, store: false })
    expect(body).toMatchObject({
      service_tier: 'default',
      safety_identifier: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(body).not.toHaveProperty('store')
    expect(encode({ user: 'short' }).body.safety_identifier).toBe('short')
  })

  test('the output limit is spelled as the model wants it', () => {
    const request = foreign({ maxOutputTokens: 7 })
    const spelled = (chatLimitField: 'max_tokens' | 'max_completion_tokens') =>
      JSON.parse(
        encodeRequest(request, {
          model: 'm',
          stream: false,
          capabilities: { ...capabilities, chatLimitField },
        }).body,
      )
    expect(spelled('max_tokens')).toMatchObject({ max_tokens: 7 })
    expect(spelled('max_completion_tokens')).toMatchObject({ max_completion_tokens: 7 })
  })

  test('no thinking is said as the model knows it', () => {
    const off = (chatOff?: 'effort' | 'thinking') => {
      const reasoning = { ...capabilities.reasoning, ...(chatOff === undefined ? {} : { chatOff }) }
      const target = { model: 'm', stream: false, capabilities: { ...capabilities, reasoning } }
      return JSON.parse(
        encodeRequest(foreign({ reasoning: { mode: 'disabled', effort: 'none' } }), target).body,
      )
    }
    for (const body of [off(), off('effort')]) {
      expect(body).toMatchObject({ reasoning_effort: 'none' })
      expect(body).not.toHaveProperty('thinking')
    }
    expect(off('thinking')).toMatchObject({ thinking: { type: 'disabled' } })
    expect(off('thinking')).not.toHaveProperty('reasoning_effort')
  })

  test('a subset of tools names each in its kind', () => {
    const { body } = encode({
      tools: [
        { type: 'function', name: 'f' },
        { type: 'custom', name: 'g' },
      ],
      toolChoice: { type: 'allowed', mode: 'required', names: ['f', 'g'] },
    })
    expect(body.tool_choice).toEqual({
      type: 'allowed_tools',
      allowed_tools: {
        mode: 'required',
        tools: [
          { type: 'function', function: { name: 'f' } },
          { type: 'custom', custom: { name: 'g' } },
        ],
      },
    })
  })

  test('JSON mode gets its word in one system line, decided before the first answer', () => {
    const line = { role: 'system', content: 'Respond with a single JSON object and nothing else.' }
    const first = [user('list three')]
    const output = { type: 'json' } as const
    expect(encode({ output, turns: first }).body.messages).toEqual([
      line,
      { role: 'user', content: 'list three' },
    ])
    const later: readonly Turn[] = [
      ...first,
      { role: 'assistant', parts: [{ type: 'text', text: '{}' }] },
      user('as json!'),
    ]
    expect(encode({ output, turns: later }).body.messages[0]).toEqual(line)
    expect(encode({ output, turns: [user('list as JSON')] }).body.messages).toHaveLength(1)
  })

  test('how many log probabilities implies that they are wanted', () => {
    expect(encode({ sampling: { topLogprobs: 3 } }).body).toMatchObject({ logprobs: true, top_logprobs: 3 })
  })
})
