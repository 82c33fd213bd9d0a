import { describe, expect, test } from 'bun:test'
import type { Capabilities, GenerateRequest, Part, Turn } from '../../ir/index.ts'
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

describe('a growing conversation of another protocol', () => {
  const withMark = (text: string): Turn => ({ role: 'user', parts: [{ type: 'text', text, cache: {} }] })
  const asString = (text: string): Turn => ({ role: 'user', form: 'string', parts: [{ type: 'text', text }] })
  const bytes = (turns: readonly Turn[], cache: Capabilities['cache'] = 'implicit'): string =>
    JSON.stringify(
      JSON.parse(
        encodeRequest(foreign({ turns }), {
          model: 'm',
          stream: false,
          capabilities: { ...capabilities, cache },
        }).body,
      ).messages,
    )

  test('a string, one block and one marked block are the same words', () => {
    expect(bytes([user('hi')])).toBe(bytes([asString('hi')]))
    expect(bytes([withMark('hi')])).toBe(bytes([asString('hi')]))
  })

  test('extends the bytes of the turn before, whatever the marks and forms did', () => {
    const image: Part = { type: 'image', source: { type: 'base64', mediaType: 'image/png', data: 'AA' } }
    const all: readonly Turn[] = [
      { role: 'system', placement: 'preamble', parts: [{ type: 'text', text: 'be' }] },
      withMark('hi'),
      { role: 'system', placement: 'inline', form: 'string', parts: [{ type: 'text', text: 'env' }] },
      { role: 'assistant', parts: [{ type: 'text', text: 'look' }, call('a'), call('b')] },
      {
        role: 'user',
        parts: [
          { type: 'tool-result', kind: 'function', callId: 'b', content: [image] },
          result('a', 'ra'),
          { type: 'text', text: 'go on' },
        ],
      },
      { role: 'assistant', parts: [image, { type: 'text', text: 'done' }] },
      asString('more'),
      { role: 'assistant', parts: [call('c')] },
      { role: 'user', parts: [result('c', '')] },
    ]
    const unmarked = all.map(
      (turn): Turn => ({
        ...turn,
        parts: turn.parts.map(({ cache: _cache, ...part }): Part => part as Part),
      }),
    )
    for (const length of [2, 3, 5, 7]) {
      const before = bytes(all.slice(0, length))
      expect(bytes(unmarked).startsWith(before.slice(0, -1))).toBe(true)
    }
  })

  test('marks become breakpoints where the model has them, and move to what can carry them', () => {
    const turns: readonly Turn[] = [
      { role: 'system', placement: 'preamble', parts: [{ type: 'text', text: 'be', cache: { ttl: '5m' } }] },
      { role: 'assistant', parts: [call('a')] },
      {
        role: 'user',
        parts: [{ ...result('a', 'r'), cache: {} } as Part, { type: 'text', text: 'go on' }],
      },
    ]
    expect(JSON.parse(bytes(turns, 'breakpoints'))).toMatchObject([
      {
        role: 'system',
        content: [{ type: 'text', text: 'be', prompt_cache_breakpoint: { mode: 'explicit', ttl: '30m' } }],
      },
      { role: 'assistant' },
      { role: 'tool', content: 'r' },
      {
        role: 'user',
        content: [{ type: 'text', text: 'go on', prompt_cache_breakpoint: { mode: 'explicit' } }],
      },
    ])
    expect(bytes(turns)).not.toContain('breakpoint')
  })
})

describe('the order of messages', () => {
  test('results stand behind their calls in their order, media behind all of them, words last', () => {
    const image: Part = { type: 'image', source: { type: 'url', url: 'https://x/i.png' } }
    const turns: readonly Turn[] = [
      { role: 'assistant', parts: [call('a')] },
      { role: 'assistant', parts: [call('b')] },
      { role: 'system', placement: 'inline', parts: [{ type: 'text', text: 'note' }] },
      { role: 'user', parts: [{ type: 'tool-result', kind: 'function', callId: 'b', content: [image] }] },
      { role: 'user', parts: [result('a', 'ra'), { type: 'text', text: 'and now?' }] },
    ]
    expect(messages(...turns)).toEqual([
      {
        role: 'assistant',
        content: null,
        tool_calls: [expect.objectContaining({ id: 'a' }), expect.anything()],
      },
      { role: 'tool', content: 'ra', tool_call_id: 'a' },
      { role: 'tool', content: '[image 1 of call b below]', tool_call_id: 'b' },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://x/i.png' } }] },
      { role: 'system', content: 'note' },
      { role: 'user', content: 'and now?' },
    ])
  })

  test('system text has the role that the model wants', () => {
    const turns: readonly Turn[] = [
      { role: 'system', placement: 'preamble', parts: [{ type: 'text', text: 'a' }] },
      user('hi'),
      { role: 'system', authority: 'developer', parts: [{ type: 'text', text: 'b' }] },
    ]
    const roles = (developerRole: boolean): unknown =>
      JSON.parse(
        encodeRequest(foreign({ turns }), {
          model: 'm',
          stream: false,
          capabilities: { ...capabilities, developerRole },
        }).body,
      ).messages.map(({ role }: { role: string }) => role)
    expect(roles(true)).toEqual(['developer', 'user', 'developer'])
    expect(roles(false)).toEqual(['system', 'user', 'system'])
  })

  test('what the assistant drew stands in a user message, behind words that say so', () => {
    const image: Part = { type: 'image', source: { type: 'base64', data: '/9j/AA' } }
    expect(
      messages(user('draw'), { role: 'assistant', parts: [{ type: 'text', text: 'here' }, image] }),
    ).toEqual([
      { role: 'user', content: 'draw' },
      { role: 'assistant', content: 'here' },
      {
        role: 'user',
        content: [
          { type: 'text', text: '[image produced by the assistant]' },
          { type: 'image_url', image_url: { url: 'data:image/jpeg;base64,/9j/AA' } },
        ],
      },
    ])
  })

  test('a cited answer is one text again, blocks of their own stay parts', () => {
    const cited: Part = { type: 'text', text: 'b', citations: [{ kind: 'web', url: 'https://x' }] }
    const answer = (...parts: readonly Part[]): unknown => messages(user('q'), { role: 'assistant', parts })
    const plain: Part = { type: 'text', text: 'a' }
    expect(answer(plain, cited)).toMatchObject([{}, { content: 'ab' }])
    expect(answer(plain, { type: 'text', text: 'c' })).toMatchObject([
      {},
      {
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'c' },
        ],
      },
    ])
  })

  test('state of another provider does not go along, ours does', () => {
    const own: Part = {
      type: 'reasoning',
      pieces: [{ kind: 'text', text: 'hm' }],
      state: { protocol: 'openai-chat', kind: 'encrypted', value: 'E' },
    }
    const other: Part = {
      ...own,
      state: { protocol: 'anthropic-messages', kind: 'signature', value: 'S' },
    }
    const signed: Part = {
      ...(call('a') as Extract<Part, { type: 'tool-call' }>),
      state: { protocol: 'gemini', kind: 'thought-signature', value: 'T' },
    }
    const { body, warnings } = encode({ turns: [{ role: 'assistant', parts: [other, own, signed] }] })
    expect(warnings).toEqual(['dropped reasoning'])
    expect(body.messages).toEqual([
      {
        role: 'assistant',
        content: null,
        reasoning_content: 'hm',
        reasoning_details: [{ type: 'reasoning.encrypted', data: 'E', index: 0 }],
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
    ])
  })
})

describe('documents and media of another protocol', () => {
  const content = (...parts: readonly Part[]): unknown => {
    const [message] = encode({ turns: [{ role: 'user', parts: [{ type: 'text', text: 'see' }, ...parts] }] })
      .body.messages
    return message.content.slice(1)
  }

  test('documents of blocks keep their pictures between the markers, and are numbered', () => {
    const image: Part = {
      type: 'image',
      source: { type: 'url', url: 'https://x/i.png' },
      detail: 'ultra_high',
    }
    expect(
      content(
        { type: 'document', source: { type: 'text', text: 'one' } },
        {
          type: 'document',
          url: 'https://x/?a="b"',
          context: 'c',
          source: {
            type: 'parts',
            parts: [{ type: 'text', text: 'two' }, image, { type: 'text', text: 'three' }],
          },
        },
      ),
    ).toEqual([
      { type: 'text', text: '<document index="1">\none\n</document>' },
      { type: 'text', text: '<document index="2" source="https://x/?a=&quot;b&quot;" context="c">\ntwo' },
      { type: 'image_url', image_url: { url: 'https://x/i.png', detail: 'original' } },
      { type: 'text', text: 'three\n</document>' },
    ])
  })

  test('texts in bytes are texts, files get a name', () => {
    const data = Buffer.from('a,b').toString('base64')
    expect(
      content(
        { type: 'document', source: { type: 'base64', mediaType: 'text/csv', data }, title: 'x.csv' },
        { type: 'document', source: { type: 'base64', data: 'JVBERi0' } },
        { type: 'audio', source: { type: 'base64', mediaType: 'audio/mp3', data: 'AA' } },
      ),
    ).toEqual([
      { type: 'text', text: '<document index="1" title="x.csv">\na,b\n</document>' },
      { type: 'file', file: { filename: 'document.pdf', file_data: 'data:application/pdf;base64,JVBERi0' } },
      { type: 'input_audio', input_audio: { data: 'AA', format: 'mp3' } },
    ])
  })

  test.each([
    [{ type: 'image', source: { type: 'file', id: 'file_1' } }],
    [{ type: 'document', source: { type: 'file', id: 'file_1' } }],
    [{ type: 'document', source: { type: 'url', url: 'https://x/a.pdf' } }],
    [{ type: 'document', source: { type: 'base64', mediaType: 'application/msword', data: 'AA' } }],
    [{ type: 'audio', source: { type: 'base64', mediaType: 'audio/L16', data: 'AA' } }],
  ] as const)('%j is refused by its place, never left out', (part) => {
    expect(() => content({ ...part, at: 'messages.0.content.1' })).toThrow('messages.0.content.1: ')
  })
})
