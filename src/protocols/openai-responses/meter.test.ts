import { describe, expect, test } from 'bun:test'
import { corpus, corpusAvailable, parseBlock, runMachine, streamBytes } from '../../../test/support/corpus.ts'
import type { CanonicalError, Operation } from '../../ir/index.ts'
import { encodeFrame, frameSplitter } from '../../wire/index.ts'
import type { AnswerFacts, StreamMeter } from '../protocol.ts'
import { conform } from './conform.ts'
import { openaiResponses } from './index.ts'

const meterStream = (watch = false): StreamMeter =>
  openaiResponses.meterStream({ framing: 'sse', hideUsage: false, conform: watch })

const block = (data: Record<string, unknown>, event?: string): Uint8Array =>
  encodeFrame({ event: event ?? String(data['type']), data: JSON.stringify(data) })

const died: CanonicalError = {
  kind: 'upstream',
  code: 'gateway_upstream_died',
  message: 'the provider broke off',
}

const dataOf = (bytes: Uint8Array): Record<string, unknown> =>
  JSON.parse(parseBlock(bytes, 'sse')?.data ?? '{}') as Record<string, unknown>

const created = {
  type: 'response.created',
  sequence_number: 0,
  response: { id: 'resp_1', model: 'gpt-5', status: 'in_progress', output: [] },
}
const message = { id: 'msg_1', type: 'message', role: 'assistant', status: 'in_progress', content: [] }

describe('a stream on its way through', () => {
  test('tells content from preliminaries', () => {
    const meter = meterStream()
    const seen = (): readonly boolean[] => [meter.hasContent, meter.hasText]
    meter.push(block(created))
    meter.push(block({ type: 'response.in_progress', sequence_number: 1 }))
    meter.push(block({ type: 'keepalive', sequence_number: 2 }))
    meter.push(new TextEncoder().encode(': keep-alive\n\n'))
    expect(seen()).toEqual([false, false])
    meter.push(
      block({ type: 'response.output_item.added', sequence_number: 3, output_index: 0, item: message }),
    )
    meter.push(block({ type: 'response.reasoning_summary_text.delta', sequence_number: 4, delta: 'x' }))
    expect(seen()).toEqual([true, false])
    meter.push(block({ type: 'response.output_text.delta', sequence_number: 5, delta: 'x' }))
    expect(seen()).toEqual([true, true])
  })

  test('gives model, ids and handles at any time, and usage at the end', () => {
    const meter = meterStream()
    expect(meter.facts()).toEqual({ handles: [] })
    meter.push(block(created))
    const ci = { id: 'ci_1', type: 'code_interpreter_call', code: '', container_id: 'cntr_1', outputs: null }
    meter.push(block({ type: 'response.output_item.added', output_index: 0, item: ci }))
    expect({ ...meter.facts() }).toEqual({
      model: 'gpt-5',
      responseId: 'resp_1',
      handles: [
        { kind: 'response', id: 'resp_1' },
        { kind: 'item', id: 'ci_1' },
        { kind: 'container', id: 'cntr_1' },
      ],
    })
    const usage = {
      input_tokens: 100,
      input_tokens_details: {
        cached_tokens: 60,
        cache_write_tokens: 30,
        cache_write_tokens_details: { ttl_30m_tokens: 10, ttl_12h_tokens: 20 },
      },
      output_tokens: 7,
      output_tokens_details: { reasoning_tokens: 3 },
      total_tokens: 107,
    }
    const response = { ...created.response, status: 'incomplete', usage, output: [ci] }
    meter.push(block({ type: 'response.incomplete', sequence_number: 9, response }))
    expect(meter.facts()).toEqual({
      model: 'gpt-5',
      responseId: 'resp_1',
      finishReason: 'incomplete',
      ended: 'complete',
      usage: {
        inputTokens: 100,
        outputTokens: 7,
        cacheReadTokens: 60,
        cacheWriteTokens: 10,
        cacheWriteLongTokens: 20,
        reasoningTokens: 3,
      },
      handles: [
        { kind: 'response', id: 'resp_1' },
        { kind: 'item', id: 'ci_1' },
        { kind: 'container', id: 'cntr_1' },
      ],
    })
  })

  test('issues no handles of what is not stored, but for containers and files', () => {
    const response = {
      ...created.response,
      status: 'completed',
      store: false,
      conversation: { id: 'conv_1' },
      output: [
        {
          ...message,
          content: [
            {
              type: 'output_text',
              annotations: [
                { type: 'container_file_citation', file_id: 'cfile_1', container_id: 'cntr_1' },
                { type: 'file_citation', file_id: 'file-of-a-store' },
              ],
            },
          ],
        },
      ],
    }
    const meter = meterStream()
    meter.push(block({ ...created, response: { ...created.response, store: false } }))
    meter.push(block({ type: 'response.completed', response }))
    expect(meter.facts().handles).toEqual([
      { kind: 'conversation', id: 'conv_1' },
      { kind: 'file', id: 'cfile_1' },
      { kind: 'container', id: 'cntr_1' },
    ])
  })

  test('believes the data, not the name of the event, and text that quotes an event ends nothing', () => {
    const meter = meterStream()
    meter.push(block(created))
    meter.push(block({ type: 'response.output_text.delta', delta: 'x' }, 'response.completed'))
    meter.push(
      new TextEncoder().encode(
        'data: {"delta":"{\\"type\\":\\"response.completed\\"}","type":"response.output_text.delta"}\n\n',
      ),
    )
    expect(meter.facts().ended).toBeUndefined()
    expect(meter.hasText).toBe(true)
    meter.push(
      new TextEncoder().encode(
        'data: {"response":{"status":"completed"},"type":"response.completed"}\r\n\r\n',
      ),
    )
    expect(meter.facts().ended).toBe('complete')
  })

  test('an error event, nested or flat, and a failed response are failures', () => {
    const nested = meterStream()
    nested.push(
      block({ type: 'error', error: { type: 'tokens', code: 'rate_limit_exceeded', message: 'slow' } }),
    )
    expect(nested.facts()).toMatchObject({ ended: 'failed', error: { kind: 'rate_limit', message: 'slow' } })
    const flat = meterStream()
    flat.push(block({ type: 'error', code: 'server_error', message: 'oops', param: null }))
    expect(flat.facts()).toMatchObject({ ended: 'failed', error: { kind: 'internal', message: 'oops' } })
    const failed = meterStream()
    const error = { code: 'context_length_exceeded', message: 'too long' }
    failed.push(block({ type: 'response.failed', response: { id: 'resp_1', status: 'failed', error } }))
    expect(failed.facts()).toMatchObject({ ended: 'failed', error: { kind: 'context_too_long' } })
  })

  test('reports violations when asked to', () => {
    const meter = meterStream(true)
    meter.push(block(created))
    meter.push(block({ type: 'response.output_text.delta', sequence_number: 5, output_index: 0, delta: 'x' }))
    expect(meter.violations()).toEqual(['sequence', 'item-unknown'])
  })
})

describe('the end of a stream that died', () => {
  test('goes on with the numbers and says how far the answer got', () => {
    const meter = meterStream()
    meter.push(block(created))
    const done = {
      ...message,
      status: 'completed',
      content: [{ type: 'output_text', text: 'a', annotations: [] }],
    }
    const call = {
      id: 'fc_1',
      type: 'function_call',
      call_id: 'c',
      name: 'f',
      arguments: '',
      status: 'in_progress',
    }
    meter.push(
      block({ type: 'response.output_item.added', sequence_number: 2, output_index: 0, item: message }),
    )
    meter.push(block({ type: 'response.output_item.done', sequence_number: 3, output_index: 0, item: done }))
    meter.push(block({ type: 'response.output_item.added', sequence_number: 4, output_index: 1, item: call }))
    const [error, failed] = meter.fail(died).map(dataOf)
    expect(error).toEqual({
      type: 'error',
      sequence_number: 5,
      code: 'upstream_error',
      message: 'the provider broke off',
      param: null,
      error: { type: 'server_error', code: 'upstream_error', message: 'the provider broke off', param: null },
    })
    expect(failed).toEqual({
      type: 'response.failed',
      sequence_number: 6,
      response: {
        object: 'response',
        id: 'resp_1',
        model: 'gpt-5',
        status: 'failed',
        error: { code: 'server_error', message: 'the provider broke off' },
        output: [done, { ...call, status: 'incomplete' }],
      },
    })
  })

  test.each([
    ['overloaded', 'server_overloaded'],
    ['rate_limit', 'rate_limit_exceeded'],
    ['payment', 'insufficient_quota'],
    ['context_too_long', 'context_length_exceeded'],
    ['timeout', 'server_error'],
  ] as const)('says %s as %s, which Codex goes by', (kind, code) => {
    const frames = meterStream().fail({ kind, message: 'x' }).map(dataOf)
    expect(frames).toMatchObject([{ sequence_number: 0 }, { response: { error: { code, message: 'x' } } }])
  })

  test.skipIf(!corpusAvailable('cut streams'))(
    'is well formed wherever a recorded stream is cut, and never a success',
    () => {
      let cuts = 0
      for (const record of corpus('responses')) {
        if (!record.stream || record.dialect !== 'openai' || record.frames.length > 120) continue
        const blocks = runMachine(frameSplitter(), [streamBytes(record)])
        if (runMachine(conform(), record.frames).length > 0) continue
        for (let cut = 1; cut < blocks.length; cut++) {
          const meter = meterStream()
          for (const passed of blocks.slice(0, cut)) meter.push(passed)
          if (meter.facts().ended !== undefined) continue
          const ended = [...blocks.slice(0, cut), ...meter.fail(died)]
          const frames = ended.map((bytes) => parseBlock(bytes, 'sse')).filter((frame) => frame !== undefined)
          expect(runMachine(conform(), frames)).toEqual([])
          expect(frames.some((frame) => frame.event === 'response.completed')).toBe(false)
          cuts++
        }
      }
      expect(cuts).toBeGreaterThan(200)
    },
  )
})

describe('a whole answer', () => {
  const meterBody = (body: unknown, operation: Operation): AnswerFacts =>
    openaiResponses.meterBody(
      new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)),
      operation,
    )
  const usage = { input_tokens: 5, output_tokens: 6, total_tokens: 11 }
  const response = { id: 'resp_1', object: 'response', status: 'completed', model: 'm', output: [], usage }

  test('is billed when it is made, and not again when it is read', () => {
    expect(meterBody(response, 'generate').usage).toEqual({ inputTokens: 5, outputTokens: 6 })
    expect(meterBody(response, 'retrieve-response')).toEqual({
      model: 'm',
      responseId: 'resp_1',
      finishReason: 'completed',
      ended: 'complete',
      handles: [{ kind: 'response', id: 'resp_1' }],
    })
    const failed = { ...response, status: 'failed', error: { code: 'server_error', message: 'x' } }
    expect(meterBody(failed, 'generate')).toMatchObject({ ended: 'failed', error: { kind: 'internal' } })
    expect(meterBody(failed, 'retrieve-response').ended).toBe('complete')
  })

  test('of a compaction is billed, of a count is not', () => {
    const compaction = {
      id: 'resp_2',
      object: 'response.compaction',
      usage,
      output: [{ id: 'cmp_1', type: 'compaction', encrypted_content: 'x' }],
    }
    expect(meterBody(compaction, 'compact-response')).toEqual({
      usage: { inputTokens: 5, outputTokens: 6 },
      ended: 'complete',
      handles: [{ kind: 'item', id: 'cmp_1' }],
    })
    const count = { object: 'response.input_tokens', input_tokens: 9 }
    expect(meterBody(count, 'count-tokens')).toEqual({ ended: 'complete', handles: [] })
  })

  test('issues conversations and items', () => {
    const conversation = { id: 'conv_1', object: 'conversation', metadata: {} }
    expect(meterBody(conversation, 'create-conversation').handles).toEqual([
      { kind: 'conversation', id: 'conv_1' },
    ])
    const list = { object: 'list', data: [{ ...message }, { id: 'fc_1', type: 'function_call' }] }
    for (const operation of ['create-conversation-items', 'list-input-items'] as const) {
      expect(meterBody(list, operation).handles).toEqual([
        { kind: 'item', id: 'msg_1' },
        { kind: 'item', id: 'fc_1' },
      ])
    }
    expect(meterBody(message, 'get-conversation-item').handles).toEqual([{ kind: 'item', id: 'msg_1' }])
  })

  test('that cannot be read tells nothing and does not throw', () => {
    for (const body of ['', 'null', '<html>', '[1]', '{"id":5,"usage":7,"output":{}}']) {
      expect(meterBody(body, 'generate').usage).toBeUndefined()
    }
    expect(meterBody({ error: 'Incorrect API key', code: 'x' }, 'generate').ended).toBe('failed')
  })

  test('of a server that counts reasoning beside the output counts it inside', () => {
    const beside = {
      input_tokens: 5,
      output_tokens: 6,
      output_tokens_details: { reasoning_tokens: 4 },
      total_tokens: 15,
    }
    expect(meterBody({ ...response, usage: beside }, 'generate').usage).toEqual({
      inputTokens: 5,
      outputTokens: 10,
      reasoningTokens: 4,
    })
  })
})
