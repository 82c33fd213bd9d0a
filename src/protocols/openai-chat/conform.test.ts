import { expect, test } from 'bun:test'
import { conform } from './conform.ts'

const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm' }
const chunk = (choice: object, more: object = {}): string =>
  JSON.stringify({ ...head, choices: [{ index: 0, delta: {}, finish_reason: null, ...choice }], ...more })
const role = chunk({ delta: { role: 'assistant', content: '' } })
const text = chunk({ delta: { content: 'a' } })
const stop = chunk({ finish_reason: 'stop' })
const usage = JSON.stringify({ ...head, choices: [], usage: { prompt_tokens: 1 } })
const call = (index: number, more: object = {}): string =>
  chunk({
    delta: { tool_calls: [{ index, id: `c${index}`, type: 'function', function: { name: 'f' }, ...more }] },
  })

const broken = (...data: readonly string[]): readonly string[] => {
  const machine = conform()
  return [...data.flatMap((item) => machine.push({ data: item })), ...machine.end()]
}

test('a whole stream breaks no rule', () => {
  expect(
    broken(role, text, call(0), call(1), chunk({ finish_reason: 'tool_calls' }), usage, '[DONE]'),
  ).toEqual([])
})

test('an error chunk ends a stream lawfully', () => {
  expect(broken(role, text, '{"error":{"message":"x"}}')).toEqual([])
})

test("Azure's opening chunk without choices has no identity yet", () => {
  const opening = JSON.stringify({ id: '', created: 0, model: '', choices: [], prompt_filter_results: [] })
  expect(broken(opening, role, stop, '[DONE]')).toEqual([])
})

test.each([
  ['json-invalid', [role, '{', stop, '[DONE]']],
  ['after-end', [role, stop, '[DONE]', text]],
  ['after-end', [role, '{"error":{"message":"x"}}', '[DONE]']],
  ['choices-missing', [role, JSON.stringify(head), stop, '[DONE]']],
  ['identity-changed', [role, chunk({}, { id: 'other' }), stop, '[DONE]']],
  ['choice-index-invalid', [role, chunk({ index: -1 }), stop, '[DONE]']],
  ['delta-missing', [role, chunk({ delta: null }), stop, '[DONE]']],
  ['role-missing', [text, stop, '[DONE]']],
  ['after-finish', [role, stop, text, '[DONE]']],
  ['after-finish', [role, stop, stop, '[DONE]']],
  ['finish-unknown', [role, chunk({ finish_reason: 'eos' }), '[DONE]']],
  ['call-index-gap', [role, call(1), stop, '[DONE]']],
  ['call-returned', [role, call(0), call(1), call(0), stop, '[DONE]']],
  ['call-incomplete', [role, call(0, { id: undefined }), stop, '[DONE]']],
  ['usage-repeated', [role, stop, usage, usage, '[DONE]']],
  ['finish-missing', [role, text, '[DONE]']],
  ['done-missing', [role, stop]],
] as const)('%s', (rule, data) => {
  expect(broken(...data)).toEqual([rule])
})

test('a stream that is cut breaks both rules of the end', () => {
  expect(broken(role, text)).toEqual(['finish-missing', 'done-missing'])
})
