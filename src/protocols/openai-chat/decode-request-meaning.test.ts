import { describe, expect, test } from 'bun:test'
import type { GenerateRequest } from '../../ir/index.ts'
import { decodeRequest } from './decode-request.ts'

const decode = (body: object, headers: Record<string, string> = {}): GenerateRequest =>
  decodeRequest(
    {
      method: 'POST',
      path: '/v1/chat/completions',
      parameters: {},
      query: new URLSearchParams(),
      headers: new Headers(headers),
      body: new TextEncoder().encode(JSON.stringify({ model: 'm', ...body })),
    },
    { locations: true },
  )
const call = (id: string, name = 'f') => ({ id, type: 'function', function: { name, arguments: '{}' } })

describe('what other protocols need to know', () => {
  test('the result of a free-text call is of its kind', () => {
    const { turns } = decode({
      messages: [
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c', type: 'custom', custom: { name: 'p', input: 'x' } }],
        },
        { role: 'tool', tool_call_id: 'c', content: 'ok' },
      ],
    })
    expect(turns[1]?.parts[0]).toMatchObject({ type: 'tool-result', kind: 'custom' })
  })

  test('data URLs with parameters or without a type are data', () => {
    const url = (text: string) => ({
      role: 'user',
      content: [{ type: 'image_url', image_url: { url: text } }],
    })
    const { turns } = decode({
      messages: [url('data:image/png;charset=x;base64,AA'), url('data:;base64,AA'), url('data:,a')],
    })
    expect(turns.map(({ parts }) => parts[0])).toMatchObject([
      { source: { type: 'base64', mediaType: 'image/png', data: 'AA' } },
      { source: { type: 'base64', data: 'AA' } },
      { source: { type: 'url', url: 'data:,a' } },
    ])
  })

  test('marks on messages and calls, in the words of Anthropic, are cache marks', () => {
    const mark = { cache_control: { type: 'ephemeral' } }
    const { turns } = decode({
      messages: [
        { role: 'user', content: 'hi', ...mark },
        { role: 'assistant', content: null, tool_calls: [{ ...call('a'), ...mark }] },
        { role: 'tool', tool_call_id: 'a', content: 'r', ...mark },
      ],
    })
    expect(turns.map(({ parts }) => parts.at(-1)?.cache)).toEqual([{}, {}, {}])
  })

  test('caching, moderation and several states of thoughts have words', () => {
    const decoded = decode({
      messages: [
        {
          role: 'assistant',
          content: 'a',
          reasoning_content: 'one\n\ntwo',
          reasoning_details: [
            { type: 'reasoning.text', text: 'one', index: 0 },
            { type: 'reasoning.encrypted', data: 'E0', index: 0 },
            { type: 'reasoning.summary', summary: 'two', index: 1 },
            { type: 'reasoning.encrypted', data: 'E1', index: 1 },
          ],
        },
      ],
      prompt_cache_options: { mode: 'explicit' },
      prompt_cache_retention: '24h',
      moderation: { model: 'x' },
    })
    expect(decoded).toMatchObject({
      promptCacheOptions: { mode: 'explicit' },
      promptCacheRetention: '24h',
      moderation: { model: 'x' },
    })
    expect(decoded.turns[0]?.parts).toMatchObject([
      { type: 'reasoning', pieces: [{ text: 'one' }], state: { value: 'E0' } },
      { type: 'reasoning', pieces: [{ kind: 'summary', text: 'two' }], state: { value: 'E1' } },
      { type: 'text', text: 'a' },
    ])
  })
})
