import { describe, expect, test } from 'bun:test'
import { clientRecordings, corpus, corpusAvailable, wireRequest } from '../../../test/support/corpus.ts'
import type { Leaf } from '../../ir/index.ts'
import { applySplices } from '../../wire/index.ts'
import { openaiResponses } from './index.ts'
import { leaves } from './leaves.ts'

const wireOf = (body: string) => wireRequest(openaiResponses, { path: '/v1/responses', body })

const spoken = (body: unknown): readonly string[] =>
  leaves(wireOf(JSON.stringify(body))).map(({ role, kind, id, text }) => `${role} ${kind} ${id}: ${text}`)

describe('the texts of a request', () => {
  test('have a speaker, a kind and a place', () => {
    expect(
      spoken({
        model: 'gpt-5',
        instructions: 'be brief',
        input: [
          { role: 'developer', content: 'rules' },
          {
            role: 'user',
            content: [
              { type: 'input_text', text: 'hi' },
              { type: 'input_file', filename: 'a.pdf' },
            ],
          },
          {
            type: 'reasoning',
            id: 'rs',
            summary: [{ type: 'summary_text', text: 'hm' }],
            encrypted_content: 'gAA',
          },
          { type: 'message', role: 'assistant', content: [{ type: 'refusal', refusal: 'no' }] },
          { type: 'function_call', call_id: 'c', name: 'f', arguments: '{"a":1}' },
          { type: 'function_call_output', call_id: 'c', output: [{ type: 'input_text', text: 'out' }] },
          { type: 'shell_call', call_id: 's', action: { commands: ['ls'] } },
          { type: 'mcp_call', id: 'm', name: 'n', server_label: 'l', arguments: '{}', output: 'found' },
          { type: 'tool_search_call', call_id: 't', arguments: { query: 'w' } },
          { type: 'future_call', prose: 'new' },
        ],
        tools: [
          {
            type: 'function',
            name: 'f',
            description: 'does f',
            parameters: { properties: { type: { title: 'T' } } },
          },
        ],
        text: { format: { type: 'json_schema', name: 'n', schema: { description: 'shape' } } },
        prompt: { id: 'p', variables: { who: 'Ada' } },
        metadata: { note: 'beside' },
        future_field: 'hm?',
      }),
    ).toEqual([
      'system text instructions: be brief',
      'system text input[0].content: rules',
      'user text input[1].content[0].text: hi',
      'user title input[1].content[1].filename: a.pdf',
      'assistant reasoning input[2].summary[0].text: hm',
      'assistant text input[3].content[0].refusal: no',
      'assistant tool-input input[4].arguments: {"a":1}',
      'tool tool-output input[5].output[0].text: out',
      'assistant tool-input input[6].action.commands[0]: ls',
      'assistant tool-input input[7].arguments: {}',
      'tool tool-output input[7].output: found',
      'assistant tool-input input[8].arguments: {"query":"w"}',
      'assistant tool-input input[9].prose: new',
      'system description tools[0].description: does f',
      'system description tools[0].parameters.properties.type.title: T',
      'system description text.format.schema.description: shape',
      'user text prompt.variables.who: Ada',
      'system title metadata.note: beside',
      'user text future_field: hm?',
    ])
  })

  test('are found behind escapes, repeated keys, a byte order mark and other alphabets', () => {
    const found = leaves(
      wireOf('\ufeff {"input":"a","inp\\u0075t":"b\\n\\ud83c\\udf88ü","instructions":"☂"}'),
    )
    expect(found.map(({ id, text }) => [id, text])).toEqual([
      ['input', 'a'],
      ['input#2', 'b\n🎈ü'],
      ['instructions', '☂'],
    ])
  })

  test.skipIf(!corpusAvailable('splices'))('are replaced in place, and nothing else changes', () => {
    const bodies = [
      ...corpus('responses').flatMap((record) => (record.request === undefined ? [] : [record.request.text])),
      ...clientRecordings(({ path }) => path === '/v1/responses').map(({ text }) => text),
    ].filter((text) => text !== '')
    for (const body of bodies) {
      const wire = wireOf(body)
      const found = leaves(wire)
      const same = found.map((leaf) => ({ ...leaf, text: source(wire.body, leaf) }))
      expect(Buffer.compare(applySplices(wire.body, same), wire.body)).toBe(0)
      const marked = applySplices(
        wire.body,
        found.filter((leaf) => leaf.json !== true).map((leaf) => ({ ...leaf, text: '"[edited]"' })),
      )
      const after = leaves({ ...wire, body: marked }).filter((leaf) => leaf.json !== true)
      expect(after.every(({ text }) => text === '[edited]')).toBe(true)
      expect(after.map(({ id }) => id)).toEqual(
        found.filter((leaf) => leaf.json !== true).map(({ id }) => id),
      )
    }
    expect(bodies.length).toBeGreaterThan(150)
  })
})

const source = (body: Uint8Array, { start, end }: Leaf): string =>
  Buffer.from(body.subarray(start, end)).toString('utf8')
