import { describe, expect, test } from 'bun:test'
import { runMachine, wireRequest } from '../../../test/support/corpus.ts'
import { bare, collect, type GenerateResponse, replay, type StreamEvent } from '../../ir/index.ts'
import type { ReplyContext } from '../protocol.ts'
import { conform } from './conform.ts'
import { decodeRequest } from './decode-request.ts'
import { decodeResponse } from './decode-response.ts'
import { streamDecoder } from './decode-stream.ts'
import { encodeRequest } from './encode-request.ts'
import { encodeResponse } from './encode-response.ts'
import { streamEncoder } from './encode-stream.ts'
import { openaiResponses } from './index.ts'

type Json = Record<string, unknown>

const decode = (body: unknown) =>
  decodeRequest(
    wireRequest(openaiResponses, {
      path: '/v1/responses',
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
  )

const again = (body: string): string => {
  const request = decode(body)
  return encodeRequest(request, { model: request.model, stream: request.stream }).body
}

const wire = (body: string) => ({
  status: 200,
  headers: new Headers(),
  body: new TextEncoder().encode(body),
})

const reply = (body: Json = { model: 'gpt-5' }): ReplyContext => ({
  request: decode(body),
  headers: new Headers(),
  id: 'x1',
  now: 1_795_000_000,
})

const answer = (
  parts: GenerateResponse['choices'][number]['parts'],
  reason: 'end' | 'length' | 'tool-calls' | 'refusal' = 'end',
): GenerateResponse => ({
  protocol: 'anthropic-messages',
  id: 'msg_01',
  model: 'claude',
  choices: [{ index: 0, parts, finish: { reason } }],
  usage: { inputTokens: 3, outputTokens: 4 },
})

const streamed = (events: readonly StreamEvent[], body?: Json): readonly Json[] => {
  const frames = runMachine(streamEncoder(reply(body)), events)
  expect(runMachine(conform(), frames)).toEqual([])
  return frames.map((frame) => JSON.parse(frame.data) as Json)
}

const whole = (response: GenerateResponse, body?: Json): Json =>
  JSON.parse(encodeResponse(response, reply(body)).body) as Json

/** The items of a stream's terminal event. */
const outputOf = (events: readonly Json[]): unknown => {
  const response = events.at(-1)?.['response']
  return typeof response === 'object' && response !== null && 'output' in response
    ? response.output
    : undefined
}

const types = (events: readonly Json[]): readonly string[] =>
  events.map((event) => String(event['type']).replace('response.', ''))

describe('source text', () => {
  test('of arguments, schemas and unknown items is kept byte for byte', () => {
    const odd = '{ "n":1.0,"big":1e400,"id":1152921504606846976,"n":-0,"\\u0061":"\\ud83d", "2":1,"1":2 }'
    const quoted = JSON.stringify(odd)
    const body =
      `{"model":"m","input":[{"type":"function_call","call_id":"c","name":"f","arguments":${quoted}},` +
      `{"type":"future_call","id":"x","data":${odd}},` +
      `{"type":"tool_search_call","call_id":"t","execution":"client","arguments":${odd}}],` +
      `"tools":[{"type":"function","name":"f","parameters":${odd},"strict":false},` +
      `{"type":"future_tool","schema":${odd}}],"text":{"format":{"type":"json_schema","name":"s","schema":${odd}}}}`
    const encoded = again(body)
    expect(encoded.split(odd).length).toBe(6)
    expect(encoded).toContain(`"arguments":${quoted}`)
    const call = decode(body).turns[0]?.parts[0]
    expect(call?.type === 'tool-call' && call.input).toBe(odd)
  })

  test('of hosted items in an answer is kept byte for byte', () => {
    const item = '{"id":"ws_1","type":"web_search_call","score":1.0,"action":{"type":"search","n":1e400}}'
    const response = decodeResponse(
      wire(`{"id":"resp_1","object":"response","status":"completed","output":[${item}]}`),
    )
    expect(encodeResponse(response, reply()).body).toContain(`"output":[${item}]`)
  })
})

describe('hostile and odd input', () => {
  test('prototype keys are plain members and come back', () => {
    const body =
      '{"model":"m","__proto__":{"polluted":1},"constructor":5,"input":[{"type":"message","role":"user","content":' +
      '[{"type":"input_text","text":"x","__proto__":{"polluted":2}}],"__proto__":3}],"toString":1}'
    expect(again(body)).toContain('"__proto__":{"polluted":1}')
    expect(JSON.parse(again(body))).toEqual(JSON.parse(body))
    expect(({} as Json)['polluted']).toBeUndefined()
  })

  test('nesting of 512 is decoded and encoded, in requests, answers and streams', () => {
    const deep = `${'{"a":['.repeat(254)}1${']}'.repeat(254)}`
    const body = `{"model":"m","x":${deep},"input":[{"type":"odd","a":${deep}}],"metadata":${deep}}`
    expect(JSON.parse(again(body))).toEqual(JSON.parse(body))
    const response = `{"status":"completed","output":[{"type":"odd","a":${deep}}],"x":${deep}}`
    expect(JSON.parse(encodeResponse(decodeResponse(wire(response)), reply()).body)).toEqual(
      JSON.parse(response),
    )
    const data = `{"type":"response.completed","sequence_number":1,"response":${response}}`
    const events = runMachine(streamDecoder(), [{ event: 'response.completed', data }])
    expect(runMachine(streamEncoder(reply()), events).map((frame) => JSON.parse(frame.data))).toEqual([
      JSON.parse(data),
    ])
  })

  test('fields of wrong types are carried, not refused', () => {
    const body = {
      model: 5,
      input: [
        null,
        7,
        'x',
        {},
        { role: 'critic' },
        { type: 'message', role: 'user', content: [1, { type: 'new' }] },
      ],
      tools: [null, { type: 'function' }, 'x'],
      tool_choice: 5,
      text: 'x',
      reasoning: [],
      metadata: 'x',
      stream: 'yes',
      include: [5],
    }
    expect(JSON.parse(again(JSON.stringify(body)))).toEqual(body)
  })

  test('frames that are no JSON, or come after the end, change nothing', () => {
    const frames = [
      { data: 'nonsense' },
      {
        event: 'response.completed',
        data: '{"type":"response.completed","response":{"status":"completed"}}',
      },
      { event: 'x', data: '{"type":"response.output_text.delta","delta":"late"}' },
      { data: '[DONE]' },
    ]
    const events = runMachine(streamDecoder(), frames)
    const { response, complete } = collect('openai-responses', events)
    expect({ complete, parts: response.choices[0]?.parts ?? [] }).toEqual({ complete: true, parts: [] })
    expect(runMachine(streamEncoder(reply()), events).map(({ data }) => data)).toEqual(
      frames.map(({ data }) => data),
    )
  })
})

describe('what Codex needs', () => {
  test('calls come back as the kind and in the namespace that they had', () => {
    const events = replay(
      answer(
        [
          { type: 'tool-call', id: 'c1', name: 'exec', kind: 'custom', input: 'const x = 1' },
          {
            type: 'tool-call',
            id: 'c2',
            name: 'sleep',
            kind: 'function',
            namespace: 'clock',
            input: '{"s":1.0}',
          },
        ],
        'tool-calls',
      ),
    )
    const done = streamed(events).filter((event) => event['type'] === 'response.output_item.done')
    expect(done.map((event) => event['item'])).toEqual([
      {
        id: 'ctc_x1_0',
        type: 'custom_tool_call',
        status: 'completed',
        call_id: 'c1',
        name: 'exec',
        input: 'const x = 1',
      },
      {
        id: 'fc_x1_1',
        type: 'function_call',
        status: 'completed',
        call_id: 'c2',
        name: 'sleep',
        arguments: '{"s":1.0}',
        namespace: 'clock',
      },
    ])
  })

  test('tools that come as an item of the input are tools of that turn', () => {
    const request = decode({
      model: 'gpt-6.1-sol',
      input: [
        {
          type: 'additional_tools',
          role: 'developer',
          tools: [
            {
              type: 'namespace',
              name: 'functions',
              description: '',
              tools: [{ type: 'custom', name: 'exec' }],
            },
          ],
        },
        { type: 'configuration_update', reasoning: { effort: 'high' } },
      ],
    })
    expect(bare(request).turns).toEqual([
      {
        role: 'system',
        parts: [],
        placement: 'inline',
        authority: 'developer',
        tools: [
          {
            type: 'namespace',
            name: 'functions',
            description: '',
            tools: [{ type: 'custom', name: 'exec' }],
          },
        ],
      },
      {
        role: 'system',
        parts: [],
        placement: 'inline',
        authority: 'developer',
        reasoning: { effort: 'high' },
      },
    ])
  })

  test('a compaction keeps its state', () => {
    const request = decode({
      model: 'm',
      input: [{ type: 'compaction', id: 'cmp_1', encrypted_content: 'gAAA' }],
    })
    expect(request.turns[0]?.parts[0]?.state).toEqual({
      protocol: 'openai-responses',
      kind: 'encrypted',
      value: 'gAAA',
    })
  })
})

describe('answers of other protocols', () => {
  const cited: GenerateResponse = answer([
    { type: 'reasoning', pieces: [{ kind: 'summary', text: 'Cite the page.' }] },
    { type: 'text', text: 'Answer ' },
    {
      type: 'text',
      text: 'cited wörds 🎈.',
      citations: [{ kind: 'web', url: 'https://a.example/x', title: 'X' }],
    },
    { type: 'tool-call', id: 'toolu_01', name: 'now', kind: 'function', input: '' },
    { type: 'text', text: 'after' },
  ])

  test('get every event, in the order of the grammar', () => {
    const events = streamed(replay(cited))
    expect(types(events)).toEqual([
      'created',
      'in_progress',
      'output_item.added',
      'reasoning_summary_part.added',
      'reasoning_summary_text.delta',
      'reasoning_summary_text.done',
      'reasoning_summary_part.done',
      'output_item.done',
      'output_item.added',
      'content_part.added',
      'output_text.delta',
      'output_text.delta',
      'output_text.annotation.added',
      'output_text.done',
      'content_part.done',
      'output_item.done',
      'output_item.added',
      'function_call_arguments.delta',
      'function_call_arguments.done',
      'output_item.done',
      'output_item.added',
      'content_part.added',
      'output_text.delta',
      'output_text.done',
      'content_part.done',
      'output_item.done',
      'completed',
    ])
    expect(events.map((event) => event['sequence_number'])).toEqual(events.map((_, index) => index))
    const annotation = events.find((event) => event['type'] === 'response.output_text.annotation.added')
    // Code points: the balloon is one.
    expect(annotation?.['annotation']).toMatchObject({ start_index: 7, end_index: 21 })
  })

  test('say the same whole as streamed, with the request repeated', () => {
    const body = {
      model: 'gpt-5',
      input: 'hi',
      instructions: 'be brief',
      temperature: 0.5,
      max_output_tokens: 99,
      tools: [{ type: 'function', name: 'now', parameters: null, strict: null }],
      tool_choice: 'required',
      reasoning: { effort: 'low' },
      text: { verbosity: 'low' },
      metadata: { a: 'b' },
      store: false,
      truncation: 'auto',
    }
    const final = streamed(replay(cited), body).at(-1)?.['response']
    expect(final).toEqual(whole(cited, body))
    expect(final).toMatchObject({
      id: expect.stringMatching(/^resp_[0-9a-f]{32}$/),
      object: 'response',
      model: 'claude',
      status: 'completed',
      completed_at: 1_795_000_000,
      instructions: 'be brief',
      temperature: 0.5,
      top_p: null,
      max_output_tokens: 99,
      tools: body.tools,
      tool_choice: 'required',
      parallel_tool_calls: true,
      reasoning: { effort: 'low', summary: null },
      text: { format: { type: 'text' }, verbosity: 'low' },
      metadata: { a: 'b' },
      store: false,
      truncation: 'auto',
      previous_response_id: null,
      error: null,
      incomplete_details: null,
    })
    const items = (final as { output: readonly Json[] }).output
    expect(items.map((item) => item['type'])).toEqual(['reasoning', 'message', 'function_call', 'message'])
    expect(items[1]?.['content']).toMatchObject([
      { text: 'Answer cited wörds 🎈.', annotations: [{ start_index: 7 }] },
    ])
    expect(items[2]).toMatchObject({ call_id: 'toolu_01', arguments: '{}' })
  })

  test('a length stop leaves the last item incomplete, with its arguments as they came', () => {
    const cut = answer(
      [
        { type: 'text', text: 'x' },
        { type: 'tool-call', id: 'c', name: 'f', kind: 'function', input: '{"a":' },
      ],
      'length',
    )
    const events = streamed(replay(cut))
    const done = events.filter((event) => event['type'] === 'response.output_item.done')
    expect(done.map((event) => event['item'])).toMatchObject([
      { status: 'completed' },
      { status: 'incomplete', arguments: '{"a":' },
    ])
    expect(events.at(-1)).toMatchObject({
      type: 'response.incomplete',
      response: { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
    })
    expect(whole(cut)['output']).toEqual(outputOf(events))
  })

  test('a hosted call and its result are one item with its own progress', () => {
    const searched = answer([
      {
        type: 'server-call',
        id: 'srvtoolu_1',
        tool: 'web-search',
        name: 'web_search',
        input: '{"query":"q"}',
      },
      { type: 'server-result', callId: 'srvtoolu_1', tool: 'web-search', name: 'web_search', output: '[]' },
      { type: 'text', text: 'found' },
    ])
    const events = streamed(replay(searched))
    expect(types(events).slice(2, 7)).toEqual([
      'output_item.added',
      'web_search_call.in_progress',
      'web_search_call.searching',
      'web_search_call.completed',
      'output_item.done',
    ])
    expect((whole(searched)['output'] as readonly Json[])[0]).toEqual({
      id: 'ws_x1_0',
      type: 'web_search_call',
      status: 'completed',
      action: { type: 'search', query: 'q', sources: [] },
    })
  })

  test('items may overlap, and several candidates give the first', () => {
    const events = streamed([
      { type: 'start' },
      { type: 'reasoning-start', index: 0, part: { type: 'reasoning', pieces: [] } },
      { type: 'reasoning-delta', index: 0, piece: 0, kind: 'text', text: 'a' },
      { type: 'text-start', index: 1, part: { type: 'text', text: '' } },
      { type: 'text-delta', choice: 1, index: 1, text: 'other candidate' },
      { type: 'text-delta', index: 1, text: 'b' },
      { type: 'text-end', index: 1 },
      { type: 'reasoning-end', index: 0 },
      { type: 'finish', finish: { reason: 'end' } },
      { type: 'end' },
    ])
    expect(outputOf(events)).toMatchObject([
      { type: 'reasoning', content: [{ text: 'a' }] },
      { type: 'message', content: [{ text: 'b' }] },
    ])
  })

  test('an error ends the stream as failed, whatever was open', () => {
    const events = replay(cited).slice(0, 6)
    const frames = streamed([...events, { type: 'error', error: { kind: 'overloaded', message: 'busy' } }])
    expect(frames.at(-2)).toMatchObject({
      type: 'error',
      code: 'server_overloaded',
      error: { message: 'busy' },
    })
    expect(frames.at(-1)).toMatchObject({
      type: 'response.failed',
      response: {
        status: 'failed',
        error: { code: 'server_overloaded', message: 'busy' },
        output: [{ type: 'reasoning' }, { type: 'message', status: 'incomplete' }],
      },
    })
  })

  test('a refusal says so in a part of its own, or by its status', () => {
    expect(whole(answer([{ type: 'refusal', text: 'no' }], 'refusal'))).toMatchObject({
      status: 'completed',
      output: [{ content: [{ type: 'refusal', refusal: 'no' }] }],
    })
    expect(whole(answer([{ type: 'text', text: 'no' }], 'refusal'))).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'content_filter' },
    })
  })
})

describe('requests of other protocols', () => {
  test('become items, with what is lost named', () => {
    const { body, warnings } = encodeRequest(
      {
        protocol: 'anthropic-messages',
        model: 'claude',
        stream: true,
        turns: [
          {
            role: 'system',
            placement: 'preamble',
            parts: [
              { type: 'text', text: 'a' },
              { type: 'text', text: 'b' },
            ],
          },
          { role: 'user', form: 'string', parts: [{ type: 'text', text: 'hi' }] },
          {
            role: 'assistant',
            parts: [
              {
                type: 'reasoning',
                pieces: [{ kind: 'summary', text: 'hm' }],
                state: { protocol: 'anthropic-messages', kind: 'signature', value: 'sig' },
              },
              { type: 'text', text: 'Let me look.' },
              { type: 'tool-call', id: 't1', name: 'f', kind: 'function', input: '{"n":1.0}' },
            ],
          },
          {
            role: 'user',
            parts: [
              { type: 'tool-result', callId: 't1', kind: 'function', content: [], isError: true },
              { type: 'text', text: 'go on' },
              { type: 'image', source: { type: 'base64', mediaType: 'image/png', data: 'aGk=' } },
              { type: 'video', source: { type: 'url', url: 'https://v.example' } },
            ],
          },
        ],
        tools: [
          { type: 'function', name: 'f', parameters: '{"type":"object"}' },
          { type: 'server', tool: 'web-search', wireType: 'web_search_20250305', config: '{}' },
        ],
        maxOutputTokens: 1,
        sampling: { topK: 5, temperature: 1 },
        reasoning: { mode: 'enabled', budgetTokens: 10_000, display: 'summarized' },
      },
      { model: 'gpt-5', stream: true },
    )
    expect(JSON.parse(body)).toEqual({
      model: 'gpt-5',
      stream: true,
      max_output_tokens: 16,
      temperature: 1,
      reasoning: { effort: 'medium', summary: 'auto' },
      store: false,
      include: ['reasoning.encrypted_content'],
      input: [
        {
          type: 'message',
          role: 'developer',
          content: [
            { type: 'input_text', text: 'a' },
            { type: 'input_text', text: 'b' },
          ],
        },
        { type: 'message', role: 'user', content: 'hi' },
        { type: 'message', role: 'assistant', content: 'Let me look.' },
        { type: 'function_call', call_id: 't1', name: 'f', arguments: '{"n":1.0}' },
        { type: 'function_call_output', call_id: 't1', output: 'Tool execution failed' },
        {
          type: 'message',
          role: 'user',
          content: [
            { type: 'input_text', text: 'go on' },
            { type: 'input_image', image_url: 'data:image/png;base64,aGk=', detail: 'auto' },
          ],
        },
      ],
      tools: [{ type: 'function', name: 'f', parameters: { type: 'object' }, strict: false }],
    })
    expect(warnings.map(({ feature, path }) => `${feature} ${path}`)).toEqual([
      'topK sampling.topK',
      'output limit maxOutputTokens',
      'reasoning turns[2]',
      'video turns[3]',
      'server tool tools[1]',
    ])
  })
})

describe('streams', () => {
  test('a message of several parts, of known and unknown kinds, is one message again', () => {
    const content = [
      { type: 'output_text', text: 'a', annotations: [], logprobs: [] },
      { type: 'future_part', data: 1 },
      { type: 'refusal', refusal: 'no' },
    ]
    const body = JSON.stringify({
      id: 'resp_1',
      object: 'response',
      status: 'completed',
      output: [{ id: 'msg_1', type: 'message', role: 'assistant', status: 'completed', content }],
    })
    const response = decodeResponse(wire(body))
    expect(JSON.parse(encodeResponse(response, reply()).body)).toEqual(JSON.parse(body))
    const frames = runMachine(streamEncoder(reply()), replay(response))
    expect(frames.filter(({ event }) => event === 'response.output_item.added').length).toBe(1)
    const final = JSON.parse(frames.at(-1)?.data ?? '{}') as { response: Json }
    expect(final.response['output']).toEqual((JSON.parse(body) as Json)['output'])
    const collected = collect('openai-responses', runMachine(streamDecoder(), frames))
    expect(collected.response.choices).toEqual(response.choices)
  })

  test('items that stand in the terminal event alone are not lost, and missing deltas are made up for', () => {
    const call = {
      id: 'fc_1',
      type: 'function_call',
      status: 'completed',
      call_id: 'c',
      name: 'f',
      arguments: '{}',
    }
    const message = {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: 'whole', annotations: [] }],
    }
    const events = runMachine(
      streamDecoder(),
      [
        { type: 'response.created', response: { id: 'resp_1' } },
        { type: 'response.output_item.added', output_index: 0, item: { ...message, content: [] } },
        { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'wh' },
        {
          type: 'response.completed',
          response: { id: 'resp_1', status: 'completed', output: [message, call] },
        },
      ].map((data) => ({ event: data.type, data: JSON.stringify(data) })),
    )
    const { response } = collect('openai-responses', events)
    expect(bare(response.choices)).toEqual([
      {
        index: 0,
        parts: [
          { type: 'text', text: 'whole' },
          { type: 'tool-call', id: 'c', name: 'f', kind: 'function', input: '{}' },
        ],
        finish: { reason: 'tool-calls' },
      },
    ])
  })

  test('a terminal event without items still knows that a call is open', () => {
    const item = { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' }
    const events = runMachine(
      streamDecoder(),
      [
        { type: 'response.created', response: { id: 'resp_1' } },
        { type: 'response.output_item.done', output_index: 0, item },
        { type: 'response.completed', response: { id: 'resp_1', status: 'completed' } },
      ].map((data) => ({ event: data.type, data: JSON.stringify(data) })),
    )
    expect(collect('openai-responses', events).response.choices[0]?.finish).toEqual({ reason: 'tool-calls' })
  })
})

describe('counting tokens', () => {
  test('speaks the vendor’s form', () => {
    const codec = openaiResponses.countTokens
    expect(codec?.encodeResponse({ inputTokens: 11 })).toBe(
      '{"object":"response.input_tokens","input_tokens":11}',
    )
    expect(codec?.decodeResponse(wire('{"object":"response.input_tokens","input_tokens":11}'))).toEqual({
      inputTokens: 11,
    })
  })
})
