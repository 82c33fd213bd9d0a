import { describe, expect, test } from 'bun:test'
import type { Choice, GenerateRequest, GenerateResponse, Part } from '../../ir/index.ts'
import { encodeResponse } from './encode-response.ts'

const request: GenerateRequest = {
  protocol: 'openai-chat',
  model: 'asked',
  stream: false,
  turns: [],
  tools: [],
  sampling: {},
}
const encode = (choice: Partial<Choice>, more: Partial<GenerateResponse> = {}) => {
  const response: GenerateResponse = {
    protocol: 'anthropic-messages',
    id: 'msg_1',
    model: 'answered',
    choices: [{ index: 0, parts: [], finish: { reason: 'end' }, ...choice }],
    ...more,
  }
  const { body, warnings } = encodeResponse(response, { request, headers: new Headers(), id: 'x', now: 1 })
  return { ...JSON.parse(body), warnings: warnings.map(({ code, feature }) => `${code} ${feature}`) }
}
const said = (...parts: readonly Part[]) => encode({ parts }).choices[0].message
const call = (input: string, more: Partial<Part> = {}): Part =>
  ({ type: 'tool-call', id: 'c', name: 'f', kind: 'function', input, ...more }) as Part

describe('a whole answer of another protocol', () => {
  test('has every member that clients expect, null where there is nothing', () => {
    const { warnings: _warnings, ...body } = encode({})
    expect(body).toEqual({
      id: 'chatcmpl-msg_1',
      object: 'chat.completion',
      created: 1,
      model: 'answered',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: null, refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
    })
  })

  test('texts are joined, calls without arguments have an empty object', () => {
    expect(said({ type: 'text', text: 'a' }, call(' '), { type: 'text', text: 'b' })).toMatchObject({
      content: 'ab',
      tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
    })
  })

  test('the state of one thought stands beside it, of several each with its words', () => {
    const thought = (text: string, value: string): Part => ({
      type: 'reasoning',
      pieces: [{ kind: 'summary', text }],
      state: { protocol: 'openai-chat', kind: 'encrypted', value },
    })
    expect(said(thought('one', 'E'))).toMatchObject({
      reasoning_content: 'one',
      reasoning_details: [{ type: 'reasoning.encrypted', data: 'E', index: 0 }],
    })
    expect(said(thought('one', 'E'), thought('two', 'F'))).toMatchObject({
      reasoning_content: 'one\n\ntwo',
      reasoning_details: [
        { type: 'reasoning.summary', summary: 'one', index: 0 },
        { type: 'reasoning.encrypted', data: 'E', index: 0 },
        { type: 'reasoning.summary', summary: 'two', index: 1 },
        { type: 'reasoning.encrypted', data: 'F', index: 1 },
      ],
    })
  })

  test('the state of a call stands where Google puts it, whoever made it', () => {
    const state = { protocol: 'openai-responses', kind: 'encrypted', value: 'S' } as const
    expect(said(call('{}', { state })).tool_calls[0].extra_content).toEqual({
      google: { thought_signature: 'S' },
    })
  })

  test('sources without an address cannot be shown, and places stay within the text', () => {
    const { choices, warnings } = encode({
      parts: [
        { type: 'text', text: 'a\u{1f600}' },
        {
          type: 'text',
          text: 'bc',
          citations: [
            { kind: 'web', url: 'https://x', title: 'X', start: 1, end: 9 },
            { kind: 'search-result', url: 'my notes' },
            { kind: 'page', documentIndex: 0 },
          ],
        },
      ],
    })
    expect(choices[0].message.annotations).toEqual([
      { type: 'url_citation', url_citation: { url: 'https://x', title: 'X', start_index: 3, end_index: 4 } },
    ])
    expect(warnings).toEqual(['dropped citation'])
  })

  test('what Google obliges to show goes along', () => {
    const searchEntryPoint = { renderedContent: '<div>' }
    const extensions = { gemini: { groundingMetadata: { searchEntryPoint } } }
    expect(encode({ extensions }).x_tollgate).toEqual({ grounding: { searchEntryPoint } })
  })
})

describe('how an answer of another protocol ended', () => {
  const reason = (finish: Choice['finish'], ...parts: readonly Part[]): string =>
    encode({ parts, ...(finish === undefined ? {} : { finish }) }).choices[0].finish_reason

  test.each([
    ['end', 'stop'],
    ['stop-sequence', 'stop'],
    ['tool-calls', 'stop'],
    ['length', 'length'],
    ['context', 'length'],
    ['pause', 'stop'],
    ['filtered-output', 'content_filter'],
    ['filtered-input', 'content_filter'],
    ['steered', 'stop'],
    ['other', 'stop'],
  ] as const)('%s without a call is %s', (canonical, word) => {
    expect(reason({ reason: canonical })).toBe(word)
  })

  test('an open call wins, but for one whose arguments were cut', () => {
    expect(reason({ reason: 'end' }, call('{}'))).toBe('tool_calls')
    expect(reason({ reason: 'other' }, call('{}'))).toBe('tool_calls')
    expect(reason({ reason: 'tool-calls' }, call('{"a":'))).toBe('length')
    expect(reason({ reason: 'length' }, call('{}'))).toBe('length')
  })

  test('a refusal has words, unless there is a text that tells', () => {
    const refused = (finish: Choice['finish'], ...parts: readonly Part[]) => {
      const [choice] = encode({ parts, ...(finish === undefined ? {} : { finish }) }).choices
      return [choice.message.content, choice.message.refusal, choice.finish_reason]
    }
    expect(refused({ reason: 'refusal' })).toEqual([null, 'The request was refused.', 'content_filter'])
    expect(refused({ reason: 'refusal', message: 'no' })).toEqual([null, 'no', 'content_filter'])
    expect(refused({ reason: 'refusal' }, { type: 'text', text: 'a' })).toEqual(['a', null, 'content_filter'])
    expect(refused({ reason: 'refusal' }, { type: 'refusal', text: 'sorry' })).toEqual([
      null,
      'sorry',
      'stop',
    ])
  })

  test.each(['failed', 'malformed-call'] as const)('%s is an error, not an answer', (failure) => {
    expect(() => encode({ finish: { reason: failure, message: 'bad call' } })).toThrow('bad call')
  })
})
