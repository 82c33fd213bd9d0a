import { expect, test } from 'bun:test'
import { applySplices, scanJson } from '../../wire/index.ts'
import { leaves } from './leaves.ts'

/** From the bytes alone, and with what a scan knows of them: the same. */
const read = (json: string) => {
  const body = new TextEncoder().encode(json)
  const request = {
    method: 'POST',
    path: '/v1/chat/completions',
    parameters: {},
    query: new URLSearchParams(),
    headers: new Headers(),
    body,
  }
  const found = leaves(request)
  const known = leaves({ ...request, scan: scanJson(body, new Set(), 1_000_000) })
  const facts = (all: typeof found) =>
    all.map(({ id, role, kind, text, start, end }) => [id, role, kind, text, start, end])
  expect(facts(known)).toEqual(facts(found))
  return known
}

const seen = (body: unknown) =>
  read(JSON.stringify(body)).map(({ id, role, kind, text }) => [id, role, kind, text])

test('every text with its role and kind', () => {
  expect(
    seen({
      model: 'm',
      messages: [
        { role: 'developer', content: 'sys' },
        {
          role: 'user',
          name: 'n',
          content: [
            { type: 'text', text: 'hi' },
            { type: 'image_url', image_url: { url: 'u' } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          reasoning_content: 'hm',
          refusal: 'no',
          tool_calls: [
            { id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":"b"}' } },
            { id: 'd', type: 'custom', custom: { name: 'g', input: 'SELECT' } },
          ],
        },
        { role: 'tool', tool_call_id: 'c', content: 'out' },
        { role: 'user', content: [{ type: 'file', file: { filename: 'a.pdf', file_data: 'x' } }] },
      ],
      tools: [
        {
          type: 'function',
          function: {
            name: 'f',
            description: 'does',
            parameters: { properties: { a: { type: 'string', description: 'an a' } } },
          },
        },
      ],
      prediction: { type: 'content', content: 'guess' },
    }),
  ).toEqual([
    ['messages[0].content', 'system', 'text', 'sys'],
    ['messages[1].name', 'user', 'title', 'n'],
    ['messages[1].content[0].text', 'user', 'text', 'hi'],
    ['messages[2].reasoning_content', 'assistant', 'reasoning', 'hm'],
    ['messages[2].refusal', 'assistant', 'text', 'no'],
    ['messages[2].tool_calls[0].function.arguments', 'assistant', 'tool-input', '{"a":"b"}'],
    ['messages[2].tool_calls[1].custom.input', 'assistant', 'tool-input', 'SELECT'],
    ['messages[3].content', 'tool', 'tool-output', 'out'],
    ['messages[4].content[0].file.filename', 'user', 'title', 'a.pdf'],
    ['tools[0].function.description', 'system', 'description', 'does'],
    ['tools[0].function.parameters.properties.a.description', 'system', 'description', 'an a'],
    ['prediction.content', 'assistant', 'text', 'guess'],
  ])
})

test("a dialect's unknown field cannot hide text", () => {
  expect(
    seen({ messages: [{ role: 'user', content: [{ type: 'future', body: { words: ['deep'] } }] }] }),
  ).toEqual([['messages[0].content[0].body.words[0]', 'user', 'text', 'deep']])
})

test('arguments as an object are one leaf of JSON', () => {
  const [leaf] = read(
    '{"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{"a":"b","n":1.0}}}]}]}',
  )
  expect(leaf).toMatchObject({ kind: 'tool-input', json: true, text: '{"a":"b","n":1.0}' })
})

test('equal keys are two leaves with names of their own', () => {
  const found = read('{"messages":[{"role":"user","content":"first","content":"second"}]}')
  expect(found.map(({ id, text }) => [id, text])).toEqual([
    ['messages[0].content', 'first'],
    ['messages[0].content#2', 'second'],
  ])
})

test('a splice of each leaf with its own literal gives the same bytes, with escapes and wide characters', () => {
  const body =
    '{"messages":[{"role":"user","content":"\u00e4\u{1f600}"},{"role":"user","content":"a\\u00e9\\"b"}]}'
  const bytes = new TextEncoder().encode(body)
  const found = read(body)
  expect(found.map((leaf) => leaf.text)).toEqual(['\u00e4\u{1f600}', 'a\u00e9"b'])
  const splices = found.map(({ start, end }) => ({
    start,
    end,
    text: new TextDecoder().decode(bytes.subarray(start, end)),
  }))
  expect(new TextDecoder().decode(applySplices(bytes, splices))).toBe(body)
})

test('depth is no danger', () => {
  const deep = `${'['.repeat(20_000)}"x"${']'.repeat(20_000)}`
  expect(read(`{"messages":[{"role":"user","content":[{"type":"y","z":${deep}}]}]}`)).toHaveLength(1)
})
