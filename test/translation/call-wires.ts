/** One call of a tool, as each protocol says it: in a history, in an answer and in a stream. */
import { rawJson } from '../../src/wire/index.ts'
import type { Client } from './cases.ts'

const object = { type: 'object', properties: {} }

/** A conversation in which the tool was called with these arguments. */
export const history: Readonly<Record<Client, (args: string) => object>> = {
  'openai-chat': (args) => ({
    model: 'model',
    messages: [
      { role: 'user', content: 'Hi' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: args } }],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'done' },
    ],
    tools: [{ type: 'function', function: { name: 'f', parameters: object } }],
  }),
  'openai-responses': (args) => ({
    model: 'model',
    input: [
      { role: 'user', content: 'Hi' },
      { type: 'function_call', call_id: 'call_1', name: 'f', arguments: args },
      { type: 'function_call_output', call_id: 'call_1', output: 'done' },
    ],
    tools: [{ type: 'function', name: 'f', parameters: object, strict: false }],
  }),
  'anthropic-messages': (args) => ({
    model: 'model',
    max_tokens: 100,
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'f', input: rawJson(args) }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'done' }] },
    ],
    tools: [{ name: 'f', input_schema: object }],
  }),
  gemini: (args) => ({
    contents: [
      { role: 'user', parts: [{ text: 'Hi' }] },
      { role: 'model', parts: [{ functionCall: { id: 'fc_1', name: 'f', args: rawJson(args) } }] },
      {
        role: 'user',
        parts: [{ functionResponse: { id: 'fc_1', name: 'f', response: { output: 'done' } } }],
      },
    ],
    tools: [{ functionDeclarations: [{ name: 'f', parametersJsonSchema: object }] }],
  }),
}

const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 }

/** An answer that calls the tool with these arguments. */
export const calling: Readonly<Record<Client, (args: string) => object>> = {
  'openai-chat': (args) => ({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: args } }],
        },
        finish_reason: 'tool_calls',
      },
    ],
  }),
  'openai-responses': (args) => ({
    id: 'resp_1',
    object: 'response',
    created_at: 1,
    model: 'm',
    status: 'completed',
    output: [
      {
        id: 'fc_1',
        type: 'function_call',
        status: 'completed',
        call_id: 'call_1',
        name: 'f',
        arguments: args,
      },
    ],
    usage,
  }),
  'anthropic-messages': (args) => ({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content: [{ type: 'tool_use', id: 'toolu_1', name: 'f', input: rawJson(args) }],
    stop_reason: 'tool_use',
    stop_sequence: null,
    usage,
  }),
  gemini: (args) => ({
    candidates: [
      {
        index: 0,
        content: { role: 'model', parts: [{ functionCall: { id: 'fc_1', name: 'f', args: rawJson(args) } }] },
        finishReason: 'STOP',
      },
    ],
    modelVersion: 'm',
    responseId: 'r',
  }),
}

export const chunk = (delta: unknown, finish: string | null = null, more: object = {}) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...more,
})
export const responseWith = (output: readonly object[], status = 'completed') => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  model: 'm',
  status,
  output,
  usage: status === 'completed' ? usage : null,
})
export const functionCall = (id: string, args: string, status = 'completed') => ({
  id: `fc_${id}`,
  type: 'function_call',
  status,
  call_id: `call_${id}`,
  name: 'f',
  arguments: args,
})
export const messageStart = {
  type: 'message_start',
  message: {
    ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null },
    ...{ stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 } },
  },
}
export const messageEnd = (reason: string) => ({
  type: 'message_delta',
  delta: { stop_reason: reason, stop_sequence: null },
  usage: { output_tokens: 1 },
})

const pieces = (text: string, size: number): readonly string[] =>
  Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
    text.slice(index * size, (index + 1) * size),
  )

/** The same call as a stream, its arguments in small pieces where the protocol has pieces. */
export const streamedCall: Readonly<Record<Client, (args: string) => readonly (object | string)[]>> = {
  'openai-chat': (args) => [
    chunk({ role: 'assistant', content: null }),
    chunk({
      tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: '' } }],
    }),
    ...pieces(args, 5).map((piece) => chunk({ tool_calls: [{ index: 0, function: { arguments: piece } }] })),
    chunk({}, 'tool_calls'),
    '[DONE]',
  ],
  'openai-responses': (args) => [
    { type: 'response.created', response: responseWith([], 'in_progress') },
    { type: 'response.output_item.added', output_index: 0, item: functionCall('1', '', 'in_progress') },
    ...pieces(args, 5).map((delta) => ({
      type: 'response.function_call_arguments.delta',
      item_id: 'fc_1',
      output_index: 0,
      delta,
    })),
    { type: 'response.function_call_arguments.done', item_id: 'fc_1', output_index: 0, arguments: args },
    { type: 'response.output_item.done', output_index: 0, item: functionCall('1', args) },
    { type: 'response.completed', response: responseWith([functionCall('1', args)]) },
  ],
  'anthropic-messages': (args) => [
    messageStart,
    {
      type: 'content_block_start',
      index: 0,
      content_block: { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} },
    },
    ...pieces(args, 5).map((partial_json) => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'input_json_delta', partial_json },
    })),
    { type: 'content_block_stop', index: 0 },
    messageEnd('tool_use'),
    { type: 'message_stop' },
  ],
  gemini: (args) => [calling.gemini(args)],
}
