import { describe, expect, test } from 'bun:test'
import { type CorpusFolder, corpus, corpusAvailable, streamBytes } from '../../../test/support/corpus.ts'
import type { ProtocolId } from '../../ir/index.ts'
import type { Outcome } from '../../pipeline/index.ts'
import { protocols, type StreamMeter } from '../../protocols/index.ts'
import { PassThroughStream } from './stream-body.ts'

const watch = { touch() {}, end() {} }

/** Sends the chunks through and tells what the client saw and how it ended. */
const through = async (protocol: ProtocolId, chunks: readonly Uint8Array[], skims: boolean) => {
  const meter = protocols[protocol].meterStream({ framing: 'sse', hideUsage: false, conform: false })
  const blocks: StreamMeter = {
    push: (block) => meter.push(block),
    get hasContent() {
      return meter.hasContent
    },
    get hasText() {
      return meter.hasText
    },
    facts: () => meter.facts(),
    violations: () => meter.violations(),
    fail: (error) => meter.fail(error),
  }
  let next = 0
  const body = new PassThroughStream({
    source: { read: async () => chunks[next++], abort() {} },
    meter: skims ? meter : blocks,
    protocol,
    framing: 'sse',
    status: 200,
    requestBytes: 100,
    watch,
    timedOut: () => false,
    breakOnDeath: 'never',
    onFirstContent() {},
    onHandle() {},
    onEnd() {},
  })
  let outcome: Outcome | undefined
  body.onSettle((settled) => {
    outcome = settled
  })
  const seen: Uint8Array[] = []
  for (let bytes = await body.next(); bytes !== undefined; bytes = await body.next()) seen.push(bytes)
  const facts = outcome?.facts
  return {
    text: Buffer.concat(seen).toString('utf8'),
    result: outcome?.result,
    usage: facts?.usage,
    model: facts?.model,
    finishReason: facts?.finishReason,
    handles: facts?.handles,
  }
}

const cut = (bytes: Uint8Array, size: number): readonly Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  )

const folders: readonly (readonly [CorpusFolder, ProtocolId])[] = [
  ['chat', 'openai-chat'],
  ['responses', 'openai-responses'],
  ['anthropic', 'anthropic-messages'],
  ['gemini', 'gemini'],
]

const available = corpusAvailable('skimming over recorded streams')

describe.skipIf(!available)('what is skimmed is metered as if each block had been looked at', () => {
  for (const [folder, protocol] of folders) {
    test(folder, async () => {
      const streams = corpus(folder).filter(({ stream, framing }) => stream && framing === 'sse')
      expect(streams.length).toBeGreaterThan(20)
      for (const record of streams) {
        const bytes = Buffer.from(streamBytes(record))
        const expected = await through(protocol, [bytes], false)
        for (const size of [bytes.length, 4096, 700]) {
          expect(await through(protocol, cut(bytes, size), true)).toEqual(expected)
        }
        const half = bytes.subarray(0, bytes.length / 2)
        expect(await through(protocol, cut(half, 4096), true)).toEqual(await through(protocol, [half], false))
      }
    })
  }
})

describe('a chat stream', () => {
  const chunk = (content: string, rest = '"finish_reason":null}],"usage":null') =>
    `data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":${JSON.stringify(content)}},${rest}}\n\n`

  test('is skimmed over quotes and backslashes in its text', async () => {
    const words = ['a', 'say "hi"', 'back\\slash\\', '"', '\\"', '{"usage": {"prompt_tokens": 9}}', '[DONE]']
    const usage = { prompt_tokens: 1, completion_tokens: 2 }
    const stream = [
      ...words.map((word) => chunk(word)),
      chunk('', `"finish_reason":"stop"}],"usage":${JSON.stringify(usage)}`),
      'data: [DONE]\n\n',
    ].join('')
    const seen = await through('openai-chat', [Buffer.from(stream)], true)
    expect(seen).toMatchObject({
      text: stream,
      result: 'success',
      usage: { inputTokens: 1, outputTokens: 2 },
      finishReason: 'stop',
    })
  })

  test('with counters in the middle of a plain run keeps the last ones', async () => {
    const plain = Array.from({ length: 40 }, (_, index) => chunk(`word ${index} `)).join('')
    const counted = chunk('x', '"finish_reason":null}],"usage": {"prompt_tokens":5,"completion_tokens":41}')
    const stream = `${plain}${counted}${plain}${chunk('', '"finish_reason": "stop"}]')}data: [DONE]\n\n`
    const seen = await through('openai-chat', [Buffer.from(stream)], true)
    expect(seen).toMatchObject({ text: stream, result: 'success', usage: { outputTokens: 41 } })
  })
})

test('a stream that the gateway itself cannot go on with is told from one that died', async () => {
  for (const isDefect of [true, false]) {
    const meter = protocols['openai-chat'].meterStream({ framing: 'sse', hideUsage: false, conform: false })
    const block = new TextEncoder().encode('data: {"choices":[{"delta":{"content":"x"}}]}\n\n')
    let reads = 0
    const body = new PassThroughStream({
      source: { read: async () => (reads++ === 0 ? block : undefined), abort() {} },
      meter: {
        push() {
          throw new TypeError('a defect')
        },
        hasContent: false,
        hasText: false,
        facts: () => meter.facts(),
        violations: () => [],
        fail: (error) => meter.fail(error),
      },
      protocol: 'openai-chat',
      framing: 'sse',
      status: 200,
      requestBytes: 100,
      watch,
      timedOut: () => false,
      isDefect: () => isDefect,
      breakOnDeath: 'never',
      onFirstContent() {},
      onHandle() {},
      onEnd() {},
    })
    let outcome: Outcome | undefined
    body.onSettle((settled) => {
      outcome = settled
    })
    const text = Buffer.from((await body.next()) ?? new Uint8Array()).toString()
    expect(text).toContain(isDefect ? 'could not translate' : 'the provider broke')
    expect(outcome?.result).toBe(isDefect ? 'gateway_error' : 'upstream_died')
  }
})
