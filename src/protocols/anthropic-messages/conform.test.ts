import { describe, expect, test } from 'bun:test'
import { runMachine } from '../../../test/support/corpus.ts'
import type { SseFrame } from '../../wire/index.ts'
import { conform, type Rule, rules } from './conform.ts'

type Data = { readonly type: string; readonly [key: string]: unknown }

const usage = { input_tokens: 1, output_tokens: 1 }
const start: Data = { type: 'message_start', message: { usage } }
const finish: Data = { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage }
const stop: Data = { type: 'message_stop' }
const blockStart = (index: number, content_block: object): Data => ({
  type: 'content_block_start',
  index,
  content_block,
})
const delta = (index: number, inner: object): Data => ({ type: 'content_block_delta', index, delta: inner })
const blockStop = (index: number): Data => ({ type: 'content_block_stop', index })
const text = { type: 'text', text: '' }
const tool = { type: 'tool_use', id: 't', name: 'n', input: {} }

const frame = (data: Data): SseFrame => ({ event: data.type, data: JSON.stringify(data) })
const violations = (...events: readonly (Data | SseFrame)[]): readonly string[] =>
  runMachine(
    conform(),
    events.map((event) => ('type' in event ? frame(event) : event)),
  )

const whole = [
  start,
  blockStart(0, text),
  delta(0, { type: 'text_delta', text: 'a' }),
  blockStop(0),
  finish,
  stop,
]

/** For each rule a stream that breaks it, and no other. */
const breaking: Readonly<Record<Rule, readonly (Data | SseFrame)[]>> = {
  json: [start, { event: 'ping', data: 'x' }, finish, stop],
  'event-name': [start, { data: '{"type":"ping"}' }, finish, stop],
  'start-first': [{ type: 'ping' }, start, finish, stop],
  'one-start': [start, start, finish, stop],
  'block-order': [start, blockStart(1, text), blockStop(1), finish, stop],
  'block-overlap': [start, blockStart(0, text), blockStart(1, text), blockStop(1), finish, stop],
  'block-closed': [start, delta(0, { type: 'text_delta', text: 'a' }), finish, stop],
  'block-after-delta': [start, finish, blockStart(0, text), blockStop(0), stop],
  'delta-kind': [
    start,
    blockStart(0, text),
    delta(0, { type: 'thinking_delta', thinking: 'a' }),
    blockStop(0),
    finish,
    stop,
  ],
  'one-signature': [
    start,
    blockStart(0, { type: 'thinking' }),
    delta(0, { type: 'signature_delta', signature: 'a' }),
    delta(0, { type: 'thinking_delta', thinking: 'b' }),
    blockStop(0),
    finish,
    stop,
  ],
  'one-compaction-delta': [start, blockStart(0, { type: 'compaction' }), blockStop(0), finish, stop],
  'tool-input': [
    start,
    blockStart(0, tool),
    delta(0, { type: 'input_json_delta', partial_json: '{"a":' }),
    blockStop(0),
    { ...finish, delta: { stop_reason: 'tool_use' } },
    stop,
  ],
  'stop-reason': [start, { ...finish, delta: {} }, stop],
  usage: [start, { ...finish, usage: {} }, stop],
  'delta-before-stop': [start, stop],
  'after-end': [...whole, { type: 'ping' }],
  end: whole.slice(0, -1),
}

describe('conform', () => {
  test('a whole stream breaks no rule', () => {
    expect(violations(...whole)).toEqual([])
  })

  for (const rule of rules) {
    test(`${rule}: a stream breaks it, and only it`, () => {
      expect(violations(...breaking[rule])).toEqual([rule])
    })
  }

  test('a result of a server tool takes no deltas', () => {
    const block = blockStart(0, { type: 'web_search_tool_result' })
    const odd = delta(0, { type: 'text_delta', text: 'a' })
    expect(violations(start, block, odd, blockStop(0), finish, stop)).toEqual(['delta-kind'])
  })

  test('a stream that never starts has no end', () => {
    expect(violations()).toEqual(['end'])
  })

  test('an error ends a stream at any place', () => {
    const error = { type: 'error', error: {} }
    expect(violations(start, blockStart(0, text), error)).toEqual([])
    expect(violations(error)).toEqual([])
    expect(violations(error, stop)).toEqual(['after-end'])
  })

  test('a length stop may cut arguments', () => {
    const cut = delta(0, { type: 'input_json_delta', partial_json: '{"a":' })
    const length = { ...finish, delta: { stop_reason: 'max_tokens' } }
    expect(violations(start, blockStart(0, tool), cut, blockStop(0), length, stop)).toEqual([])
  })

  test('events, blocks and deltas of tomorrow are allowed', () => {
    const future = [blockStart(0, { type: 'future' }), delta(0, { type: 'future_delta' }), blockStop(0)]
    expect(violations(start, { type: 'future_event' }, ...future, finish, stop)).toEqual([])
  })
})
