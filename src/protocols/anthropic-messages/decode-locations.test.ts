import { describe, expect, test } from 'bun:test'
import { wireRequest } from '../../../test/support/corpus.ts'
import { bare, isJsonObject } from '../../ir/index.ts'
import { decodeRequest } from './decode-request.ts'
import { encodeRequest } from './encode-request.ts'
import { fieldPath } from './field-path.ts'
import { anthropicMessages } from './index.ts'

const wire = (body: object) =>
  wireRequest(anthropicMessages, { path: '/v1/messages', body: JSON.stringify(body) })

const body = {
  model: 'm',
  max_tokens: 5,
  system: [
    { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1; cc_entrypoint=cli;' },
    { type: 'text', text: 'S', cache_control: { type: 'ephemeral', ttl: '1h' } },
  ],
  tools: [{ name: 'f', input_schema: { type: 'object' } }],
  tool_choice: { type: 'auto' },
  messages: [
    { role: 'user', content: 'hi' },
    {
      role: 'assistant',
      content: [{ type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }],
    },
    {
      role: 'user',
      content: [
        {
          type: 'tool_result',
          tool_use_id: 'toolu_1',
          content: [
            { type: 'tool_reference', tool_name: 'g' },
            {
              type: 'search_result',
              source: 'https://a',
              title: 'A',
              content: [{ type: 'text', text: 'r' }],
            },
          ],
        },
        {
          type: 'document',
          source: { type: 'content', content: [{ type: 'text', text: 'd' }] },
          title: 'D',
          context: 'C',
          citations: { enabled: true },
        },
      ],
    },
    { role: 'system', content: [{ type: 'text', text: 'late', cache_control: { type: 'ephemeral' } }] },
  ],
}

const places = (value: unknown): readonly string[] => {
  if (Array.isArray(value)) return value.flatMap(places)
  if (!isJsonObject(value)) return []
  const { at, extensions: _extensions, ...members } = value
  return [...(typeof at === 'string' ? [at] : []), ...Object.values(members).flatMap(places)]
}

describe('where things stand', () => {
  test('turns, parts at any depth, tools and the choice tell it, when asked', () => {
    const request = decodeRequest(wire(body), { locations: true })
    expect([...places(request.turns)].sort()).toEqual(
      [
        'system',
        'system.1',
        'messages.0',
        'messages.0.content',
        'messages.1',
        'messages.1.content.0',
        'messages.2',
        'messages.2.content.0',
        'messages.2.content.0.content.0',
        'messages.2.content.0.content.1',
        'messages.2.content.0.content.1.content.0',
        'messages.2.content.1',
        'messages.2.content.1.source.content.0',
        'messages.3',
        'messages.3.content.0',
      ].sort(),
    )
    expect([request.tools[0]?.at, request.toolChoice?.at]).toEqual(['tools.0', 'tool_choice'])
    expect(places(decodeRequest(wire(body)))).toEqual([])
  })

  test('they change nothing of what goes out', () => {
    const request = decodeRequest(wire(body), { locations: true })
    const encoded = encodeRequest(request, { model: 'm', stream: false })
    expect(JSON.parse(encoded.body)).toEqual(body)
  })

  test('fields have the names of this wire', () => {
    const named = [
      'maxOutputTokens',
      'sampling.topP',
      'reasoning.effort',
      'output.schema',
      'turns[3].parts[0]',
    ]
    expect(named.map(fieldPath)).toEqual([
      'max_tokens',
      'top_p',
      'output_config.effort',
      'output_config.format.schema',
      'messages.3.parts.0',
    ])
    expect(['messages.3.content.0', 'tools.1', 'model'].map(fieldPath)).toEqual([
      'messages.3.content.0',
      'tools.1',
      'model',
    ])
  })
})

test('what other encoders must know is canonical', () => {
  const { turns } = bare(decodeRequest(wire(body)))
  // The billing note of Claude Code is not for the model.
  expect(turns[0]?.parts).toEqual([{ type: 'text', text: 'S', cache: { ttl: '1h' } }])
  expect(turns[3]?.parts).toEqual([
    {
      type: 'tool-result',
      callId: 'toolu_1',
      kind: 'function',
      content: [
        { type: 'json', json: '{"type":"tool_reference","tool_name":"g"}' },
        {
          type: 'document',
          source: { type: 'parts', parts: [{ type: 'text', text: 'r' }] },
          url: 'https://a',
          title: 'A',
        },
      ],
    },
    {
      type: 'document',
      source: { type: 'parts', parts: [{ type: 'text', text: 'd' }] },
      title: 'D',
      context: 'C',
      wantsCitations: true,
    },
  ])
  expect(turns[4]).toMatchObject({
    role: 'system',
    placement: 'inline',
    parts: [{ type: 'text', text: 'late', cache: {} }],
  })
})
