/** Streams as providers and their imitators really send them, and what they nevertheless say. */
import { chunk, functionCall, messageEnd, messageStart, responseWith } from './call-wires.ts'
import type { Client } from './cases.ts'

/** A text in two deltas, cut between the halves of a character. */
export const cutText: Readonly<Record<Client, readonly (object | string)[]>> = {
  'openai-chat': [
    chunk({ role: 'assistant', content: 'a\ud83d' }),
    chunk({ content: '\ude00b' }),
    chunk({}, 'stop'),
    '[DONE]',
  ],
  'openai-responses': (() => {
    const item = (text: string, status: string) => ({
      ...{ id: 'msg_1', type: 'message', role: 'assistant', status },
      content: text === '' ? [] : [{ type: 'output_text', text, annotations: [], logprobs: [] }],
    })
    const place = { item_id: 'msg_1', output_index: 0, content_index: 0 }
    const delta = (text: string) => ({
      type: 'response.output_text.delta',
      ...place,
      delta: text,
      logprobs: [],
    })
    return [
      { type: 'response.created', response: responseWith([], 'in_progress') },
      { type: 'response.output_item.added', output_index: 0, item: item('', 'in_progress') },
      {
        type: 'response.content_part.added',
        ...place,
        part: { type: 'output_text', text: '', annotations: [], logprobs: [] },
      },
      delta('a\ud83d'),
      delta('\ude00b'),
      { type: 'response.output_text.done', ...place, text: 'a😀b', logprobs: [] },
      { type: 'response.output_item.done', output_index: 0, item: item('a😀b', 'completed') },
      { type: 'response.completed', response: responseWith([item('a😀b', 'completed')]) },
    ]
  })(),
  'anthropic-messages': [
    messageStart,
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'a\ud83d' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: '\ude00b' } },
    { type: 'content_block_stop', index: 0 },
    messageEnd('end_turn'),
    { type: 'message_stop' },
  ],
  gemini: ['a\ud83d', '\ude00b'].map((text, index) => ({
    candidates: [
      {
        index: 0,
        content: { role: 'model', parts: [{ text }] },
        ...(index === 0 ? {} : { finishReason: 'STOP' }),
      },
    ],
    modelVersion: 'm',
    responseId: 'r',
  })),
}

/** Streams as backends really send them: each says the text once and calls twice. */
export interface Untidy {
  readonly upstream: Client
  readonly events: readonly (object | string)[]
  readonly text?: string
  readonly inputs: readonly string[]
}

const startedCall = (index: number | undefined, id: string | undefined, args = '') => ({
  ...(index === undefined ? {} : { index }),
  ...(id === undefined ? {} : { id }),
  type: 'function',
  function: { name: 'f', arguments: args },
})
const more = (index: number, args: string) =>
  chunk({ tool_calls: [{ index, function: { arguments: args } }] })
const toolBlock = (index: number, id: string) => ({
  type: 'content_block_start',
  index,
  content_block: { type: 'tool_use', id, name: 'f', input: {} },
})
const json = (index: number, partial_json: string) => ({
  type: 'content_block_delta',
  index,
  delta: { type: 'input_json_delta', partial_json },
})
const stopped = (index: number) => ({ type: 'content_block_stop', index })
const added = (index: number, id: string) => ({
  type: 'response.output_item.added',
  output_index: index,
  item: functionCall(id, '', 'in_progress'),
})
const argument = (index: number, id: string, delta: string) => ({
  type: 'response.function_call_arguments.delta',
  item_id: `fc_${id}`,
  output_index: index,
  delta,
})
const doneCall = (index: number, id: string, args: string) => ({
  type: 'response.output_item.done',
  output_index: index,
  item: functionCall(id, args),
})
const candidate = (parts: unknown, finish?: string, rest: object = {}) => ({
  candidates: [
    {
      index: 0,
      content: { role: 'model', parts },
      ...(finish === undefined ? {} : { finishReason: finish }),
    },
  ],
  modelVersion: 'm',
  responseId: 'r',
  ...rest,
})

const one = '{"n":1}'
const two = '{"n":2}'

export const untidy: Readonly<Record<string, Untidy>> = {
  'calls that take turns': {
    upstream: 'openai-chat',
    events: [
      chunk({ role: 'assistant', content: 'So' }),
      chunk({ tool_calls: [startedCall(0, 'call_1')] }),
      chunk({ tool_calls: [startedCall(1, 'call_2')] }),
      more(0, '{"n"'),
      more(1, '{"n"'),
      more(0, ':1}'),
      more(1, ':2}'),
      chunk({}, 'tool_calls'),
      '[DONE]',
    ],
    text: 'So',
    inputs: [one, two],
  },
  'usage before the end, behind it and in its chunk': {
    upstream: 'openai-chat',
    events: [
      chunk({ role: 'assistant', content: '' }, null, {
        usage: { prompt_tokens: 1, completion_tokens: 0, total_tokens: 1 },
      }),
      chunk({ tool_calls: [startedCall(0, 'call_1', one)] }),
      chunk({}, 'tool_calls', { usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } }),
      { ...chunk({}), choices: [], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } },
      '[DONE]',
    ],
    inputs: [one],
  },
  'an end that is said again': {
    upstream: 'openai-chat',
    events: [
      chunk({ role: 'assistant', tool_calls: [startedCall(0, 'call_1', one)] }),
      chunk({}, 'tool_calls'),
      chunk({}, 'stop'),
      chunk({ content: '' }, 'stop'),
      '[DONE]',
      '[DONE]',
    ],
    inputs: [one],
  },
  'two calls of one id': {
    upstream: 'openai-chat',
    events: [
      chunk({ role: 'assistant', tool_calls: [startedCall(0, 'call_1', one)] }),
      chunk({ tool_calls: [startedCall(1, 'call_1', two)] }),
      chunk({}, 'tool_calls'),
      '[DONE]',
    ],
    inputs: [one, two],
  },
  'calls without an index': {
    upstream: 'openai-chat',
    events: [
      chunk({ role: 'assistant', tool_calls: [startedCall(undefined, 'call_1', one)] }),
      chunk({ tool_calls: [startedCall(undefined, 'call_2', two)] }),
      chunk({}, 'tool_calls'),
      '[DONE]',
    ],
    inputs: [one, two],
  },
  'deltas that are null or say nothing': {
    upstream: 'openai-chat',
    events: [
      chunk({ role: null, content: null, tool_calls: null }),
      chunk(null),
      chunk({
        role: 'assistant',
        content: 'So',
        refusal: null,
        reasoning_content: null,
        function_call: null,
      }),
      chunk({ tool_calls: [] }),
      chunk({ tool_calls: [{ ...startedCall(0, 'call_1', one), extra_content: null }] }),
      chunk({}, 'tool_calls', { usage: null, system_fingerprint: null, service_tier: null }),
      '[DONE]',
    ],
    text: 'So',
    inputs: [one],
  },
  'blocks that take turns, and several last words': {
    upstream: 'anthropic-messages',
    events: [
      messageStart,
      toolBlock(0, 'toolu_1'),
      toolBlock(1, 'toolu_2'),
      json(0, '{"n"'),
      { type: 'ping' },
      json(1, '{"n"'),
      json(0, ':1}'),
      json(1, ':2}'),
      stopped(0),
      stopped(1),
      messageEnd('tool_use'),
      messageEnd('tool_use'),
      { type: 'message_stop' },
      { type: 'message_stop' },
    ],
    inputs: [one, two],
  },
  'items that take turns and end twice': {
    upstream: 'openai-responses',
    events: [
      { type: 'response.created', response: responseWith([], 'in_progress') },
      added(0, '1'),
      added(1, '2'),
      argument(0, '1', '{"n"'),
      argument(1, '2', '{"n"'),
      argument(0, '1', ':1}'),
      argument(1, '2', ':2}'),
      doneCall(1, '2', two),
      doneCall(0, '1', one),
      doneCall(0, '1', one),
      {
        type: 'response.completed',
        response: responseWith([functionCall('1', one), functionCall('2', two)]),
      },
      {
        type: 'response.completed',
        response: responseWith([functionCall('1', one), functionCall('2', two)]),
      },
    ],
    inputs: [one, two],
  },
  'chunks without parts, and ends in the middle': {
    upstream: 'gemini',
    events: [
      candidate(null),
      { modelVersion: 'm', responseId: 'r', usageMetadata: { promptTokenCount: 1, totalTokenCount: 1 } },
      candidate([{ text: 'So' }], 'STOP'),
      candidate([{ functionCall: { name: 'f', args: { n: 1 } } }], 'STOP'),
      candidate([{ functionCall: { name: 'f', args: { n: 2 } } }]),
      candidate([{ text: '' }], 'STOP', {
        usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 2, totalTokenCount: 3 },
      }),
    ],
    text: 'So',
    inputs: [one, two],
  },
}
