import { describe, expect, test } from 'bun:test'
import { wireRequest } from '../../../test/support/corpus.ts'
import { bare, type GenerateRequest } from '../../ir/index.ts'
import { decodeRequest } from './decode-request.ts'
import { encodeRequest } from './encode-request.ts'
import { openaiResponses } from './index.ts'

const decode = (body: object): GenerateRequest =>
  decodeRequest(
    wireRequest(openaiResponses, { path: '/v1/responses', body: JSON.stringify({ model: 'm', ...body }) }),
  )

const items = (...input: readonly object[]) => bare(decode({ input })).turns

describe('items of the input', () => {
  test('are a turn each, so that calls and outputs that Codex sends by turns stay pairs', () => {
    const call = (id: string) => ({ type: 'function_call', call_id: id, name: 'f', arguments: '{}' })
    const output = (id: string) => ({ type: 'function_call_output', call_id: id, output: 'ok' })
    const turns = items(call('a'), output('a'), call('b'), output('b'))
    expect(turns.map(({ role, parts }) => `${role} ${parts.map(({ type }) => type)}`)).toEqual([
      'assistant tool-call',
      'user tool-result',
      'assistant tool-call',
      'user tool-result',
    ])
    expect(turns[3]?.parts[0]).toEqual({
      type: 'tool-result',
      callId: 'b',
      kind: 'function',
      form: 'string',
      content: [{ type: 'text', text: 'ok' }],
    })
  })

  test('keep kinds and namespaces of calls, and lists of texts, pictures and files in results', () => {
    const [call, result] = items(
      {
        type: 'custom_tool_call',
        call_id: 'a',
        name: 'exec',
        input: 'x = 1',
        namespace: 'functions',
        id: 'ctc_1',
      },
      {
        type: 'custom_tool_call_output',
        call_id: 'a',
        output: [
          { type: 'input_text', text: 'see' },
          { type: 'input_image', image_url: 'data:image/png;base64,aGk=', detail: 'original' },
          { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,aGk=' },
        ],
      },
    )
    expect(call?.parts).toEqual([
      { type: 'tool-call', id: 'a', name: 'exec', kind: 'custom', input: 'x = 1', namespace: 'functions' },
    ])
    expect(result?.parts).toMatchObject([
      {
        kind: 'custom',
        content: [
          { type: 'text', text: 'see' },
          { type: 'image', detail: 'original', source: { mediaType: 'image/png', data: 'aGk=' } },
          { type: 'document', title: 'a.pdf', source: { mediaType: 'application/pdf', data: 'aGk=' } },
        ],
      },
    ])
  })

  test('say which tools the client runs itself', () => {
    const turns = items(
      { type: 'local_shell_call', call_id: 'a', action: { type: 'exec', command: ['ls'] } },
      { type: 'shell_call', call_id: 'b', action: { commands: ['ls'] } },
      { type: 'shell_call', call_id: 'c', action: {}, environment: { type: 'container_reference' } },
      { type: 'apply_patch_call', call_id: 'd', operation: {} },
      { type: 'computer_call', call_id: 'e', actions: [] },
      { type: 'tool_search_call', call_id: 'f', execution: 'client', arguments: {} },
      { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'q' } },
    )
    const told = turns.map(({ parts: [part] }) => part?.type === 'server-call' && part.byClient === true)
    expect(told).toEqual([true, true, false, true, true, true, false])
  })

  test('change settings for all that follows', () => {
    const [update] = items({
      type: 'configuration_update',
      reasoning: { effort: 'high' },
      text: { format: { type: 'json_schema', name: 'a', schema: {}, strict: true } },
    })
    expect(update).toMatchObject({
      role: 'system',
      parts: [],
      reasoning: { effort: 'high' },
      output: { type: 'json-schema', name: 'a', strict: true },
    })
  })

  test('carry cache marks', () => {
    const breakpoint = { mode: 'explicit', ttl: '12h' }
    const [turn] = items({
      role: 'user',
      content: [{ type: 'input_text', text: 'a', prompt_cache_breakpoint: breakpoint }],
    })
    expect(turn?.parts).toEqual([{ type: 'text', text: 'a', cache: { ttl: '12h' } }])
  })
})

describe('settings', () => {
  test('have canonical words for all that another protocol has as well', () => {
    const request = bare(
      decode({
        max_output_tokens: 9,
        moderation: { model: 'omni', policy: { input: { mode: 'block' } } },
        prompt_cache_options: { mode: 'explicit' },
        prompt_cache_retention: '24h',
        safety_identifier: 'u',
        reasoning: { effort: 'none', generate_summary: 'concise' },
        include: ['message.output_text.logprobs'],
        top_logprobs: 2,
        tools: [{ type: 'function', name: 'f', output_schema: { a: 1 }, async: true, defer_loading: true }],
      }),
    )
    expect(request).toMatchObject({
      maxOutputTokens: 9,
      moderation: { model: 'omni', policy: { input: { mode: 'block' } } },
      promptCacheOptions: { mode: 'explicit' },
      promptCacheRetention: '24h',
      user: 'u',
      reasoning: { mode: 'disabled', effort: 'none', display: 'concise' },
      sampling: { logprobs: true, topLogprobs: 2 },
      tools: [{ name: 'f', outputSchema: '{"a":1}', nonBlocking: true, deferLoading: true }],
    })
  })

  test('take a warm-up of the cache for a limit of nothing, and give it back', () => {
    const bodies = [
      { model: 'm', prompt_cache_options: { prewarm: true } },
      { model: 'm', prompt_cache_options: { mode: 'implicit', prewarm: true }, max_output_tokens: 5 },
      { model: 'm', max_output_tokens: 0 },
    ]
    for (const body of bodies) {
      const request = decode(body)
      expect(request.maxOutputTokens).toBe(0)
      const again = encodeRequest(request, { model: 'm', stream: false }).body
      expect(JSON.parse(again)).toEqual(body)
    }
  })
})
