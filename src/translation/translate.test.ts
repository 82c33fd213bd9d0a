import { describe, expect, test } from 'bun:test'
import type { Capabilities, GenerateRequest, StreamEvent } from '../ir/index.ts'
import { protocols, type ReplyContext } from '../protocols/index.ts'
import { frameSplitter, type Machine } from '../wire/index.ts'
import { eventChain } from './event-chain.ts'
import { createLosses } from './losses.ts'
import type { Pass } from './pass.ts'
import type { StreamFraming } from './stream-framing.ts'
import { translateAnswer } from './translate-answer.ts'
import { translateRequest } from './translate-request.ts'
import { translateStream } from './translate-stream.ts'

const asked: GenerateRequest = {
  protocol: 'anthropic-messages',
  model: 'm',
  stream: true,
  turns: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
  tools: [],
  sampling: {},
}

const text = (events: readonly StreamEvent[]): string =>
  events.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')

/** Puts a letter behind every text, and a last one at the end. */
const marking = (letter: string): Machine<StreamEvent, StreamEvent> => ({
  push: (event) => [event.type === 'text-delta' ? { ...event, text: event.text + letter } : event],
  end: () => [{ type: 'text-delta', index: 0, text: `(${letter})` }],
})

const passOf = (letter: string): Pass => ({
  name: letter,
  run: (request) => ({
    request: { ...request, user: (request.user ?? '') + letter },
    answer: () => marking(letter),
  }),
})

const translated = (passes: readonly Pass[], seen: GenerateRequest[] = []) =>
  translateRequest(asked, {
    organisation: 'org',
    target: {
      protocol: 'openai-chat',
      provider: 'p',
      credential: 'p/1',
      model: 'm-up',
      capabilities: { maxOutputTokens: 7 } as Capabilities,
    },
    passes,
    losses: createLosses({ target: 'p', fieldPath: (path) => `client.${path}`, strict: false }),
    upstream: {
      encodeRequest(request, target) {
        seen.push(request)
        return {
          path: '/v1',
          body: `${target.model} ${target.maxOutputTokens} ${target.stream}`,
          headers: {},
          warnings: [{ code: 'dropped', feature: 'x', path: 'y', reason: 'z' }],
        }
      },
    },
  })

describe('a request', () => {
  test('takes the passes in their order, and its answer takes them backwards', () => {
    const seen: GenerateRequest[] = []
    const { sent, answerMachines, asked: before } = translated([passOf('a'), passOf('b')], seen)
    expect(seen.map(({ user }) => user)).toEqual(['ab'])
    expect(sent.body).toBe('m-up 7 true')
    expect(before).toBe(asked)
    const chain = eventChain(answerMachines())
    expect(text(chain.push({ type: 'text-delta', index: 0, text: 'x' }))).toBe('xba')
    // What the first machine held back takes the rest of the way.
    expect(text(chain.end())).toBe('(b)a(a)')
  })

  test('without passes that rewrite answers costs its answer nothing', () => {
    const event: StreamEvent = { type: 'text-delta', index: 0, text: 'x' }
    expect(eventChain(translated([]).answerMachines()).push(event)).toEqual([event])
  })
})

test('a whole answer takes the same way as a stream', () => {
  const { answerMachines } = translated([passOf('a')])
  const answer = translateAnswer(
    {
      protocol: 'openai-chat',
      choices: [{ index: 0, parts: [{ type: 'text', text: 'x' }], finish: { reason: 'end' } }],
    },
    { answerMachines },
  )
  expect(answer.choices[0]?.parts).toEqual([{ type: 'text', text: 'xa(a)' }])
})

const chunk = (choices: unknown): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm-up', choices })}\n\n`
const blocks = [
  ': comment\n\n',
  chunk([{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }]),
  chunk([{ index: 0, delta: { content: 'hello' }, finish_reason: null }]),
  chunk([{ index: 0, delta: {}, finish_reason: 'stop' }]),
  'data: [DONE]\n\n',
]

const reply: ReplyContext = { request: asked, headers: new Headers(), id: 'req', now: 1 }

const translator = (
  client: 'anthropic-messages' | 'gemini',
  framing: StreamFraming = 'sse',
  machines: readonly Machine<StreamEvent, StreamEvent>[] = [],
) => {
  const upstream = protocols['openai-chat'].generate
  const codec = protocols[client].generate
  if (upstream === undefined || codec === undefined) throw new Error('no codec')
  return translateStream({
    upstream,
    client: codec,
    translation: { answerMachines: () => machines },
    reply,
    framing,
    conform: true,
  })
}

const decode = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)
const encode = (block: string): Uint8Array => new TextEncoder().encode(block)

describe('a stream', () => {
  test('is said block by block, and has begun with its first content', () => {
    const stream = translator('anthropic-messages')
    const begun: boolean[] = []
    let said = ''
    for (const block of blocks) {
      said += decode(stream.push(encode(block)))
      begun.push(stream.hasBegun)
    }
    said += decode(stream.end())
    expect(begun).toEqual([false, false, true, true, true])
    expect(stream.hasEnded).toBe(true)
    const names = [...said.matchAll(/^event: (.+)$/gm)].map(([, name]) => name)
    expect(names).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ])
    expect([...stream.violations]).toEqual([])
    // Each piece is whole events.
    expect(frameSplitter().push(encode(said))).toHaveLength(6)
  })

  test('that fails ends in the error form of the client and nothing else', () => {
    const stream = translator('anthropic-messages')
    for (const block of blocks.slice(0, 3)) stream.push(encode(block))
    const said = decode(stream.fail({ kind: 'overloaded', message: 'gone' }))
    expect(said).toContain('event: error')
    expect(said).toContain('overloaded_error')
    expect(said).not.toContain('message_stop')
  })

  test('that a pass ends says nothing of what the provider goes on to say', () => {
    const cutting: Machine<StreamEvent, StreamEvent> = {
      push: (event) =>
        event.type === 'text-delta'
          ? [
              event,
              { type: 'text-end', index: 0 },
              { type: 'finish', finish: { reason: 'end' } },
              { type: 'end' },
            ]
          : [event],
      end: () => [],
    }
    const stream = translator('anthropic-messages', 'sse', [cutting])
    const said = blocks.slice(0, 3).map((block) => decode(stream.push(encode(block))))
    expect([stream.isCut, stream.hasEnded]).toEqual([true, false])
    expect(said.join('')).toContain('message_stop')
    expect(blocks.slice(3).map((block) => stream.push(encode(block)))).toEqual([undefined, undefined])
    expect(stream.end()).toBeUndefined()
    expect([...stream.violations]).toEqual([])
  })

  test('is a JSON array for those who want one, also when nothing came and when it fails', () => {
    const stream = translator('gemini', 'json-array')
    const said = blocks.map((block) => decode(stream.push(encode(block)))).join('') + decode(stream.end())
    expect(JSON.parse(said)).toBeArray()
    expect(JSON.parse(decode(translator('gemini', 'json-array').end()))).toEqual([])
    const failed = translator('gemini', 'json-array')
    const begun = blocks.slice(0, 3).map((block) => decode(failed.push(encode(block))))
    const error = decode(failed.fail({ kind: 'overloaded', message: 'gone' }))
    const elements: readonly unknown[] = JSON.parse(begun.join('') + error)
    expect(elements.at(-1)).toMatchObject({ error: { status: 'UNAVAILABLE' } })
  })
})
