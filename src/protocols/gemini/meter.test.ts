import { describe, expect, test } from 'bun:test'
import { frameDecoder, runMachine } from '../../../test/support/corpus.ts'
import type { CanonicalError } from '../../ir/index.ts'
import { encodeFrame, jsonArraySplitter } from '../../wire/index.ts'
import { gemini } from './index.ts'

const error: CanonicalError = {
  kind: 'overloaded',
  message: 'the provider broke off',
  code: 'gateway_upstream_died',
}
const chunk = (text: string, more: object = {}) => ({
  candidates: [{ content: { role: 'model', parts: [{ text }] }, index: 0, ...more }],
  usageMetadata: { promptTokenCount: 3, candidatesTokenCount: text.length, totalTokenCount: 9 },
  modelVersion: 'm',
  responseId: 'r',
})
const block = (value: unknown) => encodeFrame({ data: JSON.stringify(value) })
const sse = () => gemini.meterStream({ framing: 'sse', hideUsage: false, conform: false })
const array = () => gemini.meterStream({ framing: 'json-array', hideUsage: false, conform: false })
const bytes = (text: string) => new TextEncoder().encode(text)

describe('the stream meter', () => {
  test('content and text are told apart: thoughts and calls are content, empty text is nothing', () => {
    const meter = sse()
    meter.push(block(chunk('')))
    expect([meter.hasContent, meter.hasText]).toEqual([false, false])
    meter.push(block({ candidates: [{ content: { parts: [{ text: 'hm', thought: true }] } }] }))
    expect([meter.hasContent, meter.hasText]).toEqual([true, false])
    meter.push(block(chunk('hello')))
    expect([meter.hasContent, meter.hasText]).toEqual([true, true])
  })

  test('the last counters win, and a later finish reason replaces an earlier one', () => {
    const meter = sse()
    meter.push(block(chunk('a', { finishReason: 'STOP' })))
    expect(meter.facts()).toMatchObject({ ended: 'complete', finishReason: 'STOP' })
    meter.push(block(chunk('abc', { finishReason: 'MAX_TOKENS' })))
    meter.push(block({ usageMetadata: { trafficType: 'ON_DEMAND' } }))
    expect(meter.facts()).toEqual({
      model: 'm',
      responseId: 'r',
      ended: 'complete',
      finishReason: 'MAX_TOKENS',
      usage: { inputTokens: 3, outputTokens: 3 },
      handles: [],
    })
  })

  test('words inside the answer that look like marks change nothing', () => {
    const meter = sse()
    meter.push(block(chunk('x')))
    meter.push(
      block(chunk('"finishReason":"STOP","error":{"code":500},"usageMetadata":{"promptTokenCount":999}')),
    )
    expect(meter.facts().ended).toBeUndefined()
    expect(meter.facts().usage?.inputTokens).toBe(3)
  })

  test('a refused prompt is a complete answer, an error element a failed one', () => {
    const meter = sse()
    meter.push(block({ promptFeedback: { blockReason: 'SAFETY' } }))
    expect(meter.facts()).toMatchObject({ ended: 'complete', finishReason: 'SAFETY' })
    meter.push(block({ error: { code: 503, message: 'overloaded', status: 'UNAVAILABLE' } }))
    expect(meter.facts()).toMatchObject({ ended: 'failed', error: { kind: 'overloaded' } })
  })

  test('a dying event stream ends with the error as its own event', () => {
    const [last] = sse().fail(error)
    expect(new TextDecoder().decode(last)).toStartWith('data: {"error":{"code":503,')
  })

  test('a dying array is closed wherever it stands, and parses', () => {
    const element = JSON.stringify(chunk('a'))
    for (const [sent, count] of [
      ['', 1],
      ['[', 1],
      [`[${element}`, 2],
      [`[${element}\r\n,`, 2],
      [`[${element}\n,\n${element}\n`, 3],
    ] as const) {
      const meter = array()
      for (const piece of runMachine(jsonArraySplitter(), [bytes(sent)])) meter.push(piece)
      const whole = sent + Buffer.concat(meter.fail(error)).toString('utf8')
      const parsed: unknown = JSON.parse(whole)
      expect(parsed).toBeArrayOfSize(count)
      const frames = runMachine(frameDecoder('json-array'), [bytes(whole)])
      expect(frames.at(-1)?.data).toStartWith('{"error"')
    }
  })

  test('nothing follows an array that is closed', () => {
    for (const sent of ['[]', `[${JSON.stringify(chunk('a'))}\n]\n`]) {
      const meter = array()
      for (const piece of runMachine(jsonArraySplitter(), [bytes(sent)])) meter.push(piece)
      expect(meter.fail(error)).toEqual([])
    }
  })
})

describe('the body meter', () => {
  const meter = (text: string) => gemini.meterBody(bytes(text), 'generate')

  test('never throws, and what is no JSON object proves nothing', () => {
    for (const text of ['', 'not json', '3', '"x"', 'null', '[]'])
      expect(meter(text)).toEqual({ handles: [] })
  })

  test('an array read whole is metered as one answer', () => {
    const facts = meter(JSON.stringify([chunk('a'), chunk('ab', { finishReason: 'STOP' })]))
    expect(facts).toMatchObject({ ended: 'complete', usage: { outputTokens: 2 }, model: 'm' })
    expect(meter('[{"error":{"code":400,"message":"x"}}]').ended).toBe('failed')
  })
})
