import { describe, expect, test } from 'bun:test'
import { runMachine, wireRequest } from '../../../test/support/corpus.ts'
import { collect, type Part, replay, type StreamEvent } from '../../ir/index.ts'
import type { SseFrame } from '../../wire/index.ts'
import { decodeRequest } from './decode-request.ts'
import { decodeResponse } from './decode-response.ts'
import { streamDecoder } from './decode-stream.ts'
import { encodeResponse } from './encode-response.ts'
import { streamEncoder } from './encode-stream.ts'
import { fieldPath } from './field-path.ts'
import { gemini } from './index.ts'

const decode = (body: unknown, query = '') => {
  const path = '/v1beta/models/gemini-3.8-flash:generateContent'
  const parts = { path, query: new URLSearchParams(query), body: JSON.stringify(body) }
  return decodeRequest(wireRequest(gemini, parts), { locations: true })
}
const model = (...parts: readonly object[]) => ({ role: 'model', parts })
const user = (...parts: readonly object[]) => ({ role: 'user', parts })
const whole = (candidate: object, more: object = {}) =>
  decodeResponse({
    status: 200,
    headers: new Headers(),
    body: new TextEncoder().encode(JSON.stringify({ candidates: [candidate], responseId: 'r1', ...more })),
  })
const chunk = (parts: readonly object[], more: object = {}): SseFrame => ({
  data: JSON.stringify({ candidates: [{ content: { role: 'model', parts }, ...more }], responseId: 'r1' }),
})
const streamed = (...frames: readonly SseFrame[]) => collect('gemini', runMachine(streamDecoder(), frames))
const partsOf = (parts: readonly Part[] | undefined) =>
  (parts ?? []).map(({ raw: _raw, extensions: _extensions, ...part }) => part)

describe('places', () => {
  test('turns, parts, tools and settings know where they stand, in the documented spelling', () => {
    const request = decode({
      system_instruction: { parts: [{ text: 'a' }, { text: 'b' }] },
      contents: [
        user({ text: 'c' }),
        model({ functionCall: { name: 'f', args: {} } }),
        user({
          functionResponse: {
            name: 'f',
            response: { output: 'x' },
            parts: [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }],
          },
        }),
      ],
      tools: [
        { functionDeclarations: [{ name: 'f' }, { name: 'g' }] },
        { google_search: {} },
        { functionDeclarations: [{ name: 'h' }] },
      ],
      tool_config: { functionCallingConfig: { mode: 'AUTO' } },
      generationConfig: { responseSchema: { type: 'OBJECT' }, thinkingConfig: { thinkingBudget: 1 } },
    })
    expect(request.turns.map(({ at }) => at)).toEqual([
      'systemInstruction',
      'contents[0]',
      'contents[1]',
      'contents[2]',
    ])
    expect(request.turns.flatMap(({ parts }) => parts.map(({ at }) => at))).toEqual([
      'systemInstruction.parts[0]',
      'systemInstruction.parts[1]',
      'contents[0].parts[0]',
      'contents[1].parts[0]',
      'contents[2].parts[0]',
    ])
    expect(request.turns[3]?.parts[0]).toMatchObject({
      content: [
        { at: 'contents[2].parts[0].functionResponse.response' },
        { type: 'image', at: 'contents[2].parts[0].functionResponse.parts[0]' },
      ],
    })
    expect(request.tools.map(({ at }) => at)).toEqual([
      'tools[0].functionDeclarations[0]',
      'tools[0].functionDeclarations[1]',
      'tools[1].googleSearch',
      'tools[2].functionDeclarations[0]',
    ])
    expect(request.tools[2]).toMatchObject({ type: 'server', tool: 'web-search', wireType: 'googleSearch' })
    expect([request.toolChoice?.at, request.output?.at, request.reasoning?.at]).toEqual([
      'toolConfig.functionCallingConfig',
      'generationConfig.responseSchema',
      'generationConfig.thinkingConfig',
    ])
  })

  test('canonical fields have their name on the wire', () => {
    expect(
      [
        'sampling.topK',
        'sampling.stop',
        'maxOutputTokens',
        'reasoning.effort',
        'output.schema',
        'turns[3]',
        'serviceTier',
        'contents[1].parts[0]',
      ].map(fieldPath),
    ).toEqual([
      'generationConfig.topK',
      'generationConfig.stopSequences',
      'generationConfig.maxOutputTokens',
      'generationConfig.thinkingConfig.thinkingLevel',
      'generationConfig.responseJsonSchema',
      'contents[3]',
      'serviceTier',
      'contents[1].parts[0]',
    ])
  })

  test('roles and combinations that the vendor refuses are refused, but only on the way to another protocol', () => {
    const bodies = [
      [
        { contents: [user({ text: 'a' }), { role: 'assistant', parts: [{ text: 'b' }] }] },
        'contents[1].role',
      ],
      [
        { contents: [], generationConfig: { responseSchema: {}, response_json_schema: {} } },
        'generationConfig.responseSchema',
      ],
    ] as const
    for (const [body, param] of bodies) {
      expect(() => decode(body)).toThrow(expect.objectContaining({ param, code: 'gateway_request_invalid' }))
      const wire = wireRequest(gemini, { path: '/v1/models/m:generateContent', body: JSON.stringify(body) })
      expect(() => decodeRequest(wire)).not.toThrow()
    }
  })
})

describe('chunks that a chat sends back', () => {
  test('are one turn with whole texts; signatures keep their part', () => {
    const { turns } = decode({
      contents: [
        user({ text: 'a' }),
        model({ text: 'Why', thought: true }),
        model({ text: ' so', thought: true }),
        model({ text: 'Hel', thoughtSignature: 'c2ln' }),
        model({ text: 'lo' }),
        model({ functionCall: { name: 'f', id: '1' }, thoughtSignature: 'Y2Fs' }),
        model({ functionCall: { name: 'g', id: '2' } }),
        model({ text: '' }),
        model({ text: '', thoughtSignature: 'ZW5k' }),
        user({ functionResponse: { name: 'f', id: '1', response: {} } }),
      ],
    })
    expect(turns.map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
    expect(partsOf(turns[1]?.parts)).toMatchObject([
      { type: 'reasoning', pieces: [{ text: 'Why so' }], at: 'contents[1].parts[0]' },
      { type: 'text', text: 'Hello', state: { value: 'c2ln' }, at: 'contents[3].parts[0]' },
      { type: 'tool-call', name: 'f', state: { value: 'Y2Fs' } },
      { type: 'tool-call', name: 'g', at: 'contents[6].parts[0]' },
      { type: 'text', text: '', state: { value: 'ZW5k' } },
    ])
  })
})

describe('words that others share', () => {
  test('old schemas become JSON Schema', () => {
    const parameters = {
      type: 'OBJECT',
      properties: {
        b: { type: 'STRING', nullable: true, enum: ['x'] },
        a: { type: 'ARRAY', items: { type: 'INTEGER' }, maxItems: '3' },
        c: { anyOf: [{ type: 'STRING' }], nullable: true },
      },
      propertyOrdering: ['a', 'b'],
    }
    const { tools } = decode({ contents: [], tools: [{ functionDeclarations: [{ name: 'f', parameters }] }] })
    const [tool] = tools
    expect(tool?.type === 'function' ? tool.parameters : '').toBe(
      JSON.stringify({
        type: 'object',
        properties: {
          a: { type: 'array', items: { type: 'integer' }, maxItems: 3 },
          b: { type: ['string', 'null'], enum: ['x', null] },
          c: { anyOf: [{ type: 'string' }, { type: 'null' }] },
        },
      }),
    )
  })

  test('validated calls are strict tools, and restrict nothing without names', () => {
    const choice = (config: object) =>
      decode({
        contents: [],
        tools: [
          {
            functionDeclarations: [
              { name: 'f', responseJsonSchema: { type: 'string' }, behavior: 'NON_BLOCKING' },
            ],
          },
        ],
        toolConfig: { functionCallingConfig: config },
      })
    const open = choice({ mode: 'VALIDATED' })
    expect(open.toolChoice).toMatchObject({ type: 'auto' })
    expect(open.tools[0]).toMatchObject({
      strict: true,
      outputSchema: '{"type":"string"}',
      nonBlocking: true,
    })
    expect(choice({ mode: 'VALIDATED', allowedFunctionNames: ['f'] }).toolChoice).toMatchObject({
      type: 'allowed',
      mode: 'validated',
      names: ['f'],
    })
    expect(choice({ mode: 'AUTO' }).tools[0]).not.toHaveProperty('strict')
  })

  test('arguments that had to be wrapped to be an object are what was written, and objects stay', () => {
    const inputOf = (args: object) => {
      const part = decode({ contents: [model({ functionCall: { name: 'f', args } })] }).turns[0]?.parts[0]
      return part?.type === 'tool-call' ? part.input : undefined
    }
    expect(inputOf({ INVALID_JSON: '{"a":' })).toBe('{"a":')
    expect(inputOf({ INVALID_JSON: '[1]' })).toBe('[1]')
    expect(inputOf({ INVALID_JSON: '{}' })).toBe('{"INVALID_JSON":"{}"}')
    expect(inputOf({ INVALID_JSON: '[1]', more: 1 })).toBe('{"INVALID_JSON":"[1]","more":1}')
    expect(inputOf({ INVALID_JSON: 1 })).toBe('{"INVALID_JSON":1}')
  })

  test('what a tool answered is text, a failure, or JSON', () => {
    const contentOf = (response: unknown) => {
      const part = decode({ contents: [user({ functionResponse: { name: 'f', response } })] }).turns[0]
        ?.parts[0]
      return part?.type === 'tool-result'
        ? [part.isError, ...partsOf(part.content).map(({ at: _at, ...rest }) => rest)]
        : []
    }
    expect(contentOf({ output: 'x' })).toEqual([undefined, { type: 'text', text: 'x' }])
    expect(contentOf({ result: 'x' })).toEqual([undefined, { type: 'text', text: 'x' }])
    expect(contentOf({ error: 'x' })).toEqual([true, { type: 'text', text: 'x' }])
    expect(contentOf({ error: { code: 5 } })).toEqual([true, { type: 'json', json: '{"code":5}' }])
    expect(contentOf({ return_value: 1 })).toEqual([undefined, { type: 'json', json: '{"return_value":1}' }])
    expect(contentOf({ name: 'f', content: 'x' })).toEqual([
      undefined,
      { type: 'json', json: '{"name":"f","content":"x"}' },
    ])
  })

  test('code and what it printed', () => {
    const { choices } = whole({
      content: {
        parts: [
          { executableCode: { language: 'PYTHON', code: 'print(1)', id: 'x' } },
          { codeExecutionResult: { outcome: 'OUTCOME_FAILED', output: 'boom', id: 'x' } },
        ],
      },
    })
    expect(partsOf(choices[0]?.parts)).toEqual([
      {
        type: 'server-call',
        tool: 'code-execution',
        name: 'code_execution',
        id: 'x',
        input: '{"code":"print(1)"}',
      },
      {
        type: 'server-result',
        tool: 'code-execution',
        name: 'code_execution',
        callId: 'x',
        output: '[{"type":"logs","logs":"boom"}]',
        isError: true,
      },
    ])
  })
})

describe('grounding', () => {
  const said = ['Früh 🌧️ ', 'in Ulm. Spät ☀.'] as const
  const bytes = (text: string) => Buffer.byteLength(text, 'utf8')
  const groundingMetadata = {
    webSearchQueries: ['wetter ulm', 'ulm'],
    groundingChunks: [
      { web: { uri: 'https://a.example/', title: 'A' } },
      { web: { uri: 'https://b.example/' } },
    ],
    groundingSupports: [
      { segment: { endIndex: bytes('Früh 🌧️'), text: 'Früh 🌧️' }, groundingChunkIndices: [0] },
      {
        segment: { startIndex: bytes(`${said[0]}in Ulm. `), endIndex: 9999, text: 'Spät ☀.' },
        groundingChunkIndices: [0, 1, 7],
      },
    ],
  }
  const citations = [
    {
      kind: 'web',
      url: 'https://a.example/',
      title: 'A',
      citedText: 'Früh 🌧️',
      start: 0,
      end: [...'Früh 🌧️'].length,
    },
    { kind: 'web', url: 'https://a.example/', title: 'A', citedText: 'Spät ☀.', start: 8, end: 15 },
    { kind: 'web', url: 'https://b.example/', citedText: 'Spät ☀.', start: 8, end: 15 },
  ]
  const search = [
    {
      type: 'server-call',
      tool: 'web-search',
      name: 'web_search',
      id: 'web_search_r1',
      input: '{"query":"wetter ulm","queries":["wetter ulm","ulm"]}',
    },
    {
      type: 'server-result',
      tool: 'web-search',
      name: 'web_search',
      callId: 'web_search_r1',
      output:
        '[{"type":"url","url":"https://a.example/","title":"A"},{"type":"url","url":"https://b.example/"}]',
    },
  ]

  test('bytes of the whole text become characters of its part, and the search stands before the text', () => {
    const { choices } = whole({
      content: {
        parts: [
          { text: 'hm', thought: true },
          { text: said[0], thoughtSignature: 'c2ln' },
          { text: said[1] },
        ],
      },
      groundingMetadata,
    })
    expect(partsOf(choices[0]?.parts)).toMatchObject([
      { type: 'reasoning' },
      ...search,
      { text: said[0], citations: citations.slice(0, 1) },
      { text: said[1], citations: citations.slice(1) },
    ])
  })

  test('in a stream they come on the text before it ends, and the search behind it', () => {
    const { response, complete } = streamed(
      chunk([{ text: said[0].slice(0, 6) }], { groundingMetadata: {} }),
      chunk([{ text: said[0].slice(6) }]),
      chunk([{ text: said[1] }], { finishReason: 'STOP', groundingMetadata }),
    )
    const shifted = [...said[0]].length
    expect(complete).toBe(true)
    expect(partsOf(response.choices[0]?.parts)).toEqual([
      {
        type: 'text',
        text: said.join(''),
        citations: citations.map((citation, index) =>
          index === 0
            ? citation
            : { ...citation, start: citation.start + shifted, end: citation.end + shifted },
        ),
      },
      ...search,
    ] as never)
  })

  test('offsets survive the way to a client, whole and streamed', () => {
    const { extensions: _extensions, ...response } = whole({
      content: { parts: [{ text: said.join('') }] },
      groundingMetadata,
      finishReason: 'STOP',
    })
    const foreign = {
      ...response,
      protocol: 'openai-responses' as const,
      choices: response.choices.map(({ extensions: _own, ...choice }) => ({
        ...choice,
        parts: choice.parts.map(({ raw: _raw, extensions: _more, ...part }) => part as Part),
      })),
    }
    const reply = { request: decode({ contents: [] }), headers: new Headers(), id: 'x', now: 0 }
    const wanted = {
      ...groundingMetadata,
      groundingSupports: [
        groundingMetadata.groundingSupports[0],
        {
          segment: { ...groundingMetadata.groundingSupports[1]?.segment, endIndex: bytes(said.join('')) },
          groundingChunkIndices: [0, 1],
        },
      ],
    }
    expect(JSON.parse(encodeResponse(foreign, reply).body).candidates[0].groundingMetadata).toEqual(wanted)
    const frames = runMachine(streamEncoder(reply), replay(foreign))
    expect(JSON.parse(frames.at(-1)?.data ?? '').candidates[0].groundingMetadata).toEqual(wanted)
  })

  test('opened pages are fetches', () => {
    const page = (retrievedUrl: string, status: string) => ({
      retrievedUrl,
      urlRetrievalStatus: `URL_RETRIEVAL_STATUS_${status}`,
    })
    const urlContextMetadata = {
      urlMetadata: [page('https://a.example/', 'SUCCESS'), page('https://b.example/', 'ERROR')],
    }
    const { choices } = whole({ content: { parts: [{ text: 'x' }] }, urlContextMetadata })
    expect(partsOf(choices[0]?.parts)).toMatchObject([
      { type: 'server-call', tool: 'web-fetch', id: 'web_fetch_r1_0', input: '{"url":"https://a.example/"}' },
      { type: 'server-result', callId: 'web_fetch_r1_0' },
      { type: 'server-call', tool: 'web-fetch', input: '{"url":"https://b.example/"}' },
      { type: 'server-result', isError: true },
      { type: 'text' },
    ])
  })
})

describe('calls that the provider answers itself', () => {
  const call = (name: string) => ({ functionCall: { name, args: { a: 1 } } })
  const answer = (name: string) => ({ functionResponse: { name, response: { b: 2 } } })
  const kinds = (events: readonly StreamEvent[]): readonly string[] =>
    events.flatMap((event) =>
      event.type === 'part' ? [event.part.type] : event.type.startsWith('tool-call') ? [event.type] : [],
    )

  test('are no calls of the client, though a finish reason stands between them', () => {
    const { response } = streamed(
      chunk([{ text: 'a' }]),
      chunk([call('srv_f'), call('srv_g')], { finishReason: 'STOP' }),
      chunk([answer('srv_f')]),
      chunk([answer('srv_g')]),
      chunk([{ text: 'b' }], { finishReason: 'STOP' }),
    )
    expect(response.choices[0]?.finish?.reason).toBe('end')
    expect(response.choices[0]?.parts.map(({ type }) => type)).toEqual([
      'text',
      'server-call',
      'server-call',
      'server-result',
      'server-result',
      'text',
    ])
  })

  test('others are given out with the next words, or the end', () => {
    const decoder = streamDecoder()
    expect(kinds(decoder.push(chunk([call('f')])))).toEqual([])
    expect(kinds(decoder.push(chunk([{ text: '' }])))).toEqual([])
    const three = ['tool-call-start', 'tool-call-delta', 'tool-call-end']
    expect(kinds(decoder.push(chunk([{ text: 'so' }])))).toEqual(three)
    expect(kinds(decoder.push(chunk([call('g')], { finishReason: 'STOP' })))).toEqual([])
    expect(kinds(decoder.end())).toEqual(three)
  })

  test('an error gives out what was held', () => {
    const decoder = streamDecoder()
    decoder.push(chunk([call('f')]))
    const events = decoder.push({ data: '{"error":{"code":503,"message":"m"}}' })
    expect(events.map(({ type }) => type)).toContain('tool-call-end')
    expect(events.at(-1)?.type).toBe('error')
    expect(decoder.end()).toEqual([])
  })
})

describe('enums as numbers', () => {
  test('come to who asks for them', () => {
    const reply = (query: string) => ({
      request: decode({ contents: [] }, query),
      headers: new Headers(),
      id: 'x',
      now: 0,
    })
    const response = {
      protocol: 'openai-chat' as const,
      choices: [{ index: 0, parts: [{ type: 'text', text: 'a' }], finish: { reason: 'length' } }],
      usage: { inputTokens: 5, inputAudioTokens: 2 },
    } as const
    const query = '?%24alt=json%3Benum-encoding%3Dint'
    const answers = (from: ReturnType<typeof reply>) => [
      JSON.parse(encodeResponse(response, from).body),
      JSON.parse(runMachine(streamEncoder(from), replay(response)).at(-1)?.data ?? ''),
    ]
    for (const answer of answers(reply(query))) {
      expect(answer.candidates[0].finishReason).toBe(2)
      expect(answer.usageMetadata.promptTokensDetails).toEqual([
        { modality: 1, tokenCount: 3 },
        { modality: 4, tokenCount: 2 },
      ])
    }
    for (const answer of answers(reply(''))) expect(answer.candidates[0].finishReason).toBe('MAX_TOKENS')
  })
})
