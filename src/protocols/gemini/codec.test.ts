import { describe, expect, test } from 'bun:test'
import { runMachine, wireRequest } from '../../../test/support/corpus.ts'
import { bare, collect, type GenerateRequest, type StreamEvent } from '../../ir/index.ts'
import type { WireRequest } from '../protocol.ts'
import { decodeRequest } from './decode-request.ts'
import { decodeResponse } from './decode-response.ts'
import { streamDecoder } from './decode-stream.ts'
import { encodeRequest } from './encode-request.ts'
import { gemini } from './index.ts'
import { leaves } from './leaves.ts'

const wire = (body: unknown, method = 'generateContent'): WireRequest =>
  wireRequest(gemini, {
    path: `/v1beta/models/gemini-3.8-flash:${method}`,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
const target = { model: 'gemini-3.8-flash', stream: false }
const bytes = (text: string) => new TextEncoder().encode(text)
const answer = (text: string) => decodeResponse({ status: 200, headers: new Headers(), body: bytes(text) })

describe('arguments keep their source text', () => {
  const args = '{"a":1.0,"b":1e400,"c":1152921504606846976,"d":1,"d":2,"\\u0065":"\\u00e9","2":0,"1":0}'

  test('in history, with and without the raw slice', () => {
    const body = `{"contents":[{"role":"model","parts":[{"functionCall":{"name":"f","args":${args}}}]}]}`
    const request = decodeRequest(wire(body))
    expect(request.turns[0]?.parts[0]).toMatchObject({ type: 'tool-call', input: args })
    expect(encodeRequest(request, target).body).toContain(args)
    expect(encodeRequest(bare(request), target).body).toContain(args)
  })

  test('in answers, whole and streamed', () => {
    const body = `{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":${args}}}]},"finishReason":"STOP"}]}`
    const whole = answer(body)
    expect(whole.choices[0]).toMatchObject({ parts: [{ input: args }], finish: { reason: 'tool-calls' } })
    const streamed = collect('gemini', runMachine(streamDecoder(), [{ data: body }])).response
    expect(streamed.choices[0]).toMatchObject({ parts: [{ input: args }], finish: { reason: 'tool-calls' } })
  })

  test('structured results keep theirs, plain ones become text, failures are marked', () => {
    const result = (response: string) =>
      decodeRequest(
        wire(`{"contents":[{"parts":[{"functionResponse":{"name":"f","response":${response}}}]}]}`),
      ).turns[0]?.parts[0]
    expect(result('{"a":1.0}')).toMatchObject({ content: [{ type: 'json', json: '{"a":1.0}' }] })
    expect(result('{"output":"x"}')).toMatchObject({ content: [{ type: 'text', text: 'x' }] })
    expect(result('{"error":"x"}')).toMatchObject({ content: [{ text: 'x' }], isError: true })
  })
})

describe('hostile input', () => {
  test('deep nesting does not overflow', () => {
    for (const depth of [500, 20_000]) {
      const deep = `${'{"properties":'.repeat(depth)}{}${'}'.repeat(depth)}`
      const body = `{"contents":[{"parts":[{"functionCall":{"name":"f","args":${deep}}}]}],"x":${deep},"tools":[{"functionDeclarations":[{"name":"f","parameters":${deep}}]}]}`
      const request = decodeRequest(wire(body))
      expect(request.turns).toHaveLength(1)
      expect(leaves(wire(body))).toHaveLength(1)
      if (depth <= 512) expect(JSON.parse(encodeRequest(request, target).body)).toEqual(JSON.parse(body))
    }
  })

  test('prototype keys are members like others', () => {
    const body =
      '{"__proto__":{"a":1},"constructor":2,"contents":[{"__proto__":{"role":"model"},"parts":[{"text":"x","__proto__":{"thought":true}}]}]}'
    const request = decodeRequest(wire(body))
    expect(request.turns[0]).toMatchObject({ role: 'user', parts: [{ type: 'text', text: 'x' }] })
    expect(({} as { a?: number }).a).toBeUndefined()
    expect(JSON.stringify(JSON.parse(encodeRequest(request, target).body))).toContain('"__proto__":{"a":1}')
  })

  test('wrong types anywhere are carried or skipped, never thrown at', () => {
    for (const body of [
      '{"contents":5,"tools":"x","generationConfig":[],"systemInstruction":7,"toolConfig":null}',
      '{"contents":[1,null,{"parts":[1,null,"x",{},{"text":5},{"functionCall":3},{"inlineData":{}}]}]}',
      '{"contents":{"parts":{"text":"one"}},"tools":[1,{},{"functionDeclarations":[]}]}',
    ]) {
      const request = decodeRequest(wire(body))
      expect(() => encodeRequest(bare(request), target)).not.toThrow()
    }
    expect(() => decodeRequest(wire('[]'))).toThrow('not a JSON object')
    expect(() => decodeRequest(wire('{'))).toThrow('not valid JSON')
  })
})

describe('streams', () => {
  const chunk = (parts: readonly object[], more: object = {}) => ({
    data: JSON.stringify({ candidates: [{ content: { role: 'model', parts }, index: 0, ...more }] }),
  })
  const types = (events: readonly StreamEvent[]) =>
    events.map(({ type }) => type).filter((type) => type !== 'extension')

  test('partial arguments are put together when the last piece has come', () => {
    const piece = (call: object) => chunk([{ functionCall: call }])
    const events = runMachine(streamDecoder(), [
      piece({ name: 'f', id: 'c1', willContinue: true }),
      piece({
        partialArgs: [{ jsonPath: '$.a[0].b', stringValue: 'x', willContinue: true }],
        willContinue: true,
      }),
      piece({ partialArgs: [{ jsonPath: '$.a[0].b', stringValue: 'y' }], willContinue: true }),
      piece({ partialArgs: [{ jsonPath: "$['__proto__'].z", numberValue: 2 }], willContinue: true }),
      piece({}),
      chunk([{ text: '' }], { finishReason: 'STOP' }),
    ])
    const { response, complete } = collect('gemini', events)
    expect(complete).toBe(true)
    expect(response.choices[0]).toMatchObject({
      parts: [{ id: 'c1', name: 'f', input: '{"a":[{"b":"xy"}],"__proto__":{"z":2}}' }],
      finish: { reason: 'tool-calls' },
    })
  })

  test('a call that the provider answers itself is not the client’s', () => {
    const events = runMachine(streamDecoder(), [
      chunk([{ functionCall: { name: 'srv_f', args: {} } }], { finishReason: 'STOP' }),
      chunk([{ functionResponse: { name: 'srv_f', response: { a: 1 } } }]),
      chunk([{ text: 'done' }], { finishReason: 'STOP' }),
    ])
    expect(collect('gemini', events).response.choices[0]?.finish?.reason).toBe('end')
  })

  test('a signed text part stays alone; thoughts and text alternate as parts', () => {
    const events = runMachine(streamDecoder(), [
      chunk([{ text: 'why', thought: true }]),
      chunk([{ text: 'be' }]),
      chunk([{ text: 'cause' }]),
      chunk([{ text: '', thoughtSignature: 'c2ln' }], { finishReason: 'MAX_TOKENS' }),
    ])
    expect(collect('gemini', events).response.choices[0]).toMatchObject({
      parts: [
        { type: 'reasoning', pieces: [{ text: 'why' }] },
        { type: 'text', text: 'because' },
        { type: 'text', text: '', state: { kind: 'thought-signature', value: 'c2ln' } },
      ],
      finish: { reason: 'length' },
    })
  })

  test('an error ends the stream, and so does a chunk that is no JSON', () => {
    const failure = { data: '{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}' }
    expect(types(runMachine(streamDecoder(), [chunk([{ text: 'a' }]), failure, chunk([])]))).toEqual([
      'start',
      'text-start',
      'text-delta',
      'error',
    ])
    expect(types(runMachine(streamDecoder(), [{ data: '{' }]))).toEqual(['error'])
  })

  test('an edited delta comes out edited, in the chunk it came in', () => {
    const encoder = gemini.generate?.streamEncoder({
      request: decodeRequest(wire({})),
      headers: new Headers(),
      id: 'x',
      now: 0,
    })
    if (encoder === undefined) throw new Error('no encoder')
    const events = runMachine(streamDecoder(), [
      chunk([{ text: 'my secret' }], { safetyRatings: [] }),
      chunk([{ text: '' }], { finishReason: 'STOP' }),
    ]).map((event) => (event.type === 'text-delta' ? { ...event, text: 'my ***' } : event))
    const frames = runMachine(encoder, events).map(({ data }) => JSON.parse(data))
    expect(frames).toEqual([
      {
        candidates: [
          { content: { role: 'model', parts: [{ text: 'my ***' }] }, index: 0, safetyRatings: [] },
        ],
      },
      { candidates: [{ content: { role: 'model', parts: [{ text: '' }] }, index: 0, finishReason: 'STOP' }] },
    ])
  })
})

describe('requests of other protocols', () => {
  const request: GenerateRequest = {
    protocol: 'anthropic-messages',
    model: 'x',
    stream: true,
    turns: [
      { role: 'system', placement: 'preamble', parts: [{ type: 'text', text: 'Be brief' }] },
      { role: 'user', parts: [{ type: 'text', text: 'weather?' }] },
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', pieces: [{ kind: 'text', text: 'hm' }] },
          { type: 'tool-call', id: 'c1', name: 'get', kind: 'function', input: '' },
          { type: 'tool-call', id: 'c2', name: 'get', kind: 'function', input: '{"a":' },
        ],
      },
      {
        role: 'user',
        parts: [
          { type: 'tool-result', callId: 'c1', kind: 'function', content: [{ type: 'text', text: 'sun' }] },
          { type: 'tool-result', callId: 'c2', kind: 'function', content: [], isError: true },
        ],
      },
      { role: 'user', parts: [{ type: 'text', text: '' }] },
    ],
    tools: [{ type: 'function', name: 'get', parameters: '{"type":"object","properties":{}}' }],
    toolChoice: { type: 'tool', name: 'get', kind: 'function' },
    maxOutputTokens: 100,
    sampling: { stop: ['1', '2', '3', '4', '5', '6'] },
    reasoning: { effort: 'xhigh', display: 'summarized' },
    output: { type: 'json-schema', name: 'n', schema: '{"type":"object"}' },
  }

  test('are said in Gemini’s words, and what is lost is named', () => {
    const encoded = encodeRequest(request, { model: 'gemini-3.8-flash', stream: true })
    expect(encoded.path).toBe('/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse')
    const call = (id: string, args: object) => ({ functionCall: { id, name: 'get', args } })
    const result = (id: string, response: object) => ({ functionResponse: { id, name: 'get', response } })
    expect(JSON.parse(encoded.body)).toEqual({
      systemInstruction: { parts: [{ text: 'Be brief' }] },
      contents: [
        { role: 'user', parts: [{ text: 'weather?' }] },
        {
          role: 'model',
          parts: [
            { ...call('c1', {}), thoughtSignature: 'skip_thought_signature_validator' },
            call('c2', { INVALID_JSON: '{"a":' }),
          ],
        },
        { role: 'user', parts: [result('c1', { output: 'sun' }), result('c2', { error: '' })] },
      ],
      // A function without parameters has no schema.
      tools: [{ functionDeclarations: [{ name: 'get' }] }],
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['get'] } },
      generationConfig: {
        stopSequences: ['1', '2', '3', '4', '5'],
        maxOutputTokens: 100,
        thinkingConfig: { includeThoughts: true, thinkingLevel: 'HIGH' },
        responseMimeType: 'application/json',
        responseJsonSchema: { type: 'object' },
      },
    })
    expect(encoded.warnings.map(({ feature }) => feature).sort()).toEqual([
      'reasoning',
      'reasoning effort',
      'stop strings',
      'thought signature',
    ])
  })

  test('older models get a budget instead of a level', () => {
    const encoded = encodeRequest(request, { model: 'gemini-2.5-pro', stream: false })
    expect(JSON.parse(encoded.body).generationConfig.thinkingConfig).toEqual({
      includeThoughts: true,
      thinkingBudget: 32_768,
    })
  })
})
