import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { processorTime } from '../../../test/support/processor-time.ts'
import { createPlaceholderMap } from './placeholder-map.ts'
import { restoreDocument } from './restore-document.ts'

const value = 'ada "the\\first"\n@example.com'
const map = createPlaceholderMap([
  { placeholder: '[EMAIL_7K2M9X]', type: 'EMAIL', value },
  { placeholder: '[KEY_ABCDEF]', type: 'KEY' },
])

const restored = (document: unknown): unknown => JSON.parse(restoreDocument(JSON.stringify(document), map))

test('every string gets its values, and what holds JSON in a string stays JSON', () => {
  const inner = JSON.stringify({ to: '[EMAIL_7K2M9X]', key: '[KEY_ABCDEF]' })
  const said = JSON.stringify({ to: value, key: '[KEY_ABCDEF]' })
  expect(
    restored({
      output: [
        { type: 'message', content: [{ text: 'to \\[EMAIL\\_7K2M9X\\] now' }] },
        { type: 'function_call', arguments: inner },
        { type: 'function_call_output', output: inner },
        { type: 'function_call_output', output: 'to [EMAIL_7K2M9X]' },
        { type: 'custom_tool_call', input: inner },
      ],
      instructions: inner,
    }),
  ).toEqual({
    output: [
      { type: 'message', content: [{ text: `to ${value} now` }] },
      { type: 'function_call', arguments: said },
      { type: 'function_call_output', output: said },
      { type: 'function_call_output', output: `to ${value}` },
      { type: 'custom_tool_call', input: said },
    ],
    instructions: inner.replace('[EMAIL_7K2M9X]', value),
  })
})

test('names and sealed state stay, at any depth and behind lists', () => {
  const document = {
    '[EMAIL_7K2M9X]': 1,
    items: [{ encrypted_content: 'x [EMAIL_7K2M9X]' }, { encrypted_content: ['[EMAIL_7K2M9X]'] }],
    last: '[EMAIL_7K2M9X]',
  }
  expect(restored(document)).toEqual({ ...document, last: value })
})

test('what is not changed stays byte for byte', () => {
  const source = '{ "a" : 1.0, "big":12345678901234567890, "b": "\\u00e9 \\/", "c" :"[EMAIL_7K2M9X]" }\n'
  expect(restoreDocument(source, map)).toBe(source.replace('"[EMAIL_7K2M9X]"', JSON.stringify(value)))
  const without = source.replace('[EMAIL_7K2M9X]', '[KEY_ABCDEF] [EMAIL_000000]')
  expect(restoreDocument(without, map)).toBe(without)
})

test('any document comes back with values where it had placeholders', () => {
  const word = fc.oneof(
    fc.constant('[EMAIL_7K2M9X]'),
    fc.string(),
    fc.constantFrom('"', '\\', '{', ':', '\n'),
  )
  const text = fc.array(word, { maxLength: 5 }).map((words) => words.join(' '))
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.integer(),
      fc.array(tie('tree')),
      fc.dictionary(fc.string(), tie('tree')),
    ),
  }))
  const walk = (node: unknown): unknown => {
    if (typeof node === 'string') return node.replaceAll('[EMAIL_7K2M9X]', value)
    if (Array.isArray(node)) return node.map(walk)
    if (typeof node !== 'object' || node === null) return node
    return Object.fromEntries(Object.entries(node).map(([key, one]) => [key, walk(one)]))
  }
  fc.assert(
    fc.property(tree, fc.constantFrom(0, 1, 2), (node, indent) => {
      const source = JSON.stringify(node, null, indent)
      // Keys that are read as JSON, and keys of state, have tests of their own.
      fc.pre(!/"(?:arguments|input|output|encrypted_content|\w*[sS]ignature)"\s*:/.test(source))
      expect(JSON.parse(restoreDocument(source, map))).toEqual(JSON.parse(JSON.stringify(walk(node))))
    }),
    { numRuns: 1_000 },
  )
})

test('a document of a megabyte is read in linear time, also where it is all quotes and brackets', () => {
  for (const hostile of ['['.repeat(500_000), `"${'\\"'.repeat(500_000)}"`, '"" '.repeat(300_000)]) {
    const started = processorTime()
    restoreDocument(hostile, map)
    expect(processorTime() - started).toBeLessThan(1_000)
  }
})
