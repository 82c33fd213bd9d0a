import { describe, expect, test } from 'bun:test'
import { encodeFrame } from '../../wire/index.ts'
import type { StreamMeter, StreamMeterOptions } from '../protocol.ts'
import { meterBody, meterStream } from './meter.ts'

const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm-2026' }
const block = (data: unknown, event?: string): Uint8Array =>
  encodeFrame({
    ...(event === undefined ? {} : { event }),
    data: typeof data === 'string' ? data : JSON.stringify(data),
  })
const chunk = (delta: object, finish: string | null = null, more: object = {}): Uint8Array =>
  block({ ...head, choices: [{ index: 0, delta, finish_reason: finish }], ...more })
const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 }
const usageChunk = block({ ...head, choices: [], usage })
const done = block('[DONE]')
const role = chunk({ role: 'assistant', content: '' })

const meter = (options: Partial<StreamMeterOptions> = {}): StreamMeter =>
  meterStream({ framing: 'sse', hideUsage: false, conform: false, ...options })
const fed = (blocks: readonly Uint8Array[], options: Partial<StreamMeterOptions> = {}): StreamMeter => {
  const machine = meter(options)
  for (const one of blocks) machine.push(one)
  return machine
}
const passed = (
  blocks: readonly Uint8Array[],
  options: Partial<StreamMeterOptions>,
): readonly Uint8Array[] => {
  const machine = meter(options)
  return blocks.filter((one) => machine.push(one) === one)
}

describe('hiding the usage that the gateway asked for', () => {
  test('keeps the usage-only chunk back and counts it', () => {
    const blocks = [role, chunk({ content: 'a' }, 'stop', { usage: null }), usageChunk, done]
    const machine = meter({ hideUsage: true })
    expect(blocks.map((one) => machine.push(one) === undefined)).toEqual([false, false, true, false])
    expect(machine.facts().usage).toEqual({ inputTokens: 5, outputTokens: 2 })
  })

  test('lets everything else pass: usage beside choices, filter results, groq, errors, comments', () => {
    const blocks = [
      block({ ...head, id: '', choices: [], prompt_filter_results: [] }),
      chunk({ content: 'a' }, null, { usage }),
      chunk({}, 'stop', { usage, x_groq: { usage } }),
      block({ ...head, choices: [], usage: null }),
      block({ ...head, choices: [], usage, error: { message: 'x' } }),
      block({ ...head, choices: null, usage }),
      new TextEncoder().encode(': keep-alive\n\n'),
    ]
    expect(passed(blocks, { hideUsage: true })).toHaveLength(blocks.length)
  })

  test('hides nothing when the client asked itself', () => {
    expect(passed([role, usageChunk, done], { hideUsage: false })).toHaveLength(3)
  })
})

describe('facts of a stream', () => {
  test('model, id, finish reason, usage, end', () => {
    expect(fed([role, chunk({ content: 'a' }), chunk({}, 'stop'), usageChunk, done]).facts()).toEqual({
      usage: { inputTokens: 5, outputTokens: 2 },
      model: 'm-2026',
      responseId: 'chatcmpl-1',
      finishReason: 'stop',
      ended: 'complete',
      handles: [],
    })
  })

  test('a stream is whole with its finish reason, also without [DONE]; before it is not', () => {
    expect(fed([role, chunk({ content: 'a' })]).facts().ended).toBeUndefined()
    expect(fed([role, chunk({ content: 'a' }), chunk({}, 'stop')]).facts().ended).toBe('complete')
    expect(fed([]).facts().ended).toBeUndefined()
  })

  test('with several choices every one must have finished', () => {
    const second = (delta: object, finish: string | null = null) =>
      block({ ...head, choices: [{ index: 1, delta, finish_reason: finish }] })
    const open = [
      role,
      second({ role: 'assistant' }),
      chunk({ content: 'a' }),
      second({ content: 'b' }),
      chunk({}, 'stop'),
    ]
    expect(fed(open).facts().ended).toBeUndefined()
    expect(fed([...open, second({}, 'stop')]).facts().ended).toBe('complete')
  })

  test("Azure's opening chunk does not hide the model", () => {
    const opening = block({ id: '', model: '', created: 0, choices: [], prompt_filter_results: [] })
    expect(fed([opening, role]).facts()).toMatchObject({ model: 'm-2026', responseId: 'chatcmpl-1' })
  })

  test('an empty finish reason is none', () => {
    expect(fed([chunk({ role: 'assistant', content: 'a' }, '')]).facts().ended).toBeUndefined()
  })

  test('an error chunk is a failure, whatever follows', () => {
    const facts = fed([role, block({ error: { message: 'busy', code: 503 } }, 'error'), done]).facts()
    expect(facts.ended).toBe('failed')
    expect(facts.error).toMatchObject({ kind: 'overloaded', message: 'busy' })
  })

  test('usage in the finish chunk, in every chunk, at x_groq: the last counts', () => {
    const early = { prompt_tokens: 5, completion_tokens: null }
    expect(
      fed([chunk({ content: 'a' }, null, { usage: early }), chunk({}, 'stop', { usage })]).facts().usage,
    ).toEqual({
      inputTokens: 5,
      outputTokens: 2,
    })
    expect(fed([role, chunk({}, 'stop', { x_groq: { usage } })]).facts().usage).toEqual({
      inputTokens: 5,
      outputTokens: 2,
    })
  })

  test('the id of a spoken answer is a handle', () => {
    const spoken = [chunk({ audio: { id: 'audio_1', transcript: 'a' } }), chunk({ audio: { data: 'AA' } })]
    expect(fed([role, ...spoken]).facts().handles).toEqual([{ kind: 'other', id: 'audio_1' }])
  })

  test('white space in the JSON changes nothing', () => {
    const loose = (value: unknown) => block(JSON.stringify(value, null, 1).replaceAll('\n', ''))
    const machine = fed([
      loose({
        ...head,
        choices: [{ index: 0, delta: { role: 'assistant', content: 'x' }, finish_reason: null }],
      }),
      loose({ ...head, choices: [{ index: 0, delta: {}, finish_reason: 'length' }], usage }),
    ])
    expect(machine.hasText).toBe(true)
    expect(machine.facts()).toMatchObject({
      finishReason: 'length',
      ended: 'complete',
      usage: { inputTokens: 5 },
    })
  })

  test('text that speaks of usage and errors is text', () => {
    const text = '"usage": {"prompt_tokens": 9} "error": {"message":"x"} "finish_reason": "stop"'
    const facts = fed([role, chunk({ content: text })]).facts()
    expect(facts.usage).toBeUndefined()
    expect(facts.ended).toBeUndefined()
    expect(facts.error).toBeUndefined()
  })
})

describe('what has reached the client', () => {
  test.each([
    ['nothing', [role, chunk({ content: null, tool_calls: [], reasoning: null })], false, false],
    ['text', [role, chunk({ content: 'a' })], true, true],
    ['a refusal', [role, chunk({ refusal: 'no' })], true, true],
    ['thoughts', [role, chunk({ reasoning_content: 'hm' })], true, false],
    ["a dialect's thoughts", [role, chunk({ reasoning: 'hm' })], true, false],
    ['a call', [role, chunk({ tool_calls: [{ index: 0, id: 'c' }] })], true, false],
    ['an old call', [role, chunk({ function_call: { name: 'f' } })], true, false],
    [
      'thoughts in a list',
      [chunk({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }] })],
      true,
      true,
    ],
    [
      'arguments named content',
      [chunk({ tool_calls: [{ index: 0, function: { arguments: '{"content":"x"}' } }] })],
      true,
      false,
    ],
    ['only usage', [role, usageChunk, done], false, false],
  ] as const)('%s', (_name, blocks, hasContent, hasText) => {
    const machine = fed(blocks)
    expect([machine.hasContent, machine.hasText]).toEqual([hasContent, hasText])
  })
})

test('a failure is one error chunk and no terminator', () => {
  const machine = fed([role, chunk({ content: 'a' })])
  const failure = { kind: 'upstream', message: 'gone', code: 'gateway_upstream_died' } as const
  const blocks = machine.fail(failure).map((one) => new TextDecoder().decode(one))
  expect(blocks).toEqual([
    'data: {"error":{"message":"gone","type":"server_error","param":null,"code":"upstream_error"}}\n\n',
  ])
})

test('conform names what is broken while the bytes pass', () => {
  const machine = meter({ conform: true })
  const blocks = [chunk({ content: 'a' }), chunk({}, 'eos')]
  expect(blocks.every((one) => machine.push(one) === one)).toBe(true)
  expect(machine.violations()).toEqual(['role-missing', 'finish-unknown'])
})

describe('a whole answer', () => {
  const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

  test('facts', () => {
    const body = bytes({
      id: 'chatcmpl-1',
      model: 'm',
      choices: [{ index: 0, message: { content: 'a', audio: { id: 'audio_2' } }, finish_reason: 'stop' }],
      usage,
    })
    expect(meterBody(body, 'generate')).toEqual({
      usage: { inputTokens: 5, outputTokens: 2 },
      model: 'm',
      responseId: 'chatcmpl-1',
      finishReason: 'stop',
      ended: 'complete',
      handles: [{ kind: 'other', id: 'audio_2' }],
    })
  })

  test('an error under status 200 has failed', () => {
    expect(meterBody(bytes({ error: { code: 429, message: 'slow' } }), 'generate')).toMatchObject({
      ended: 'failed',
      error: { kind: 'rate_limit' },
    })
    expect(meterBody(bytes({ error: null, choices: [] }), 'generate').ended).toBe('complete')
  })

  test('what is no answer says nothing', () => {
    for (const text of ['', 'not json', '[1]', '{"id":', `${'['.repeat(20_000)}`, '{"message":"hi"}']) {
      expect(meterBody(new TextEncoder().encode(text), 'generate').ended).toBeUndefined()
    }
  })

  test('a list of models is complete when it is JSON', () => {
    expect(meterBody(bytes({ object: 'list', data: [] }), 'list-models')).toEqual({
      ended: 'complete',
      handles: [],
    })
  })
})
