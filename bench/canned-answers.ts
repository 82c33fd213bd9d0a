/** What the canned upstream answers: the same words in each protocol, whole and as a stream of 300 frames of text. */
const frames = 300

export type CannedProtocol = 'chat' | 'messages' | 'responses'

const chatDelta = (content: string): string =>
  `data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1,"model":"gpt-5.1","choices":[{"index":0,"delta":{"content":"${content}"},"finish_reason":null}],"usage":null}\n\n`

export const slowFrame = chatDelta('slow ')

const chatUsage = { prompt_tokens: 9, completion_tokens: frames, total_tokens: 9 + frames }
const chat = {
  whole: JSON.stringify({
    id: 'chatcmpl-bench',
    object: 'chat.completion',
    created: 1,
    model: 'gpt-5.1',
    choices: [{ index: 0, message: { role: 'assistant', content: 'hello there' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 },
  }),
  stream: [
    ...Array.from({ length: frames }, () => chatDelta('word ')),
    'data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1,"model":"gpt-5.1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}\n\n',
    `data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1,"model":"gpt-5.1","choices":[],"usage":${JSON.stringify(chatUsage)}}\n\n`,
    'data: [DONE]\n\n',
  ],
}

const named = (data: { readonly type: string; readonly [key: string]: unknown }): string =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`

const message = {
  id: 'msg_bench',
  type: 'message',
  role: 'assistant',
  model: 'claude-bench',
  stop_reason: 'end_turn',
  stop_sequence: null,
}
const messages = {
  whole: JSON.stringify({
    ...message,
    content: [{ type: 'text', text: 'hello there' }],
    usage: { input_tokens: 9, output_tokens: 3 },
  }),
  stream: [
    named({
      type: 'message_start',
      message: { ...message, stop_reason: null, content: [], usage: { input_tokens: 9, output_tokens: 1 } },
    }),
    named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    ...Array.from({ length: frames }, () =>
      named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'word ' } }),
    ),
    named({ type: 'content_block_stop', index: 0 }),
    named({
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: frames },
    }),
    named({ type: 'message_stop' }),
  ],
}

const item = (text: string, status: string) => ({
  id: 'msg_bench',
  type: 'message',
  role: 'assistant',
  status,
  content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
})
const response = (output: readonly object[], status: string, tokens: number | null) => ({
  id: 'resp_bench',
  object: 'response',
  created_at: 1,
  model: 'resp-bench',
  status,
  output,
  error: null,
  incomplete_details: null,
  store: false,
  usage:
    tokens === null
      ? null
      : {
          input_tokens: 9,
          input_tokens_details: { cached_tokens: 0 },
          output_tokens: tokens,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: 9 + tokens,
        },
})
const place = { item_id: 'msg_bench', output_index: 0, content_index: 0 }
const text = 'word '.repeat(frames)
const responsesEvents = [
  { type: 'response.created', response: response([], 'in_progress', null) },
  { type: 'response.in_progress', response: response([], 'in_progress', null) },
  {
    type: 'response.output_item.added',
    output_index: 0,
    item: { ...item('', 'in_progress'), content: [] },
  },
  {
    type: 'response.content_part.added',
    ...place,
    part: { type: 'output_text', text: '', annotations: [], logprobs: [] },
  },
  ...Array.from({ length: frames }, () => ({
    type: 'response.output_text.delta',
    ...place,
    delta: 'word ',
    logprobs: [],
  })),
  { type: 'response.output_text.done', ...place, text, logprobs: [] },
  {
    type: 'response.content_part.done',
    ...place,
    part: { type: 'output_text', text, annotations: [], logprobs: [] },
  },
  { type: 'response.output_item.done', output_index: 0, item: item(text, 'completed') },
  { type: 'response.completed', response: response([item(text, 'completed')], 'completed', frames) },
]
const responses = {
  whole: JSON.stringify(response([item('hello there', 'completed')], 'completed', 3)),
  stream: responsesEvents.map(({ type, ...rest }, sequence) =>
    named({ type, sequence_number: sequence, ...rest }),
  ),
}

export const canned: Readonly<
  Record<CannedProtocol, { readonly whole: string; readonly stream: readonly string[] }>
> = { chat, messages, responses }
