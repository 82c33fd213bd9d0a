import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { FinishReason, GenerateResponse, OutputFormat, Part } from '../../ir/index.ts'
import { compareAnswers } from './compare-answers.ts'

const answer = (parts: readonly Part[], reason: FinishReason = 'end'): GenerateResponse => ({
  protocol: 'openai-chat',
  choices: [{ index: 0, parts, finish: { reason } }],
})
const says = (text: string, reason?: FinishReason) => answer([{ type: 'text', text }], reason)
const call = (name: string, input: string, id = 'call_1'): Part => ({
  type: 'tool-call',
  kind: 'function',
  id,
  name,
  input,
})
const compare = (primary: GenerateResponse, copy: GenerateResponse, output?: OutputFormat) =>
  compareAnswers(output === undefined ? {} : { output }, primary, copy)

describe('tool calls are the same', () => {
  test('where name and arguments are, however the JSON is written and the call is named', () => {
    const one = answer([call('read', '{"path":"a","from":1}', 'call_a')], 'tool-calls')
    const other = answer([call('read', '{ "from": 1.0, "path": "\\u0061" }', 'toolu_b')], 'tool-calls')
    expect(compare(one, other)).toMatchObject({ sameToolCalls: true, sameStop: true })
  })

  test('in any order when there are several, and not when one is missing', () => {
    const calls = [call('read', '{"path":"a"}'), call('read', '{"path":"b"}'), call('list', '{}')]
    const [first, second, third] = calls
    if (first === undefined || second === undefined || third === undefined) throw new Error('three calls')
    expect(compare(answer(calls), answer([third, second, first])).sameToolCalls).toBe(true)
    expect(compare(answer(calls), answer([first, second])).sameToolCalls).toBe(false)
    expect(compare(answer([first, first, second]), answer([first, second, second])).sameToolCalls).toBe(false)
  })

  test('not with another value, another name, or text instead of a call', () => {
    const one = answer([call('read', '{"path":"a"}')])
    expect(compare(one, answer([call('read', '{"path":"A"}')])).sameToolCalls).toBe(false)
    expect(compare(one, answer([call('write', '{"path":"a"}')])).sameToolCalls).toBe(false)
    expect(compare(one, says('I would read a'))).toMatchObject({ sameToolCalls: false, sameStop: false })
    expect(compare(says('a'), says('b')).sameToolCalls).toBeNull()
  })

  test('where no arguments are an empty object, and digits count beyond what a double holds', () => {
    expect(compare(answer([call('now', '')]), answer([call('now', '{}')])).sameToolCalls).toBe(true)
    const numbered = (digits: string) => answer([call('get', `{"id":${digits}}`)])
    expect(compare(numbered('9007199254740993'), numbered('9007199254740992')).sameToolCalls).toBe(false)
    expect(compare(numbered('9007199254740993'), numbered('9007199254740993')).sameToolCalls).toBe(true)
  })

  test('for all JSON values whatever the order of their members and of the calls', () => {
    const turned = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(turned)
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, member]) => [key, turned(member)]),
      )
    }
    fc.assert(
      fc.property(fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 4 }), (inputs) => {
        const one = inputs.map((input) => call('tool', JSON.stringify(input)))
        const other = inputs
          .map((input) => call('tool', JSON.stringify(turned(input), undefined, 1)))
          .reverse()
        expect(compare(answer(one), answer(other)).sameToolCalls).toBe(inputs.length === 0 ? null : true)
      }),
    )
  })

  test('only where nothing that is too deep to walk differs', () => {
    const deep = (inside: string) =>
      answer([call('tool', '['.repeat(200_000) + inside + ']'.repeat(200_000))])
    expect(compare(deep('1'), deep('1')).sameToolCalls).toBe(true)
    expect(compare(deep('1'), deep('2')).sameToolCalls).toBe(false)
  })
})

describe('JSON', () => {
  const json: OutputFormat = { type: 'json-schema', schema: '{}' }

  test('is judged where it was asked for', () => {
    expect(compare(says('{"a":1}'), says('```json\n{"a":1}\n```'), json)).toMatchObject({
      primaryJson: true,
      copyJson: false,
    })
    expect(compare(says('{"a":1}'), says('{"a":1}'))).toMatchObject({ primaryJson: null, copyJson: null })
    expect(compare(says('x'), says('y'), { type: 'text' })).toMatchObject({ primaryJson: null })
  })

  test('is not asked of an answer that calls a tool first', () => {
    const measures = compare(answer([call('read', '{}')], 'tool-calls'), says('{}'), json)
    expect(measures).toMatchObject({ primaryJson: null, copyJson: true })
  })
})

describe('the end', () => {
  test('is the same where it means the same', () => {
    expect(compare(says('a', 'end'), says('a', 'stop-sequence')).sameStop).toBe(true)
    expect(compare(says('a', 'end'), says('a', 'length')).sameStop).toBe(false)
    expect(compare(says('a', 'refusal'), says('a', 'filtered-output')).sameStop).toBe(true)
    const called = [call('read', '{}')]
    expect(compare(answer(called, 'end'), answer(called, 'tool-calls')).sameStop).toBe(true)
  })
})

test('lengths and similarity are those of the text, and absent without any', () => {
  expect(compare(says('one two three'), says('one two four'))).toMatchObject({
    primaryLength: 13,
    copyLength: 12,
    similarity: 1 - 1 / 3,
  })
  expect(compare(says('one'), says('')).similarity).toBe(0)
  expect(compare(answer([call('a', '{}')]), answer([call('a', '{}')])).similarity).toBeNull()
})

test('an answer is like itself', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (text, name) => {
      const one = answer([{ type: 'text', text }, call(name, '{"a":1}')])
      expect(compare(one, one)).toMatchObject({ sameStop: true, sameToolCalls: true })
      expect(compare(one, one).similarity ?? 1).toBe(1)
    }),
  )
})
