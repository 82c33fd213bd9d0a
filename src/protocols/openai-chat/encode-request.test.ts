import { describe, expect, test } from 'bun:test'
import type { GenerateRequest, Turn } from '../../ir/index.ts'
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
    expect(results.map((one: { tool_call_id: string }) => one.tool_call_id)).toEqual([ids[1], ids[0], ids[2]])
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
          { type: 'text', text: '<document title="a &quot;b&quot; &lt;c>">\nwords\n</document>' },
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
    const { warnings } = encode({
      sampling: { topK: 4 },
      previousResponseId: 'resp_1',
      tools: [{ type: 'server', tool: 'code-execution', wireType: 'code_execution_20250825', config: '{}' }],
      output: { type: 'enum', schema: '{}' },
    })
    expect(warnings).toEqual([
      'dropped code_execution_20250825',
      'dropped top_k',
      'dropped previous response',
      'approximated enum output',
    ])
  })
})
