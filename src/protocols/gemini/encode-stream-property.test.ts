import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { GoogleGenAI } from '@google/genai'
import * as fc from 'fast-check'
import { anyAnswer } from '../../../test/support/any-answer.ts'
import { runMachine, wireRequest } from '../../../test/support/corpus.ts'
import { collect, type GenerateRequest, isJsonObject, type StreamEvent } from '../../ir/index.ts'
import { encodeFrame, type SseFrame } from '../../wire/index.ts'
import type { ReplyContext } from '../protocol.ts'
import { conform } from './conform.ts'
import { decodeRequest } from './decode-request.ts'
import { streamDecoder } from './decode-stream.ts'
import { encodeResponse } from './encode-response.ts'
import { streamEncoder } from './encode-stream.ts'
import { gemini } from './index.ts'
import { saidBy } from './said-by.fixture.ts'

const asking = (display?: string): GenerateRequest => ({
  protocol: 'gemini',
  model: 'gemini-3.8-flash',
  stream: true,
  turns: [],
  tools: [],
  sampling: {},
  ...(display === undefined ? {} : { reasoning: { display } }),
})
const reply = (request: GenerateRequest): ReplyContext => ({
  request,
  headers: new Headers(),
  id: 'x1',
  now: 0,
})
const framesOf = (events: readonly StreamEvent[], request = asking('summarized')): readonly SseFrame[] =>
  runMachine(streamEncoder(reply(request)), events)
const partsOf = (events: readonly StreamEvent[]) =>
  collect('openai-responses', events).response.choices[0]?.parts ?? []
const decodedParts = (frames: readonly SseFrame[]) =>
  collect('gemini', runMachine(streamDecoder(), frames)).response.choices[0]?.parts ?? []

/** As js-genai judges whether a turn may stay in the history. */
const isKept = (frame: SseFrame): boolean => {
  const chunk: unknown = JSON.parse(frame.data)
  const candidates = isJsonObject(chunk) ? chunk['candidates'] : undefined
  const candidate = Array.isArray(candidates) ? candidates[0] : undefined
  const content = isJsonObject(candidate) ? candidate['content'] : undefined
  const parts = isJsonObject(content) ? content['parts'] : undefined
  return (
    isJsonObject(content) &&
    content['role'] === 'model' &&
    Array.isArray(parts) &&
    parts.length > 0 &&
    parts.every((part) => isJsonObject(part) && Object.keys(part).length > 0)
  )
}

describe('any answer of another provider, as a stream for a Gemini client', () => {
  test('obeys the grammar, keeps the history, and says the same', () => {
    fc.assert(
      fc.property(anyAnswer(), (events) => {
        const frames = framesOf(events)
        expect(runMachine(conform(), frames)).toEqual([])
        expect(frames.every(isKept)).toBe(true)
        expect(saidBy(decodedParts(frames))).toEqual(saidBy(partsOf(events)))
        const last = JSON.parse(frames.at(-1)?.data ?? '{}')
        expect(typeof last.candidates[0].finishReason).toBe('string')
        expect(last.usageMetadata?.totalTokenCount).toBe(
          events.some(({ type }) => type === 'usage') ? 12 : undefined,
        )
        const early = frames.slice(0, -1).map(({ data }) => JSON.parse(data))
        expect(early.every((chunk) => chunk.candidates[0].finishReason === undefined)).toBe(true)
      }),
      { numRuns: 600 },
    )
  })

  test('and whole it says what the stream says', () => {
    fc.assert(
      fc.property(anyAnswer(), (events) => {
        const { response } = collect('openai-responses', events)
        const { body } = encodeResponse(response, reply(asking('summarized')))
        const whole = JSON.parse(body)
        const streamed = framesOf(events).map(({ data }) => JSON.parse(data))
        const last = streamed.at(-1)
        expect(saidBy(decodedParts([{ data: body }]))).toEqual(saidBy(decodedParts(framesOf(events))))
        for (const name of ['finishReason', 'groundingMetadata']) {
          expect(last.candidates[0][name]).toEqual(whole.candidates[0][name])
        }
        expect(last.usageMetadata).toEqual(whole.usageMetadata)
        expect([last.modelVersion, last.responseId]).toEqual([whole.modelVersion, whole.responseId])
      }),
      { numRuns: 300 },
    )
  })

  test('shows no thought to who did not ask for them, and carries their state all the same', () => {
    fc.assert(
      fc.property(anyAnswer(), fc.constantFrom(undefined, 'none'), (events, display) => {
        const said = saidBy(decodedParts(framesOf(events, asking(display))))
        const given = saidBy(partsOf(events))
        expect(said.content.some(([kind]) => kind === 'thoughts')).toBe(false)
        expect(said.states).toEqual(given.states)
      }),
      { numRuns: 200 },
    )
  })
})

describe('the official SDK', () => {
  let server: Bun.Server<undefined>
  let client: GoogleGenAI
  let events: readonly StreamEvent[] = []
  let lastBody = ''

  beforeAll(() => {
    server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      async fetch(incoming) {
        lastBody = await incoming.text()
        const wire = wireRequest(gemini, { path: new URL(incoming.url).pathname, body: lastBody })
        const frames = framesOf(events, decodeRequest(wire))
        return new Response(Buffer.concat(frames.map(encodeFrame)), {
          headers: { 'content-type': 'text/event-stream' },
        })
      },
    })
    const baseUrl = `http://127.0.0.1:${server.port}`
    client = new GoogleGenAI({ apiKey: 'x', httpOptions: { baseUrl } })
  })
  afterAll(() => server.stop(true))

  const config = { thinkingConfig: { includeThoughts: true }, automaticContinuation: false }
  const model = 'gemini-3.8-flash'
  const chunkCount = async (stream: AsyncIterable<unknown>): Promise<number> => {
    let count = 0
    for await (const _ of stream) count++
    return count
  }

  test('reads every chunk of any answer', async () => {
    await fc.assert(
      fc.asyncProperty(anyAnswer(), async (answer) => {
        events = answer
        const stream = await client.models.generateContentStream({ model, contents: 'hi', config })
        expect(await chunkCount(stream)).toBe(framesOf(answer).length)
      }),
      { numRuns: 60 },
    )
  })

  test('keeps any answer in a chat, and what it sends back is that answer again', async () => {
    await fc.assert(
      fc.asyncProperty(anyAnswer(), async (answer) => {
        events = answer
        const chat = client.chats.create({ model, config })
        const count = await chunkCount(await chat.sendMessageStream({ message: 'hi' }))
        expect(chat.getHistory(true).filter(({ role }) => role === 'model')).toHaveLength(count)
        await chunkCount(await chat.sendMessageStream({ message: 'go on' }))
        const wire = wireRequest(gemini, {
          path: `/v1/models/${model}:streamGenerateContent`,
          body: lastBody,
        })
        const { turns } = decodeRequest(wire, { locations: true })
        expect(turns.map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
        expect(saidBy(turns[1]?.parts ?? [])).toEqual(saidBy(partsOf(answer)))
      }),
      { numRuns: 60 },
    )
  })
})
