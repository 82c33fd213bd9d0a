import { describe, expect, test } from 'bun:test'
import {
  clientRecordings,
  corpus,
  corpusAvailable,
  frameDecoder,
  runMachine,
  streamBytes,
  wireRequest,
  wireResponse,
} from '../../../test/support/corpus.ts'
import { GatewayError } from '../../errors.ts'
import {
  collect,
  type GenerateRequest,
  type GenerateResponse,
  isJsonObject,
  type JsonObject,
  replay,
  type StreamEvent,
} from '../../ir/index.ts'
import { protocols } from '../index.ts'
import type { GenerateCodec, ReplyContext } from '../protocol.ts'
import { decodeResponse } from './decode-response.ts'
import { streamDecoder } from './decode-stream.ts'
import { encodeRequest } from './encode-request.ts'
import { encodeResponse } from './encode-response.ts'
import { streamEncoder } from './encode-stream.ts'
import { gemini } from './index.ts'
import { saidBy } from './said-by.fixture.ts'

/** Everything that the other protocols' clients and providers said in the recordings, brought into Gemini's words. */
const sources = [
  ['anthropic-messages', 'anthropic', '/v1/messages'],
  ['openai-chat', 'chat', '/v1/chat/completions'],
  ['openai-responses', 'responses', '/v1/responses'],
] as const

const codecOf = (id: (typeof sources)[number][0]): GenerateCodec => {
  const codec = protocols[id].generate
  if (codec === undefined) throw new Error(`${id} generates nothing`)
  return codec
}
const asked: GenerateRequest = {
  protocol: 'gemini',
  model: 'gemini-3.8-flash',
  stream: true,
  turns: [],
  tools: [],
  sampling: {},
  reasoning: { display: 'summarized' },
}
const reply: ReplyContext = { request: asked, headers: new Headers(), id: 'x1', now: 0 }
const list = (value: unknown): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : []

describe.skipIf(!corpusAvailable('other protocols in Gemini’s words'))('what others said', () => {
  for (const [id, folder, path] of sources) {
    const codec = codecOf(id)
    const records = corpus(folder)

    test(`requests of ${id} become alternating contents with all their results behind their calls`, () => {
      const recorded = clientRecordings((one) => one.method === 'POST' && one.path.endsWith(path))
      const texts = [
        ...records.flatMap(({ name, request }) =>
          request === undefined ? [] : [{ name, text: request.text }],
        ),
        ...recorded,
      ]
      let said = 0
      for (const { name, text } of texts) {
        const request = codec.decodeRequest(wireRequest(protocols[id], { path, body: text }), {
          locations: true,
        })
        let encoded: ReturnType<typeof encodeRequest>
        try {
          encoded = encodeRequest(request, { model: 'gemini-3.8-flash', stream: true })
        } catch (error) {
          if (!(error instanceof GatewayError) || error.param === undefined)
            throw new Error(name, { cause: error })
          expect(error.code).toBe('gateway_translation_unsupported')
          continue
        }
        said++
        expect(encoded.warnings.filter((warning) => warning.path === '')).toEqual([])
        const body = JSON.parse(encoded.body)
        const contents = list(body.contents)
        contents.forEach((content, index) => {
          const parts = list(content['parts'])
          const before = list(contents[index - 1]?.['parts'])
          expect(content['role']).toBe(index === 0 ? content['role'] : other(contents[index - 1]?.['role']))
          expect(parts.length).toBeGreaterThan(0)
          expect(parts.some((part) => part['text'] === '' && part['thoughtSignature'] === undefined)).toBe(
            false,
          )
          const results = parts.filter((part) => 'functionResponse' in part)
          if (results.length > 0)
            expect(`${name}: ${results.map(nameOf)}`).toBe(`${name}: ${before.flatMap(callNameOf)}`)
        })
        expect(encodeRequest(request, { model: 'gemini-3.8-flash', stream: true }).body).toBe(encoded.body)
      }
      expect(said).toBeGreaterThan(texts.length / 2)
    })

    test(`answers of ${id} say the same, whole and as a stream`, () => {
      for (const record of records) {
        if (record.stream || record.status >= 300 || record.response === undefined) continue
        const value = record.response.value
        if (isJsonObject(value) && isJsonObject(value['error'])) continue
        const response = codec.decodeResponse(wireResponse(record))
        check(record.name, response, replay(response))
      }
    })

    test(`streams of ${id} say the same, whole and as a stream`, () => {
      for (const record of records) {
        if (!record.stream) continue
        const frames = runMachine(frameDecoder(record.framing), [streamBytes(record)])
        const events = runMachine(codec.streamDecoder(), frames)
        const { response, complete } = collect(id, events)
        if (complete) check(record.name, response, events)
        else
          expect(
            runMachine(streamEncoder(reply), events).some(({ data }) => data.includes('"finishReason"')),
          ).toBe(false)
      }
    })
  }
})

const other = (role: unknown): string => (role === 'model' ? 'user' : 'model')
const nameOf = (part: JsonObject): unknown => inner(part, 'functionResponse')['name']
const callNameOf = (part: JsonObject): readonly unknown[] =>
  'functionCall' in part ? [inner(part, 'functionCall')['name']] : []
const inner = (part: JsonObject, key: string): JsonObject => {
  const value = part[key]
  return isJsonObject(value) ? value : {}
}

const check = (name: string, response: GenerateResponse, events: readonly StreamEvent[]): void => {
  const body = new TextEncoder().encode(encodeResponse(response, reply).body)
  const whole = decodeResponse({ status: 200, headers: new Headers(), body })
  const frames = runMachine(streamEncoder(reply), events)
  const rules = gemini.generate === undefined ? ['no codec'] : runMachine(gemini.generate.conform(), frames)
  expect([name, ...rules]).toEqual([name])
  const streamed = collect('gemini', runMachine(streamDecoder(), frames))
  expect([name, streamed.complete]).toEqual([name, true])
  response.choices.forEach(({ parts }, index) => {
    const given = saidBy(parts)
    expect([name, saidBy(whole.choices[index]?.parts ?? []).content]).toEqual([name, given.content])
    expect([name, saidBy(streamed.response.choices[index]?.parts ?? []).content]).toEqual([
      name,
      given.content,
    ])
    expect([name, saidBy(whole.choices[index]?.parts ?? []).states]).toEqual([name, given.states])
    expect([name, saidBy(streamed.response.choices[index]?.parts ?? []).states]).toEqual([name, given.states])
  })
  for (const answer of [whole, streamed.response]) {
    const { usage } = answer
    for (const counter of ['inputTokens', 'outputTokens', 'cacheReadTokens', 'reasoningTokens'] as const) {
      expect([name, usage?.[counter]]).toEqual([name, response.usage?.[counter]])
    }
  }
}
