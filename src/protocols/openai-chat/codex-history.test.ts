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

describe('Codex', () => {
  const codex = { 'user-agent': 'codex_exec/0.55.0 (Debian 12.0.0; x86_64) dumb' }
  const tools = [{ type: 'function', function: { name: 'shell' } }]
  const head = [
    { role: 'user', content: 'go' },
    { role: 'assistant', content: null, tool_calls: [call('a')] },
  ]
  const answered = [...head, { role: 'tool', tool_call_id: 'a', content: 'r' }]
  const words = { role: 'assistant', content: 'I will run it.' }
  const shapes = (messages: readonly object[], headers = codex) =>
    decode({ messages, tools }, headers).turns.map(({ parts }) => parts.map(({ type }) => type).join(' '))

  test('words behind a result go back to their call, also in the middle, and stay there', () => {
    expect(shapes([...answered, words])).toEqual(['text', 'text tool-call', 'tool-result'])
    const next = [
      { role: 'assistant', content: null, tool_calls: [call('b')] },
      { role: 'tool', tool_call_id: 'b', content: 's' },
    ]
    expect(shapes([...answered, words, ...next])).toEqual([
      'text',
      'text tool-call',
      'tool-result',
      'tool-call',
      'tool-result',
    ])
  })

  test('an answer before the next question stays one, and other clients mean what they say', () => {
    expect(shapes([...answered, words, { role: 'user', content: 'and?' }])).toEqual([
      'text',
      'tool-call',
      'tool-result',
      'text',
      'text',
    ])
    expect(shapes([...answered, words], { 'user-agent': 'other/1' })).toHaveLength(4)
  })

  test('is given one call at a time, for it merges several', () => {
    expect(decode({ messages: head, tools }, codex).parallelToolCalls).toBe(false)
    expect(decode({ messages: head, tools }).parallelToolCalls).toBeUndefined()
    expect(decode({ messages: head }, codex).parallelToolCalls).toBeUndefined()
  })
})
