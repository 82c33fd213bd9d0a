/** One small exchange in each protocol: what a client sends, what a provider answers, and what it comes to. */
export interface WireCase {
  readonly protocol: string
  readonly path: string
  readonly upstreamPath: string
  readonly keyHeader: string
  readonly keyValue: (key: string) => string
  /** A JSON object; ends in `}`. */
  readonly body: string
  readonly wholeAnswer: unknown
  readonly usage: Readonly<Record<string, number>>
  /** At 1 USD per million input tokens and 2 for output. */
  readonly cost: string
  readonly stream?: {
    readonly path: string
    readonly body: string
    /** Blocks as the provider sends them; the first two hold no end. */
    readonly blocks: readonly string[]
    /** How many of them it takes until there is content; so long the head of the answer waits. */
    readonly opening: number
    /** What an error in this protocol's stream looks like. */
    readonly errorMark: string
    readonly terminators: readonly string[]
  }
}

const bearer = (key: string): string => `Bearer ${key}`
const plain = (key: string): string => key
const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`
const event = (value: { readonly type: string }): string => `event: ${value.type}\n${data(value)}`

const chatChunk = (delta: object, finish: string | null = null) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'test-model-2026',
  choices: [{ index: 0, delta, finish_reason: finish }],
  usage: null,
})

const chatUsage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }

const chat: WireCase = {
  protocol: 'openai-chat',
  path: '/v1/chat/completions',
  upstreamPath: '/v1/chat/completions',
  keyHeader: 'authorization',
  keyValue: bearer,
  body: '{"model":"test-model","messages":[{"role":"user","content":"hi"}]}',
  wholeAnswer: {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'test-model-2026',
    choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
    usage: chatUsage,
  },
  usage: { inputTokens: 10, outputTokens: 5 },
  cost: '0.00002',
  stream: {
    path: '/v1/chat/completions',
    body: '{"model":"test-model","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true}}',
    blocks: [
      data(chatChunk({ role: 'assistant', content: '' })),
      data(chatChunk({ content: 'hel' })),
      data(chatChunk({ content: 'lo' })),
      data(chatChunk({}, 'stop')),
      data({ ...chatChunk({}), choices: [], usage: chatUsage }),
      'data: [DONE]\n\n',
    ],
    opening: 2,
    errorMark: 'data: {"error":{',
    terminators: ['[DONE]', '"stop"'],
  },
}

const messageStart = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'test-claude-2026',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 10, output_tokens: 1 },
  },
}

const messages: WireCase = {
  protocol: 'anthropic-messages',
  path: '/v1/messages',
  upstreamPath: '/v1/messages',
  keyHeader: 'x-api-key',
  keyValue: plain,
  body: '{"model":"test-claude","max_tokens":10,"messages":[{"role":"user","content":"hi"}]}',
  wholeAnswer: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'test-claude-2026',
    content: [{ type: 'text', text: 'hello' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 10, output_tokens: 5 },
  },
  usage: { inputTokens: 10, outputTokens: 5 },
  cost: '0.00002',
  stream: {
    path: '/v1/messages',
    body: '{"model":"test-claude","max_tokens":10,"messages":[{"role":"user","content":"hi"}],"stream":true}',
    blocks: [
      event(messageStart),
      event({ type: 'content_block_start', ...{ index: 0, content_block: { type: 'text', text: '' } } }),
      event({ type: 'content_block_delta', ...{ index: 0, delta: { type: 'text_delta', text: 'hello' } } }),
      event({ type: 'content_block_stop', ...{ index: 0 } }),
      event({
        type: 'message_delta',
        ...{ delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 5 } },
      }),
      event({ type: 'message_stop' }),
    ],
    opening: 3,
    errorMark: 'event: error',
    terminators: ['message_stop', 'end_turn'],
  },
}

const part = (text: string, rest: object = {}) => ({
  candidates: [{ content: { parts: [{ text }], role: 'model' }, index: 0, ...rest }],
  usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 },
  modelVersion: 'test-gemini-2026',
  responseId: 'r1',
})

const gemini: WireCase = {
  protocol: 'gemini',
  path: '/v1beta/models/test-gemini:generateContent',
  upstreamPath: '/v1beta/models/test-gemini:generateContent',
  keyHeader: 'x-goog-api-key',
  keyValue: plain,
  body: '{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}',
  wholeAnswer: part('hello', { finishReason: 'STOP' }),
  usage: { inputTokens: 10, outputTokens: 5 },
  cost: '0.00002',
  stream: {
    path: '/v1beta/models/test-gemini:streamGenerateContent?alt=sse',
    body: '{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}',
    blocks: [data(part('h')), data(part('el')), data(part('lo', { finishReason: 'STOP' }))],
    opening: 1,
    errorMark: '"error"',
    terminators: ['STOP'],
  },
}

const response = (status: string, output: readonly unknown[], usage: unknown) => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  status,
  model: 'test-model-2026',
  output,
  store: false,
  usage,
})

const item = (status: string, text: string) => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  status,
  content: text === '' ? [] : [{ type: 'output_text', text, annotations: [] }],
})

const responsesUsage = {
  input_tokens: 10,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 5,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 15,
}

const responses: WireCase = {
  protocol: 'openai-responses',
  path: '/v1/responses',
  upstreamPath: '/v1/responses',
  keyHeader: 'authorization',
  keyValue: bearer,
  body: '{"model":"test-model","input":"hi","store":false}',
  wholeAnswer: response('completed', [item('completed', 'hello')], responsesUsage),
  usage: { inputTokens: 10, outputTokens: 5, cacheReadTokens: 0, reasoningTokens: 0 },
  cost: '0.00002',
  stream: {
    path: '/v1/responses',
    body: '{"model":"test-model","input":"hi","store":false,"stream":true}',
    blocks: [
      event({
        type: 'response.created',
        ...{ sequence_number: 0, response: response('in_progress', [], null) },
      }),
      event({
        type: 'response.in_progress',
        ...{ sequence_number: 1, response: response('in_progress', [], null) },
      }),
      event({
        type: 'response.output_item.added',
        ...{ sequence_number: 2, output_index: 0, item: item('in_progress', '') },
      }),
      event({
        type: 'response.content_part.added',
        ...{
          sequence_number: 3,
          item_id: 'msg_1',
          output_index: 0,
          content_index: 0,
          part: { type: 'output_text', text: '', annotations: [] },
        },
      }),
      event({
        type: 'response.output_text.delta',
        ...{
          sequence_number: 4,
          item_id: 'msg_1',
          output_index: 0,
          content_index: 0,
          delta: 'hello',
          logprobs: [],
        },
      }),
      event({
        type: 'response.output_text.done',
        ...{
          sequence_number: 5,
          item_id: 'msg_1',
          output_index: 0,
          content_index: 0,
          text: 'hello',
          logprobs: [],
        },
      }),
      event({
        type: 'response.content_part.done',
        ...{
          sequence_number: 6,
          item_id: 'msg_1',
          output_index: 0,
          content_index: 0,
          part: { type: 'output_text', text: 'hello', annotations: [] },
        },
      }),
      event({
        type: 'response.output_item.done',
        ...{ sequence_number: 7, output_index: 0, item: item('completed', 'hello') },
      }),
      event({
        type: 'response.completed',
        ...{
          sequence_number: 8,
          response: response('completed', [item('completed', 'hello')], responsesUsage),
        },
      }),
    ],
    opening: 5,
    errorMark: 'response.failed',
    terminators: ['response.completed'],
  },
}

const embeddings: WireCase = {
  protocol: 'openai-embeddings',
  path: '/v1/embeddings',
  upstreamPath: '/v1/embeddings',
  keyHeader: 'authorization',
  keyValue: bearer,
  body: '{"model":"test-model","input":"hi"}',
  wholeAnswer: {
    object: 'list',
    data: [{ object: 'embedding', index: 0, embedding: [0.1, 0.2] }],
    model: 'test-model-2026',
    usage: { prompt_tokens: 20, total_tokens: 20 },
  },
  usage: { inputTokens: 20 },
  cost: '0.00002',
}

export const wireCases: readonly WireCase[] = [chat, responses, messages, gemini, embeddings]
