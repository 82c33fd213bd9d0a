import { describe, expect, spyOn, test } from 'bun:test'
import { blockSplitter, runMachine } from '../../../test/support/corpus.ts'
import { encodeFrame, parseFrame } from '../../wire/index.ts'
import type { StreamMeter } from '../protocol.ts'
import { meterBody, meterStream } from './meter.ts'

const block = (data: { readonly type: string; readonly [key: string]: unknown }): Uint8Array =>
  encodeFrame({ event: data.type, data: JSON.stringify(data) })

const start = block({
  type: 'message_start',
  message: {
    id: 'msg_1',
    model: 'claude-x',
    usage: { input_tokens: 10, cache_read_input_tokens: 5, output_tokens: 1, service_tier: 'standard' },
  },
})
const textStart = block({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } })
const text = block({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'hi' } })
const finish = block({
  type: 'message_delta',
  delta: { stop_reason: 'end_turn', container: { id: 'container_1' } },
  usage: { output_tokens: 7 },
})
const stop = block({ type: 'message_stop' })

const watch = (blocks: readonly Uint8Array[], conform = false): StreamMeter => {
  const meter = meterStream({ framing: 'sse', hideUsage: false, conform })
  for (const each of blocks) expect(meter.push(each)).toBe(each)
  return meter
}

const bodyOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

describe('a stream', () => {
  test('tells usage, model, id, reason and handles', () => {
    expect(watch([start, textStart, text, finish, stop]).facts()).toEqual({
      model: 'claude-x',
      service: { class: 'standard' },
      responseId: 'msg_1',
      usage: { inputTokens: 15, cacheReadTokens: 5, outputTokens: 7 },
      finishReason: 'end_turn',
      ended: 'complete',
      handles: [{ kind: 'container', id: 'container_1' }],
    })
  })

  test('facts are there at any time, and a cut stream has not ended', () => {
    const meter = watch([start])
    expect(meter.facts().usage).toEqual({ inputTokens: 15, cacheReadTokens: 5, outputTokens: 1 })
    meter.push(textStart)
    meter.push(text)
    expect(meter.facts().ended).toBeUndefined()
    meter.push(finish)
    expect(meter.facts().ended).toBeUndefined()
    // A message_stop without its type is no proof.
    meter.push(encodeFrame({ event: 'message_stop', data: '{}' }))
    meter.push(stop.subarray(0, stop.length - 8))
    expect(meter.facts().ended).toBeUndefined()
  })

  test('an error event means that it failed, whatever follows', () => {
    const error = block({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } })
    expect(watch([start, error, stop]).facts()).toMatchObject({
      ended: 'failed',
      error: { kind: 'overloaded', message: 'Overloaded' },
    })
  })

  test('content counts from the first thing that a user or an agent gets', () => {
    const stages = (blocks: readonly Uint8Array[]) => {
      const meter = watch(blocks)
      return [meter.hasContent, meter.hasText]
    }
    const open = (content_block: object) =>
      block({ type: 'content_block_start', index: 0, content_block } as never)
    expect(stages([start])).toEqual([false, false])
    expect(stages([start, block({ type: 'ping' }), textStart])).toEqual([false, false])
    expect(stages([start, open({ type: 'thinking', thinking: '', signature: '' })])).toEqual([false, false])
    expect(stages([start, textStart, text])).toEqual([true, true])
    expect(stages([start, open({ type: 'tool_use', id: 't', name: 'n', input: {} })])).toEqual([true, false])
    expect(
      stages([
        start,
        block({ type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'a' } }),
      ]),
    ).toEqual([true, false])
    expect(stages([start, open({ type: 'x_tool_result', content: 'y'.repeat(4096) })])).toEqual([true, false])
  })

  test('text that looks like a marker is not one', () => {
    const tricky = '"text_delta" "usage" "message_stop" {"type":"error"}'
    const delta = { type: 'input_json_delta', partial_json: tricky }
    const meter = watch([start, block({ type: 'content_block_delta', index: 0, delta })])
    expect(meter.hasText).toBe(false)
    expect(meter.facts().ended).toBeUndefined()
  })

  test('blocks without counters, ids or end are not parsed', () => {
    const meter = watch([start, textStart])
    const parse = spyOn(JSON, 'parse')
    try {
      for (let count = 0; count < 100; count++) meter.push(text)
      meter.push(block({ type: 'content_block_stop', index: 0 }))
      meter.push(block({ type: 'ping' }))
      expect(parse).not.toHaveBeenCalled()
      meter.push(finish)
      expect(parse).toHaveBeenCalledTimes(1)
    } finally {
      parse.mockRestore()
    }
  })

  test('other layouts of the same events: no event line, CRLF, comments, order of fields', () => {
    const plain = Buffer.concat([start, textStart, text, finish, stop]).toString('utf8')
    const layouts = [
      plain.replace(/^event: .*\n/gm, ''),
      plain.replaceAll('\n', '\r\n'),
      plain.replaceAll('\n', '\r'),
      plain.replace(/^event: /gm, ': keep-alive\nevent: '),
      plain.replace(/^(event: .*)\n(data: .*)$/gm, '$2\n$1'),
      plain.replace(/^event: /gm, 'event:').replace(/^data: /gm, 'data:'),
    ]
    const expected = watch([start, textStart, text, finish, stop]).facts()
    for (const layout of layouts) {
      const meter = watch(runMachine(blockSplitter('sse'), [Buffer.from(layout)]))
      expect(meter.facts()).toEqual(expected)
      expect(meter.hasText).toBe(true)
    }
  })

  test('files that code execution wrote are issued; a file id elsewhere is not', () => {
    const result = (type: string, id: string) =>
      block({
        type: 'content_block_start',
        index: 0,
        content_block: { type, tool_use_id: 's', content: { content: [{ type: 'x', file_id: id }] } },
      })
    const meter = watch([
      start,
      result('bash_code_execution_tool_result', 'file_1'),
      result('code_execution_tool_result', 'file_2'),
      result('web_fetch_tool_result', 'file_3'),
    ])
    expect(meter.facts().handles.map(({ id }) => id)).toEqual(['file_1', 'file_2'])
  })

  test('a fallback names the model that answered', () => {
    const fallback = { type: 'fallback', from: { model: 'claude-x' }, to: { model: 'claude-y' } }
    const open = block({ type: 'content_block_start', index: 0, content_block: fallback })
    expect(watch([start, open]).facts().model).toBe('claude-y')
  })

  test('breaking off: one error event, never a success terminator', () => {
    const blocks = watch([start, textStart, text]).fail({
      kind: 'overloaded',
      message: 'the provider broke the connection',
      code: 'gateway_upstream_died',
    })
    const frames = blocks.map((each) => parseFrame(each))
    expect(frames.length).toBe(1)
    expect(frames[0]?.event).toBe('error')
    expect(JSON.parse(frames[0]?.data ?? '')).toEqual({
      type: 'error',
      error: {
        type: 'overloaded_error',
        message: 'the provider broke the connection',
        details: { error_code: 'gateway_upstream_died' },
      },
      request_id: null,
    })
  })

  test('violations are counted only when asked', () => {
    const broken = [start, text, finish, stop]
    expect(watch(broken, true).violations()).toEqual(['block-closed'])
    expect(watch(broken).violations()).toEqual([])
  })
})

describe('a whole answer', () => {
  const message = {
    id: 'msg_1',
    type: 'message',
    model: 'claude-x',
    content: [
      { type: 'tool_use', id: 't', name: 'n', input: { file_id: 'not_ours' } },
      {
        type: 'code_execution_tool_result',
        tool_use_id: 's',
        content: { type: 'code_execution_result', content: [{ file_id: 'file_1' }] },
      },
    ],
    container: { id: 'container_1' },
    stop_reason: 'tool_use',
    usage: { input_tokens: 1, output_tokens: 2 },
  }

  test('tells the same as a stream', () => {
    expect(meterBody(bodyOf(message), 'generate')).toEqual({
      model: 'claude-x',
      responseId: 'msg_1',
      finishReason: 'tool_use',
      usage: { inputTokens: 1, outputTokens: 2 },
      ended: 'complete',
      handles: [
        { kind: 'container', id: 'container_1' },
        { kind: 'file', id: 'file_1' },
      ],
    })
  })

  test('what is no answer has failed, and nothing throws', () => {
    for (const body of ['', 'null', '[]', '<html>', '{"error":{"message":"x"}}', '{"type":"error"}']) {
      expect(meterBody(new TextEncoder().encode(body), 'generate').ended).toBe('failed')
    }
    expect(meterBody(bodyOf({ id: 5, usage: [], model: {}, content: 5 }), 'generate').handles).toEqual([])
  })

  test('iterations that the top level leaves out are billed beside it', () => {
    const usage = {
      input_tokens: 100,
      output_tokens: 10,
      iterations: [
        { type: 'message', input_tokens: 100, output_tokens: 10 },
        { type: 'compaction', input_tokens: 5, output_tokens: 6, cache_read_input_tokens: 7 },
        { type: 'advisor_message', model: 'claude-z', input_tokens: 8, output_tokens: 9 },
      ],
    }
    expect(meterBody(bodyOf({ ...message, usage }), 'generate')).toMatchObject({
      usage: { inputTokens: 100, outputTokens: 10 },
      sideUsage: [
        { kind: 'compaction', usage: { inputTokens: 12, outputTokens: 6, cacheReadTokens: 7 } },
        { kind: 'advisor_message', model: 'claude-z', usage: { inputTokens: 8, outputTokens: 9 } },
      ],
    })
  })

  test('with a fallback the hops that declined are billed beside it', () => {
    const usage = {
      input_tokens: 3,
      output_tokens: 4,
      iterations: [
        { type: 'message', model: 'claude-x', input_tokens: 1, output_tokens: 2 },
        { type: 'message', model: 'claude-y', input_tokens: 1, output_tokens: 1 },
        { type: 'fallback_message', model: 'claude-y', input_tokens: 2, output_tokens: 3 },
      ],
    }
    expect(meterBody(bodyOf({ ...message, usage }), 'generate').sideUsage).toEqual([
      { kind: 'message', model: 'claude-x', usage: { inputTokens: 1, outputTokens: 2 } },
    ])
  })
})
