import { describe, expect, test } from 'bun:test'
import { clientRecordings, corpus, corpusAvailable, wireRequest } from '../../../test/support/corpus.ts'
import { applySplices } from '../../wire/index.ts'
import { decodeRequest } from './decode-request.ts'
import { anthropicMessages } from './index.ts'
import { leaves } from './leaves.ts'

const wireOf = (body: string) => wireRequest(anthropicMessages, { path: '/v1/messages', body })
const leavesOf = (body: object | string) =>
  leaves(wireOf(typeof body === 'string' ? body : JSON.stringify(body)))
const brief = (body: object) => leavesOf(body).map(({ id, role, kind, text }) => [id, role, kind, text])

describe('leaves', () => {
  test('system, messages, thoughts, calls and results with their roles and kinds', () => {
    expect(
      brief({
        system: [{ type: 'text', text: 'S', cache_control: { type: 'ephemeral' } }],
        messages: [
          { role: 'user', content: 'U' },
          { role: 'system', content: [{ type: 'text', text: 'M' }] },
          {
            role: 'assistant',
            content: [
              { type: 'thinking', thinking: 'T', signature: 'sig' },
              { type: 'redacted_thinking', data: 'blob' },
              { type: 'tool_use', id: 't1', name: 'bash', input: { command: 'ls' } },
            ],
          },
          {
            role: 'user',
            content: [
              { type: 'tool_result', tool_use_id: 't1', content: 'R' },
              { type: 'tool_result', tool_use_id: 't2', content: [{ type: 'text', text: 'Q' }] },
            ],
          },
        ],
      }),
    ).toEqual([
      ['system[0].text', 'system', 'text', 'S'],
      ['messages[0].content', 'user', 'text', 'U'],
      ['messages[1].content[0].text', 'system', 'text', 'M'],
      ['messages[2].content[0].thinking', 'assistant', 'reasoning', 'T'],
      ['messages[2].content[2].input', 'assistant', 'tool-input', '{"command":"ls"}'],
      ['messages[3].content[0].content', 'tool', 'tool-output', 'R'],
      ['messages[3].content[1].content[0].text', 'tool', 'tool-output', 'Q'],
    ])
  })

  test('documents, their titles, and what server tools found', () => {
    expect(
      brief({
        messages: [
          {
            role: 'user',
            content: [
              {
                type: 'document',
                title: 'N',
                context: 'C',
                source: { type: 'text', media_type: 'text/plain', data: 'D' },
              },
              { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBE' } },
              { type: 'image', source: { type: 'url', url: 'https://a' } },
              { type: 'search_result', source: 'kb://1', title: 'A', content: [{ type: 'text', text: 'B' }] },
            ],
          },
          {
            role: 'assistant',
            content: [
              {
                type: 'web_search_tool_result',
                tool_use_id: 's',
                content: [
                  { type: 'web_search_result', url: 'https://b', title: 'W', encrypted_content: 'x' },
                ],
              },
            ],
          },
        ],
      }),
    ).toEqual([
      ['messages[0].content[0].title', 'user', 'title', 'N'],
      ['messages[0].content[0].context', 'user', 'text', 'C'],
      ['messages[0].content[0].source.data', 'user', 'text', 'D'],
      ['messages[0].content[3].source', 'user', 'title', 'kb://1'],
      ['messages[0].content[3].title', 'user', 'title', 'A'],
      ['messages[0].content[3].content[0].text', 'user', 'text', 'B'],
      ['messages[1].content[0].content[0].url', 'tool', 'tool-output', 'https://b'],
      ['messages[1].content[0].content[0].title', 'tool', 'title', 'W'],
    ])
  })

  test('descriptions of tools and of what their schemas hold, also of a property named type', () => {
    expect(
      brief({
        tools: [
          {
            name: 'n',
            description: 'D',
            input_schema: {
              type: 'object',
              properties: { type: { type: 'string', description: 'P', enum: ['E'] } },
              required: ['type'],
            },
          },
        ],
        output_config: { effort: 'high', format: { schema: { type: 'object', description: 'F' } } },
      }).map(([id, , kind, text]) => [id, kind, text]),
    ).toEqual([
      ['tools[0].description', 'description', 'D'],
      ['tools[0].input_schema.properties.type.description', 'description', 'P'],
      ['tools[0].input_schema.properties.type.enum[0]', 'description', 'E'],
      ['output_config.format.schema.description', 'description', 'F'],
    ])
  })

  test('blocks and members of tomorrow hide nothing', () => {
    const found = leavesOf({
      instructions: 'I',
      messages: [{ role: 'user', content: [{ type: 'future', deep: [{ words: 'W' }] }] }],
    })
    expect(found.map(({ text }) => text)).toEqual(['I', 'W'])
  })

  test('doubled members are all leaves, with ids of their own', () => {
    const found = leavesOf('{"messages":[{"role":"user","content":"a","content":"b"}]}')
    expect(found.map(({ id, text }) => [id, text])).toEqual([
      ['messages[0].content', 'a'],
      ['messages[0].content#2', 'b'],
    ])
  })

  test('spans count bytes: text beyond ASCII and escapes move nothing', () => {
    const body = '{"system":"é🙂\\u00e9","messages":[{"role":"user","content":"\\ud83d\\ude42 ü"}]}'
    const bytes = new TextEncoder().encode(body)
    const found = leavesOf(body)
    expect(found.map(({ text }) => text)).toEqual(['é🙂é', '🙂 ü'])
    for (const leaf of found) {
      expect(JSON.parse(Buffer.from(bytes.subarray(leaf.start, leaf.end)).toString('utf8'))).toBe(leaf.text)
    }
  })
})

describe.skipIf(!corpusAvailable('leaves of recorded requests'))('recorded requests', () => {
  const bodies = [
    ...corpus('anthropic').flatMap(({ request }) => (request === undefined ? [] : [request.text])),
    ...clientRecordings(({ path }) => path === '/v1/messages').map(({ text }) => text),
  ].filter((text) => text !== '')

  test('splicing every leaf with its own literal gives the body back', () => {
    expect(bodies.length).toBeGreaterThan(150)
    for (const body of bodies) {
      const wire = wireOf(body)
      const splices = leaves(wire).map(({ start, end }) => ({
        start,
        end,
        text: Buffer.from(wire.body.subarray(start, end)).toString('utf8'),
      }))
      expect(Buffer.from(applySplices(wire.body, splices)).equals(Buffer.from(wire.body))).toBe(true)
    }
  })

  test('editing every leaf leaves none of the old text behind', () => {
    for (const body of bodies) {
      const wire = wireOf(body)
      const found = leaves(wire)
      const edited = applySplices(
        wire.body,
        found.map((leaf) => ({ ...leaf, text: leaf.json === true ? '{}' : '"edited"' })),
      )
      const request = JSON.stringify(decodeRequest({ ...wire, body: edited }).turns)
      for (const leaf of found) {
        if (leaf.text.length < 40 || leaf.role === 'system') continue
        expect(request.includes(JSON.stringify(leaf.text).slice(1, -1))).toBe(false)
      }
    }
  })
})
