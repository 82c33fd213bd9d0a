import { describe, expect, test } from 'bun:test'
import type { Capabilities, GenerateRequest, MediaCapability, Part, Turn } from '../../ir/index.ts'
import type { TargetContext } from '../protocol.ts'
import { encodeRequest } from './encode-request.ts'

const no: MediaCapability = { images: false, imageUrls: false, pdf: false, audio: false, video: false }
const all: MediaCapability = { images: true, imageUrls: true, pdf: true, audio: true, video: true }
const capabilities: Capabilities = {
  minOutputTokens: 1,
  chatLimitField: 'max_tokens',
  sampling: 'free',
  reasoning: {
    control: 'level',
    efforts: ['minimal', 'low', 'medium', 'high'],
    canDisable: false,
    readable: true,
  },
  prefill: true,
  midSystem: false,
  forcedToolWithReasoning: true,
  strictTools: true,
  jsonSchema: true,
  jsonSchemaWithTools: true,
  serverTools: ['web-search'],
  serverToolsWithFunctions: true,
  customTools: false,
  input: all,
  toolResults: all,
  callIds: true,
  signaturesEnforced: false,
  reasoningTextInHistory: false,
  developerRole: false,
  stopSequences: 5,
  candidates: 8,
  logprobs: true,
  seed: true,
  penalties: true,
  cache: 'implicit',
  cacheKey: false,
  verbosity: false,
}
const base: GenerateRequest = {
  protocol: 'openai-responses',
  model: 'x',
  stream: false,
  turns: [],
  tools: [],
  sampling: {},
}
const encode = (request: Partial<GenerateRequest>, told: Partial<Capabilities> = {}) => {
  const target: TargetContext = {
    model: 'gemini-3.8-flash',
    stream: false,
    capabilities: { ...capabilities, ...told },
    provider: 'gemini',
  }
  const { body, warnings } = encodeRequest({ ...base, ...request }, target)
  return { body: JSON.parse(body), source: body, warnings }
}
const contentsOf = (turns: readonly Turn[], told?: Partial<Capabilities>) =>
  encode({ turns }, told).body.contents

const text = (words: string): Part => ({ type: 'text', text: words })
const user = (...parts: readonly Part[]): Turn => ({ role: 'user', parts })
const assistant = (...parts: readonly Part[]): Turn => ({ role: 'assistant', parts })
const system = (words: string): Turn => ({ role: 'system', placement: 'inline', parts: [text(words)] })
const call = (id: string, input = '{}'): Part => ({
  type: 'tool-call',
  id,
  name: `f_${id}`,
  kind: 'function',
  input,
})
const result = (callId: string, ...content: readonly Part[]): Part => ({
  type: 'tool-result',
  callId,
  kind: 'function',
  content,
})
const response = (id: string, output: unknown) => ({
  functionResponse: { id, name: `f_${id}`, response: output },
})
const picture: Part = { type: 'image', source: { type: 'base64', data: 'iVBORw0KGgo=' } }

describe('turns of other protocols', () => {
  test('leading system text is the instruction, a part for each block; later text stays in its place', () => {
    const { body } = encode({
      turns: [
        { role: 'system', placement: 'preamble', parts: [text('a'), text(''), text('b')] },
        system('c'),
        user(text('hi')),
        system('now'),
        assistant(text('yes')),
      ],
    })
    expect(body.systemInstruction).toEqual({ parts: [{ text: 'a' }, { text: 'b' }, { text: 'c' }] })
    expect(body.contents).toEqual([
      { role: 'user', parts: [{ text: 'hi' }, { text: '<system-reminder>\nnow\n</system-reminder>' }] },
      { role: 'model', parts: [{ text: 'yes' }] },
    ])
    expect(() => encode({ turns: [{ role: 'system', parts: [picture] }] })).toThrow('image')
  })

  test('neighbours of one role are joined, and results stand behind their calls in the order of the calls', () => {
    expect(
      contentsOf([
        user(text('go')),
        assistant(text('ok'), call('a')),
        assistant(call('b')),
        user(result('b', text('2'))),
        system('hurry'),
        user(text('more'), result('a', text('1'))),
      ]),
    ).toEqual([
      { role: 'user', parts: [{ text: 'go' }] },
      {
        role: 'model',
        parts: [
          { text: 'ok' },
          { functionCall: { id: 'a', name: 'f_a', args: {} } },
          { functionCall: { id: 'b', name: 'f_b', args: {} } },
        ],
      },
      {
        role: 'user',
        parts: [
          response('a', { output: '1' }),
          response('b', { output: '2' }),
          { text: '<system-reminder>\nhurry\n</system-reminder>' },
          { text: 'more' },
        ],
      },
    ])
  })

  test('a result that came late moves behind its call', () => {
    expect(
      contentsOf([
        user(text('go')),
        assistant(call('a')),
        assistant(call('b')),
        user(result('a', text('1'))),
        assistant(text('and')),
        user(result('b', text('2'))),
      ]).map(({ role, parts }: { role: string; parts: readonly object[] }) => [
        role,
        ...parts.map((part) => Object.keys(part)[0]),
      ]),
    ).toEqual([
      ['user', 'text'],
      ['model', 'functionCall', 'functionCall'],
      ['user', 'functionResponse', 'functionResponse'],
      ['model', 'text'],
    ])
  })

  test('empty text goes, an empty user message says so, and an empty answer is left out', () => {
    const { body, warnings } = encode({
      turns: [user(text('')), assistant(text('')), assistant(text('x')), user(text('y'))],
    })
    expect(body.contents).toEqual([
      { role: 'user', parts: [{ text: '(empty)' }] },
      { role: 'model', parts: [{ text: 'x' }] },
      { role: 'user', parts: [{ text: 'y' }] },
    ])
    expect(warnings).toMatchObject([{ code: 'approximated', feature: 'empty message', path: 'turns[0]' }])
  })

  test('an answer at the end is told of where the model does not go on with it', () => {
    const turns = [user(text('a')), { ...assistant(text('{"x":')), at: 'messages.1' }]
    expect(encode({ turns }).warnings).toEqual([])
    expect(encode({ turns }, { prefill: false }).warnings).toMatchObject([
      { feature: 'prefill', path: 'messages.1' },
    ])
  })

  test('a longer history begins with the bytes of the shorter one', () => {
    const turns = [
      user(text('go')),
      assistant(call('a')),
      user(result('a', text('1'), picture)),
      system('s'),
      assistant(text('t'), call('b')),
      user(result('b', text('2'))),
      assistant(text('done')),
    ]
    for (const told of [{}, { signaturesEnforced: true, toolResults: no }]) {
      const prefixes = [1, 4, 6].map((count) =>
        JSON.stringify(contentsOf(turns.slice(0, count), told)).slice(0, -1),
      )
      const whole = JSON.stringify(contentsOf(turns, told))
      for (const prefix of prefixes) expect(whole.startsWith(prefix)).toBe(true)
    }
  })
})

describe('states', () => {
  const native = { protocol: 'gemini', kind: 'thought-signature', value: 'c2ln' } as const
  const reasoning = (...pieces: readonly string[]): Part => ({
    type: 'reasoning',
    pieces: pieces.map((piece) => ({ kind: 'summary', text: piece })),
  })

  test('Gemini’s own stand on the part behind hidden thoughts, each on one', () => {
    const contents = contentsOf([
      user(text('a')),
      assistant({ ...reasoning(), state: native }, text('x'), {
        ...call('a'),
        state: { ...native, value: 'Y2Fs' },
      }),
      user(result('a')),
      assistant({ ...reasoning(), state: native }, { ...reasoning(), state: { ...native, value: 'dHdv' } }),
    ])
    expect(contents[1].parts).toMatchObject([
      { text: 'x', thoughtSignature: 'c2ln' },
      { functionCall: { name: 'f_a' }, thoughtSignature: 'Y2Fs' },
    ])
    expect(contents[3].parts).toEqual([
      { text: '', thoughtSignature: 'c2ln' },
      { text: '', thoughtSignature: 'dHdv' },
    ])
  })

  test('thoughts come back as they were where Gemini gave them out, and go where another did', () => {
    const { body, warnings } = encode({
      turns: [
        user(text('a')),
        assistant(
          { ...reasoning('mine'), state: native },
          { ...reasoning('theirs'), at: 'input[2]' },
          text('x'),
        ),
      ],
    })
    expect(body.contents[1].parts).toEqual([
      { text: 'mine', thought: true, thoughtSignature: 'c2ln' },
      { text: 'x' },
    ])
    expect(warnings).toMatchObject([{ code: 'dropped', feature: 'reasoning', path: 'input[2]' }])
  })

  test('a foreign one is never sent, and the first call of a step without one is not checked', () => {
    const foreign = { protocol: 'openai-responses', kind: 'encrypted', value: 'gAAA' } as const
    const turns = [
      user(text('a')),
      assistant({ ...text('x'), state: foreign }, call('a'), call('b')),
      user(result('a'), result('b')),
    ]
    expect(contentsOf(turns)[1].parts[0]).toEqual({ text: 'x' })
    expect(contentsOf(turns, { signaturesEnforced: true })[1].parts).toMatchObject([
      { text: 'x' },
      { thoughtSignature: 'skip_thought_signature_validator' },
      { functionCall: { name: 'f_b' } },
    ])
  })
})

describe('results', () => {
  const partsOf = (content: readonly Part[], more: object = {}, told?: Partial<Capabilities>) =>
    contentsOf(
      [
        user(text('a')),
        assistant(call('a')),
        user({ ...result('a', ...content), ...more } as Part, text('b')),
      ],
      told,
    )[2].parts

  test('text stays text, also where it looks like JSON; objects go as they are, unless they refer', () => {
    expect(partsOf([text('{"a":1}')])[0]).toEqual(response('a', { output: '{"a":1}' }))
    expect(partsOf([])[0]).toEqual(response('a', { output: '' }))
    expect(partsOf([text('x'), text('y')])[0]).toEqual(response('a', { output: 'x\ny' }))
    expect(partsOf([{ type: 'json', json: '{"a":1.0}' }])[0]).toEqual(response('a', { a: 1 }))
    expect(partsOf([{ type: 'json', json: '{"a":{"$ref":"#/x"}}' }])[0]).toEqual(
      response('a', { output: '{"a":{"$ref":"#/x"}}' }),
    )
  })

  test('failures stand under `error`', () => {
    expect(partsOf([text('no such file')], { isError: true })[0]).toEqual(
      response('a', { error: 'no such file' }),
    )
    expect(partsOf([{ type: 'json', json: '{"code":5}' }], { isError: true })[0]).toEqual(
      response('a', { error: { code: 5 } }),
    )
  })

  test('media stand inside where the model takes them, else behind all responses', () => {
    const inline = { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }
    expect(partsOf([text('see'), picture])).toEqual([
      { functionResponse: { id: 'a', name: 'f_a', response: { output: 'see' }, parts: [inline] } },
      { text: 'b' },
    ])
    expect(partsOf([text('see'), picture], {}, { toolResults: no })).toEqual([
      response('a', { output: 'see' }),
      inline,
      { text: 'b' },
    ])
  })

  test('pictures inside have no resolution of their own, which is told', () => {
    const detailed: Part = { type: 'image', source: { type: 'base64', data: 'iVBORw0KGgo=' }, detail: 'low' }
    const { body, warnings } = encode({
      turns: [assistant(call('a')), user(result('a', { ...detailed, at: 'input[1].output[0]' }))],
    })
    expect(body.contents[1].parts[0].functionResponse.parts).toEqual([
      { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } },
    ])
    expect(warnings).toMatchObject([{ feature: 'image detail', path: 'input[1].output[0]' }])
    expect(partsOf([detailed], {}, { toolResults: no })[1]).toMatchObject({
      mediaResolution: { level: 'MEDIA_RESOLUTION_LOW' },
    })
  })

  test('documents of text become text', () => {
    const document: Part = {
      type: 'document',
      title: 'a "b" <c>',
      source: { type: 'parts', parts: [text('one'), text('two')] },
    }
    expect(partsOf([document])[0]).toEqual(
      response('a', { output: '<document index="1" title="a &quot;b&quot; &lt;c>">\none\ntwo\n</document>' }),
    )
  })
})

describe('media', () => {
  const partOf = (part: Part) => contentsOf([user(part)])[0].parts[0]

  test('bytes are inline, addresses and files of Gemini’s own are named', () => {
    expect(partOf({ ...picture, detail: 'high' } as Part)).toEqual({
      inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' },
      mediaResolution: { level: 'MEDIA_RESOLUTION_HIGH' },
    })
    expect(
      partOf({ type: 'image', source: { type: 'url', url: 'https://a.example/b.webp?c' }, detail: 'auto' }),
    ).toEqual({
      fileData: { fileUri: 'https://a.example/b.webp?c', mimeType: 'image/webp' },
    })
    expect(partOf({ type: 'image', source: { type: 'url', url: 'https://a.example/b' } })).toEqual({
      fileData: { fileUri: 'https://a.example/b' },
    })
    expect(partOf({ type: 'document', source: { type: 'text', text: 'hé' } })).toEqual({
      inlineData: { mimeType: 'text/plain', data: 'aMOp' },
    })
    expect(
      partOf({ type: 'audio', source: { type: 'base64', data: 'AAAA', mediaType: 'audio/mpeg' } }),
    ).toEqual({
      inlineData: { mimeType: 'audio/mpeg', data: 'AAAA' },
    })
  })

  test('files of another provider are refused by their place', () => {
    const part: Part = { type: 'image', source: { type: 'file', id: 'file-1' }, at: 'input[0].content[1]' }
    expect(() => partOf(part)).toThrow(expect.objectContaining({ param: 'input[0].content[1]' }))
  })
})

describe('tools', () => {
  const schema = '{"type":"object","properties":{"a":{"type":["string","null"],"const":"x"}}}'
  const tool = { type: 'function', name: 'f', parameters: schema } as const
  const calling = (request: Partial<GenerateRequest>, told?: Partial<Capabilities>) =>
    encode({ tools: [tool], ...request }, told).body.toolConfig?.functionCallingConfig

  test('schemas are JSON Schema, in their own words', () => {
    const { source, body } = encode({
      tools: [tool, { type: 'function', name: 'g', parameters: '{"type":"object","properties":{}}' }],
    })
    expect(source).toContain(`"parametersJsonSchema":${schema}`)
    expect(body.tools).toHaveLength(1)
    expect(body.tools[0].functionDeclarations[1]).toEqual({ name: 'g' })
  })

  test('every choice has its mode', () => {
    expect(calling({})).toBeUndefined()
    expect(calling({ toolChoice: { type: 'auto' } })).toEqual({ mode: 'AUTO' })
    expect(calling({ toolChoice: { type: 'none' } })).toEqual({ mode: 'NONE' })
    expect(calling({ toolChoice: { type: 'required' } })).toEqual({ mode: 'ANY' })
    expect(calling({ toolChoice: { type: 'tool', name: 'f', kind: 'function' } })).toEqual({
      mode: 'ANY',
      allowedFunctionNames: ['f'],
    })
    const names = ['f', 'g']
    expect(calling({ toolChoice: { type: 'allowed', mode: 'auto', names } })).toEqual({
      mode: 'VALIDATED',
      allowedFunctionNames: names,
    })
    expect(calling({ toolChoice: { type: 'allowed', mode: 'required', names } })).toEqual({
      mode: 'ANY',
      allowedFunctionNames: names,
    })
    expect(calling({ tools: [{ ...tool, strict: true }] })).toEqual({ mode: 'VALIDATED' })
    expect(calling({ tools: [{ ...tool, strict: true }] }, { strictTools: false })).toBeUndefined()
    expect(calling({ tools: [], toolChoice: { type: 'required' } })).toBeUndefined()
    expect(() => calling({ toolChoice: { type: 'tool', name: 'web_search', kind: 'server' } })).toThrow()
  })

  test('tools of the target’s own go as they are, and those of another are refused', () => {
    const search = {
      type: 'server',
      tool: 'web-search',
      wireType: 'googleSearch',
      config: '{"excludeDomains":["a.b"]}',
    } as const
    expect(encode({ tools: [search] }).body.tools).toEqual([{ googleSearch: { excludeDomains: ['a.b'] } }])
    expect(() => encode({ tools: [{ ...search, wireType: 'web_search', at: 'tools[0]' }] })).toThrow(
      expect.objectContaining({ param: 'tools[0]', code: 'gateway_translation_unsupported' }),
    )
  })
})

describe('settings', () => {
  test('ranges are kept', () => {
    const { body, warnings } = encode({
      sampling: {
        presencePenalty: 2,
        frequencyPenalty: 1.5,
        stop: ['1', '2', '3', '4', '5', '6'],
        candidates: 2,
        topLogprobs: 3,
      },
      maxOutputTokens: 0,
      output: { type: 'text' },
    })
    expect(body.generationConfig).toEqual({
      presencePenalty: 1.99,
      frequencyPenalty: 1.5,
      stopSequences: ['1', '2', '3', '4', '5'],
      candidateCount: 2,
      maxOutputTokens: 0,
    })
    expect(warnings).toMatchObject([{ code: 'dropped', path: 'sampling.stop' }])
    expect(encode({ sampling: { stop: [], logprobs: true, topLogprobs: 3 } }).body.generationConfig).toEqual({
      responseLogprobs: true,
      logprobs: 3,
    })
  })

  test('thinking is said in the words that the model takes', () => {
    const thinking = (reasoning: GenerateRequest['reasoning'], told?: Partial<Capabilities['reasoning']>) =>
      encode(
        { ...(reasoning === undefined ? {} : { reasoning }) },
        { reasoning: { ...capabilities.reasoning, ...told } },
      ).body.generationConfig?.thinkingConfig
    expect(thinking({ effort: 'low', display: 'none' })).toEqual({
      includeThoughts: false,
      thinkingLevel: 'LOW',
    })
    expect(thinking({ budgetTokens: 5000, display: 'auto' }, { control: 'budget' })).toEqual({
      includeThoughts: true,
      thinkingBudget: 5000,
    })
    expect(thinking({ mode: 'disabled' }, { control: 'budget', canDisable: true })).toEqual({
      thinkingBudget: 0,
    })
    expect(thinking({ mode: 'disabled' }, { control: 'budget', minBudget: 128 })).toEqual({
      thinkingBudget: 128,
    })
    expect(thinking({ effort: 'high' }, { control: 'none' })).toBeUndefined()
  })

  test('tiers, storage and formats have their words', () => {
    const tier = (serviceTier: string) => encode({ serviceTier }).body.serviceTier
    expect(['auto', 'default', 'standard_only', 'flex', 'priority', 'fast', 'scale'].map(tier)).toEqual([
      undefined,
      'standard',
      'standard',
      'flex',
      'priority',
      'priority',
      undefined,
    ])
    expect(encode({ store: false }).body.store).toBe(false)
    expect(
      encode({ output: { type: 'json-schema', name: 'n', schema: '{"type":"object"}' } }).body
        .generationConfig,
    ).toEqual({
      responseMimeType: 'application/json',
      responseJsonSchema: { type: 'object' },
    })
  })

  test('what has no word is told, what protects or names state is refused', () => {
    const { warnings } = encode({
      parallelToolCalls: false,
      metadata: { a: 'b' },
      user: 'u',
      promptCacheKey: 'k',
      cache: {},
      moderation: { policy: { input: { mode: 'score' } } },
    })
    expect(warnings.map(({ path }) => path)).toEqual(['parallelToolCalls', 'metadata', 'moderation'])
    for (const [param, request] of [
      ['previousResponseId', { previousResponseId: 'resp_1' }],
      ['conversation', { conversation: 'conv_1' }],
      ['background', { background: true }],
      ['moderation', { moderation: { policy: { input: { mode: 'block' } } } }],
    ] as const) {
      expect(() => encode(request)).toThrow(expect.objectContaining({ param }))
    }
  })

  test('what a turn sets holds for the request', () => {
    const turns: readonly Turn[] = [
      { role: 'system', parts: [], reasoning: { effort: 'low' }, output: { type: 'json' } },
      {
        role: 'system',
        parts: [],
        reasoning: { effort: 'high' },
        tools: [{ type: 'function', name: 'late' }],
      },
      user(text('a')),
    ]
    const { body, warnings } = encode({ turns })
    expect(body.generationConfig).toEqual({
      thinkingConfig: { thinkingLevel: 'HIGH' },
      responseMimeType: 'application/json',
    })
    expect(body.tools).toEqual([{ functionDeclarations: [{ name: 'late' }] }])
    expect(warnings).toMatchObject([{ feature: 'tools added later' }])
  })
})
