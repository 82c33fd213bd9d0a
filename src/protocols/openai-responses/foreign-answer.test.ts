import { describe, expect, test } from 'bun:test'
import { runMachine, wireRequest } from '../../../test/support/corpus.ts'
import type { Finish, GenerateResponse, Part, StreamEvent } from '../../ir/index.ts'
import type { ReplyContext } from '../protocol.ts'
import { conform } from './conform.ts'
import { decodeRequest } from './decode-request.ts'
import { encodeResponse } from './encode-response.ts'
import { streamEncoder } from './encode-stream.ts'
import { openaiResponses } from './index.ts'

type Json = Record<string, unknown>

const reply = (body: Json = { model: 'gpt-5' }): ReplyContext => ({
  request: decodeRequest(wireRequest(openaiResponses, { path: '/v1/responses', body: JSON.stringify(body) })),
  headers: new Headers(),
  id: 'x1',
  now: 1_795_000_000,
})

const answer = (parts: readonly Part[], finish: Finish = { reason: 'end' }): GenerateResponse => ({
  protocol: 'anthropic-messages',
  id: 'msg_01',
  model: 'claude',
  choices: [{ index: 0, parts, finish }],
})

interface Whole {
  readonly [member: string]: unknown
  readonly output: readonly Json[]
  readonly warnings: readonly string[]
}

const whole = (response: GenerateResponse, body?: Json): Whole => {
  const encoded = encodeResponse(response, reply(body))
  const json = JSON.parse(encoded.body) as Json & { output: readonly Json[] }
  return { ...json, warnings: encoded.warnings.map(({ feature }) => feature) }
}

const stream = (events: readonly StreamEvent[]): readonly Json[] => {
  const frames = runMachine(streamEncoder(reply()), [{ type: 'start' }, ...events])
  expect(runMachine(conform(), frames).filter((rule) => rule !== 'no-terminal')).toEqual([])
  return frames.map((frame) => JSON.parse(frame.data) as Json)
}

const types = (events: readonly Json[]): readonly string[] =>
  events.map((event) => String(event['type']).replace('response.', ''))

const end: readonly StreamEvent[] = [{ type: 'finish', finish: { reason: 'end' } }, { type: 'end' }]

describe('state that the client shall carry', () => {
  const state = { protocol: 'anthropic-messages', kind: 'signature', value: 'tgw1.abc' } as const

  test('is the encrypted content, whoever made it, and comes when the item is done', () => {
    const events = stream([
      { type: 'reasoning-start', index: 0, part: { type: 'reasoning', pieces: [], state } },
      { type: 'reasoning-delta', index: 0, piece: 0, kind: 'summary', text: 'hm' },
      { type: 'reasoning-end', index: 0 },
      { type: 'reasoning-start', index: 1, part: { type: 'reasoning', pieces: [] } },
      { type: 'reasoning-end', index: 1, state: { ...state, value: 'hidden' } },
      ...end,
    ])
    const items = (type: string) =>
      events.filter((event) => event['type'] === `response.output_item.${type}`).map((event) => event['item'])
    expect(items('added')).toEqual([
      { id: 'rs_x1_0', type: 'reasoning', summary: [] },
      { id: 'rs_x1_1', type: 'reasoning', summary: [] },
    ])
    expect(items('done')).toEqual([
      {
        id: 'rs_x1_0',
        type: 'reasoning',
        summary: [{ type: 'summary_text', text: 'hm' }],
        encrypted_content: 'tgw1.abc',
      },
      { id: 'rs_x1_1', type: 'reasoning', summary: [], encrypted_content: 'hidden' },
    ])
  })

  test('stands in an item of its own where it belongs to something else', () => {
    const call: Part = { type: 'tool-call', id: 'c', name: 'f', kind: 'function', input: '{}', state }
    expect(
      whole(answer([call, { type: 'text', text: '', state: { ...state, value: 'last' } }])).output,
    ).toMatchObject([
      { type: 'reasoning', summary: [], encrypted_content: 'tgw1.abc' },
      { type: 'function_call', call_id: 'c' },
      { type: 'reasoning', summary: [], encrypted_content: 'last' },
    ])
  })
})

describe('tools of the provider', () => {
  const search = (id: string, input = '{"query":"q"}'): Part => ({
    type: 'server-call',
    id,
    tool: 'web-search',
    name: 'web_search',
    input,
  })
  const found = (callId: string, output: string, isError = false): Part => ({
    type: 'server-result',
    callId,
    tool: 'web-search',
    name: 'web_search',
    output,
    ...(isError ? { isError } : {}),
  })

  test('that run at once find their results, in any order', () => {
    const parts = [search('a'), search('b'), found('b', '[{"url":"b"}]'), found('a', '[]', true)]
    expect(whole(answer(parts)).output).toEqual([
      { id: 'ws_x1_0', type: 'web_search_call', status: 'failed', action: { type: 'search', query: 'q' } },
      {
        id: 'ws_x1_1',
        type: 'web_search_call',
        status: 'completed',
        action: { type: 'search', query: 'q', sources: [{ url: 'b' }] },
      },
    ])
    const events = stream([
      ...parts.map((part, index): StreamEvent => ({ type: 'part', index, part })),
      ...end,
    ])
    const done = events.filter((event) => event['type'] === 'response.output_item.done')
    expect(done.map((event) => event['output_index'])).toEqual([1, 0])
  })

  test('keep an action in our own words, with what was found', () => {
    const action = '{"type":"search","query":"q","queries":["q"]}'
    const opened = '{"type":"open_page","url":"https://a.example"}'
    const parts = [search('a', action), found('a', '[{"type":"url","url":"u"}]'), search('b', opened)]
    expect(whole(answer(parts)).output.map((item) => item['action'])).toEqual([
      { type: 'search', query: 'q', queries: ['q'], sources: [{ type: 'url', url: 'u' }] },
      { type: 'open_page', url: 'https://a.example' },
    ])
  })

  test('run code and MCP calls with their own progress', () => {
    const code = { tool: 'code-execution', name: 'code_interpreter' } as const
    const mcp = { tool: 'mcp', name: 'find', server: 'acme' } as const
    const parts: readonly Part[] = [
      { type: 'server-call', id: 'e', ...code, input: '{"code":"1+1"}' },
      { type: 'server-result', callId: 'e', ...code, output: '[{"type":"logs","logs":"2"}]' },
      { type: 'server-call', id: 'mcptoolu_1', ...mcp, input: '{"n":1.0}' },
      { type: 'server-result', callId: 'mcptoolu_1', ...mcp, output: '"no"', isError: true },
    ]
    const events = stream([
      ...parts.map((part, index): StreamEvent => ({ type: 'part', index, part })),
      ...end,
    ])
    expect(types(events)).toEqual([
      'created',
      'in_progress',
      'output_item.added',
      'code_interpreter_call.in_progress',
      'code_interpreter_call_code.delta',
      'code_interpreter_call_code.done',
      'code_interpreter_call.interpreting',
      'code_interpreter_call.completed',
      'output_item.done',
      'output_item.added',
      'mcp_call.in_progress',
      'mcp_call_arguments.delta',
      'mcp_call_arguments.done',
      'mcp_call.failed',
      'output_item.done',
      'completed',
    ])
    expect(whole(answer(parts)).output).toMatchObject([
      { type: 'code_interpreter_call', code: '1+1', outputs: [{ type: 'logs', logs: '2' }] },
      {
        id: 'mcp_x1_1',
        type: 'mcp_call',
        server_label: 'acme',
        name: 'find',
        arguments: '{"n":1.0}',
        error: 'no',
      },
    ])
  })

  test('that the client runs say so', () => {
    const call = {
      type: 'server-call',
      id: 'c',
      tool: 'shell',
      name: 'shell',
      input: '{"commands":["ls"]}',
    } as const
    const [local, remote] = whole(
      answer([
        { ...call, byClient: true },
        { ...call, id: 'd' },
      ]),
    ).output
    expect(local?.['environment']).toEqual({ type: 'local' })
    expect(remote?.['environment']).toMatchObject({ type: 'container_reference' })
  })

  test('are named in a warning where no item can say them', () => {
    const memory: Part = { type: 'server-call', id: 'm', tool: 'memory', name: 'memory', input: '{}' }
    expect(whole(answer([memory, { type: 'opaque', name: 'fallback' }])).warnings).toEqual([
      'server-call',
      'fallback',
    ])
  })
})

describe('texts', () => {
  test('that were cut within a character are whole characters', () => {
    const balloon = '🎈'
    const events = stream([
      { type: 'text-start', index: 0, part: { type: 'text', text: '' } },
      { type: 'text-delta', index: 0, text: `a${balloon[0]}` },
      { type: 'text-delta', index: 0, text: `${balloon[1]}b${balloon[0]}` },
      { type: 'text-end', index: 0 },
      ...end,
    ])
    const deltas = events.filter((event) => event['type'] === 'response.output_text.delta')
    expect(deltas.map((event) => event['delta'])).toEqual(['a', '🎈b', '\ufffd'])
  })

  test('that say nothing make no item', () => {
    expect(whole(answer([{ type: 'text', text: '' }])).output).toEqual([])
  })

  test('take citations as long as nothing else was said', () => {
    const late: StreamEvent = {
      type: 'citation',
      index: 0,
      citation: { kind: 'web', url: 'https://a.example', title: 'A', start: 1, end: 3 },
    }
    const say = (index: number, text: string): readonly StreamEvent[] => [
      { type: 'text-start', index, part: { type: 'text', text: '' } },
      { type: 'text-delta', index, text },
      { type: 'text-end', index },
    ]
    const events = stream([...say(0, 'abc'), ...say(1, 'def'), late, { ...late, index: 1 }, ...end])
    const annotations = events.flatMap((event) =>
      event['type'] === 'response.output_text.annotation.added' ? [event['annotation']] : [],
    )
    expect(annotations).toMatchObject([
      { start_index: 1, end_index: 3 },
      { start_index: 4, end_index: 6 },
    ])
  })
})

describe('how an answer ended', () => {
  const outcome = (parts: readonly Part[], finish: Finish) => {
    const { status, incomplete_details, output } = whole(answer(parts, finish))
    return { status, reason: incomplete_details, output }
  }
  const text: Part = { type: 'text', text: 'so' }

  test('by a refusal without words, with the words of the provider', () => {
    expect(outcome([], { reason: 'refusal', message: 'not this' })).toMatchObject({
      status: 'completed',
      output: [{ type: 'message', content: [{ type: 'refusal', refusal: 'not this' }] }],
    })
    expect(outcome([text], { reason: 'refusal', message: 'not this' })).toMatchObject({
      status: 'incomplete',
      reason: { reason: 'content_filter' },
      output: [{ content: [{ text: 'so' }] }],
    })
    expect(outcome([], { reason: 'filtered-input' })).toEqual({
      status: 'incomplete',
      reason: { reason: 'content_filter' },
      output: [],
    })
  })

  test('at the end of the context, as at a limit', () => {
    expect(outcome([text], { reason: 'context' })).toMatchObject({
      status: 'incomplete',
      reason: { reason: 'max_output_tokens' },
      output: [{ status: 'incomplete' }],
    })
  })

  test('without a reason, as complete', () => {
    const events = stream([{ type: 'end' }])
    expect(events.at(-1)).toMatchObject({ type: 'response.completed', response: { status: 'completed' } })
  })

  test('with parts that never did: they end with the stream', () => {
    const events = stream([
      {
        type: 'tool-call-start',
        index: 0,
        part: { type: 'tool-call', id: 'c', name: 'f', kind: 'function', input: '' },
      },
      { type: 'tool-call-delta', index: 0, input: '{}' },
      { type: 'end' },
    ])
    expect(types(events).slice(-3)).toEqual(['function_call_arguments.done', 'output_item.done', 'completed'])
  })
})

describe('the head of the answer', () => {
  test('has the tier’s name here, and the model that answered in the end', () => {
    expect(whole({ ...answer([]), serviceTier: 'standard' })['service_tier']).toBe('default')
    expect(whole({ ...answer([]), serviceTier: 'batch' })['service_tier']).toBeUndefined()
    const events = stream([{ type: 'usage', usage: { inputTokens: 1 }, model: 'other' }, ...end])
    expect(events.at(-1)).toMatchObject({ response: { model: 'other', usage: { input_tokens: 1 } } })
  })

  test('repeats no secret of the request', () => {
    const mcp = { type: 'mcp', server_label: 'acme', server_url: 'https://m.example' }
    const secret = { authorization: 'tok-1', headers: { 'X-Key': 'tok-2' } }
    const body = { model: 'm', tools: [{ ...mcp, ...secret }] }
    const { tools } = whole(answer([]), body)
    expect(tools).toEqual([{ ...mcp, headers: null }])
  })
})
