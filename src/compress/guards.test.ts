import { describe, expect, test } from 'bun:test'
import type { Leaf } from '../ir/index.ts'
import { markedEnd } from './cache-marks.ts'
import { compressText } from './compress-text.ts'
import { bringsEditTools } from './edit-tools.ts'
import { fencedBlocks } from './fenced-blocks.ts'
import { asksForEdits, countsLines, isPasted } from './pasted-leaves.ts'
import { printsOf } from './prints.ts'

describe('fenced blocks', () => {
  const tagged = (text: string) =>
    fencedBlocks(text).map(({ tag, start, end }) => [tag, text.slice(start, end)])

  test('are those at the margin that name a language, and perhaps a file', () => {
    expect(
      tagged('a\n```go\nx\n```\n~~~ py\ny\n~~~~\n```ts src/a.ts\nz\n```\n```js title="a.js"\n\n``` \n'),
    ).toEqual([
      ...[
        ['go', 'x\n'],
        ['py', 'y\n'],
        ['ts', 'z\n'],
        ['js', '\n'],
      ],
    ])
    expect(tagged('````md\n```go\nx\n```\n````\n```\nno\n```\n')).toEqual([['md', '```go\nx\n```\n']])
    expect(tagged('```go\r\nx\r\n```\r\n')).toEqual([['go', 'x\r\n']])
  })

  test.each([
    ['never closed', '```go\nx\n'],
    ['indented', '  ```go\n  x\n  ```\n'],
    ['quoted', '> ```go\n> x\n> ```\n'],
    ['with numbers of lines', '```ts {1,3-5}\nx\n```\n'],
    ['that begin somewhere in a file', '```12:40:src/a.ts\nx\n```\n'],
    ['that count lines', '```ts showLineNumbers\nx\n```\n'],
    ['no block at all', '```go x``` y\n'],
    ['closed by another sign', '```go\nx\n~~~\n'],
  ])('%s: none', (_, text) => expect(tagged(text)).toEqual([]))
})

describe('tools that may change files', () => {
  test.each([
    ['Claude Code', [{ name: 'MultiEdit', input_schema: {} }]],
    ['Claude’s own', [{ type: 'text_editor_20250728', name: 'str_replace_based_edit_tool' }]],
    ['Codex', [{ type: 'function', function: { name: 'apply_patch' } }]],
    [
      'Codex, as a grammar',
      [{ type: 'custom', name: 'x', format: { definition: 'start: "*** Begin Patch"' } }],
    ],
    ['Codex’ shell', [{ type: 'local_shell' }]],
    ['Gemini CLI', [{ functionDeclarations: [{ name: 'replace' }] }]],
    ['a server for tools', [{ type: 'mcp', server_label: 'files' }]],
    [
      'a namespace',
      [{ type: 'namespace', name: 'files', tools: [{ type: 'function', name: 'write_file' }] }],
    ],
    ['one that makes files', [{ name: 'create_file' }]],
    ['Claude’s sandbox', [{ type: 'code_execution_20250825', name: 'code_execution' }]],
    ['OpenAI’s sandbox', [{ type: 'code_interpreter' }]],
    ['one that puts', [{ name: 'putObject' }]],
    ['one that uploads', [{ name: 'upload-file' }]],
    ['told by its schema', [{ name: 'x', input_schema: { properties: { old_string: {}, new_string: {} } } }]],
    ['told by its schema, in camels', [{ name: 'x', parameters: { properties: { oldText: {} } } }]],
  ])('%s', (_, tools) => expect(bringsEditTools(tools)).toBe(true))

  test('others may not', () => {
    expect(
      bringsEditTools([
        { name: 'get_weather', input_schema: { properties: { city: { type: 'string' } } } },
        { type: 'web_search_20250305', name: 'web_search' },
        ...['input', 'output', 'creator', 'executions', 'interpret'].map((name) => ({ name })),
        { functionDeclarations: [{ name: 'readFile', description: 'edit nothing' }] },
      ]),
    ).toBe(false)
  })
})

test('what asks for edits in words', () => {
  for (const text of [
    'use SEARCH/REPLACE blocks',
    '<<<<<<< SEARCH\n',
    '*** Begin Patch',
    'a\n@@ -1,2 +1,2 @@\n',
    'as a unified diff',
  ]) {
    expect(asksForEdits(text)).toBe(true)
  }
  expect(asksForEdits('please review this file')).toBe(false)
})

test('who counts lines', () => {
  for (const text of [
    'panic at main.go:42',
    'File "a.py", line 7',
    'see lines 3 to 5',
    'a.ts(12,5): error',
    'L12',
  ]) {
    expect(countsLines(text)).toBe(true)
  }
  expect(countsLines('a line of code, 12 of them, at 10:30')).toBe(false)
})

const leaf = (changes: Partial<Leaf>): Leaf => ({
  ...{ id: 'messages[0].content', role: 'user', kind: 'text', text: '```go\nx\n```\n', start: 0, end: 1 },
  ...changes,
})

test('only texts of user turns are pasted', () => {
  for (const id of [
    'messages[3].content[1].text',
    'input',
    'input[2].content[0].text',
    'input[0]',
    'contents[0].parts[1].text',
  ]) {
    expect(isPasted(leaf({ id }))).toBe(true)
  }
  for (const other of [
    ...[
      { role: 'assistant' },
      { role: 'system' },
      { role: 'tool', kind: 'tool-output' },
      { json: true },
      { text: 'x' },
    ],
    ...[{ id: 'messages[0].content[0].content[0].text' }, { id: 'messages[0].content[0].source.data' }],
    ...[{ id: 'prompt.variables.x' }, { id: 'later' }, { id: 'messages[0].content#2' }],
  ] as const) {
    expect(isPasted(leaf(other))).toBe(false)
  }
})

test('what is marked for a cache ends with the last object that has a mark', () => {
  const json = '{"a":[{"cache_control":{"type":"x"},"text":"b{}\\"]"},{"text":"c"}],"d":1}'
  expect(json.slice(markedEnd(json))).toBe(',{"text":"c"}],"d":1}')
  expect(markedEnd('{"a":"say \\"cache_control\\" to me"}')).toBe(0)
  const mark = '"cache_control":{"type":"ephemeral"}'
  for (const whole of [
    `{"messages":[],${mark}}`,
    `{${mark},"messages":[]}`,
    `{${mark},"messages":[{"text":"a",${mark}},{"text":"b"}]}`,
    `{"messages":[{"text":"a",${mark}},{"text":"b"}],${mark}}`,
  ]) {
    expect(markedEnd(whole)).toBe(whole.length)
  }
  const turn = `{"a":[{${mark},"b":[{${mark}},{"c":1}]}`
  expect(markedEnd(`${turn},{"d":2}]}`)).toBe(turn.length)
})

test('prints tell what was said before, but not what the system said', () => {
  const [system, first, answer, second] = [
    leaf({ role: 'system', text: 's' }),
    leaf({ text: 'a' }),
    leaf({ role: 'assistant', text: 'b' }),
    leaf({ text: 'a' }),
  ] as const
  const [one, two] = printsOf([system, first, answer, second], [first, second])
  expect(one).not.toBe(two)
  expect(printsOf([first, answer], [first])).toEqual([String(one)])
  expect(printsOf([{ ...system, text: 't' }, first, answer, second], [second])).toEqual([String(two)])
  expect(printsOf([first, { ...answer, text: 'c' }, second], [second])).not.toEqual([String(two)])
})

test('what would end a block once a comment is gone stays', () => {
  const text = (inside: string) => `\`\`\`go\n${inside}\n\`\`\`\n`
  // An empty raw string, and the beginning of another one.
  const hidden = text('x := f(\n/* a */ ```, `b`)')
  expect(compressText(hidden, { dedent: false })).toBeUndefined()
  expect(compressText(text('x := f( /* a */ "```")'), { dedent: false })?.text).toBe(text('x := f( "```")'))
})
