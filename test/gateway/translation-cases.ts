/** One small exchange with a tool call in each protocol, as client and as provider, for every pair of them. */
import type { ProtocolId } from '../../src/ir/index.ts'

export interface TranslationCase {
  readonly protocol: ProtocolId
  /** The provider of this protocol in the test's configuration, and the prefix of its upstream path. */
  readonly provider: string
  readonly config: (url: string) => string
  readonly path: (model: string, stream: boolean) => string
  readonly body: (model: string, stream: boolean) => Readonly<Record<string, unknown>>
  readonly whole: unknown
  readonly blocks: readonly string[]
  /** How many of the blocks say nothing of the answer itself. */
  readonly headBlocks: number
  readonly errors: {
    readonly limited: ProviderError
    readonly broken: ProviderError
    readonly overloaded: ProviderError
    readonly tooLong: ProviderError
  }
  /** An error event at the place where the answer's first content would be. */
  readonly errorBlock: string
  /** Where a client reads what kind of error it is. */
  readonly errorType: (body: never) => unknown
}

interface ProviderError {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

/** What every answer says, whoever gives it and whoever hears it. */
export const answered = {
  text: 'Hello',
  call: { name: 'get_weather', input: '{"city":"Ulm"}' },
  usage: { inputTokens: 11, outputTokens: 7 },
} as const

const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
const input = { city: 'Ulm' }
const { text, call } = answered

const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`
const event = (value: { readonly type: string; readonly [key: string]: unknown }): string =>
  `event: ${value.type}\n${data(value)}`

const chunk = (choices: unknown, rest: object = {}): string =>
  data({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm-up', choices, ...rest })
const delta = (said: object, finish: string | null = null): string =>
  chunk([{ index: 0, delta: said, finish_reason: finish }])
const chatUsage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 }

const openaiErrors: TranslationCase['errors'] = {
  limited: {
    status: 429,
    headers: { 'retry-after': '7', 'x-ratelimit-limit-requests': '10', 'x-ratelimit-reset-requests': '6m0s' },
    body: { error: { message: 'slow down', type: 'requests', param: null, code: 'rate_limit_exceeded' } },
  },
  broken: {
    status: 500,
    body: { error: { message: 'oops', type: 'server_error', param: null, code: null } },
  },
  overloaded: {
    status: 503,
    body: { error: { message: 'busy', type: 'server_error', param: null, code: 'server_overloaded' } },
  },
  tooLong: {
    status: 400,
    body: {
      error: {
        message:
          "This model's maximum context length is 200000 tokens. However, your messages resulted in 210000 tokens.",
        type: 'invalid_request_error',
        param: 'messages',
        code: 'context_length_exceeded',
      },
    },
  },
}

const openaiErrorType = ({ error }: { error: { type: string; code: string | null } }): unknown =>
  error.code ?? error.type

const chat: TranslationCase = {
  protocol: 'openai-chat',
  provider: 'chat',
  config: (url) =>
    `{ kind: openai-compatible, protocols: [openai-chat], base_url: "${url}/chat/v1", api_key: sk-up }`,
  path: () => '/v1/chat/completions',
  body: (model, stream) => ({
    model,
    stream,
    ...(stream ? { stream_options: { include_usage: true } } : {}),
    messages: [
      { role: 'system', content: 'Be brief' },
      { role: 'user', content: 'weather?' },
    ],
    tools: [{ type: 'function', function: { name: call.name, parameters: schema } }],
  }),
  whole: {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'm-up',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text,
          tool_calls: [
            { id: 'call_1', type: 'function', function: { name: call.name, arguments: call.input } },
          ],
        },
        finish_reason: 'tool_calls',
      },
    ],
    usage: chatUsage,
  },
  headBlocks: 1,
  blocks: [
    delta({ role: 'assistant', content: '' }),
    delta({ content: text }),
    delta({
      tool_calls: [
        { index: 0, id: 'call_1', type: 'function', function: { name: call.name, arguments: '' } },
      ],
    }),
    delta({ tool_calls: [{ index: 0, function: { arguments: call.input } }] }),
    delta({}, 'tool_calls'),
    chunk([], { usage: chatUsage }),
    'data: [DONE]\n\n',
  ],
  errors: openaiErrors,
  errorBlock: data({ error: { message: 'busy', type: 'server_error', code: 'server_overloaded' } }),
  errorType: openaiErrorType,
}

const item = {
  message: {
    type: 'message',
    id: 'msg_1',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text, annotations: [] }],
  },
  call: {
    type: 'function_call',
    id: 'fc_1',
    call_id: 'call_1',
    name: call.name,
    arguments: call.input,
    status: 'completed',
  },
}
const response = (status: string, output: readonly unknown[], usage: unknown) => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  status,
  model: 'm-up',
  output,
  usage,
})
const completed = response('completed', [item.message, item.call], {
  input_tokens: 11,
  output_tokens: 7,
  total_tokens: 18,
})
const ofMessage = { item_id: 'msg_1', output_index: 0, content_index: 0 }
const ofCall = { item_id: 'fc_1', output_index: 1 }

const responses: TranslationCase = {
  protocol: 'openai-responses',
  provider: 'responses',
  config: (url) =>
    `{ kind: openai-compatible, protocols: [openai-responses], base_url: "${url}/responses/v1", api_key: sk-up }`,
  path: () => '/v1/responses',
  body: (model, stream) => ({
    model,
    stream,
    store: false,
    instructions: 'Be brief',
    input: 'weather?',
    tools: [{ type: 'function', name: call.name, parameters: schema, strict: false }],
  }),
  whole: completed,
  headBlocks: 2,
  blocks: [
    { type: 'response.created', response: response('in_progress', [], null) },
    { type: 'response.in_progress', response: response('in_progress', [], null) },
    {
      type: 'response.output_item.added',
      output_index: 0,
      item: { ...item.message, status: 'in_progress', content: [] },
    },
    {
      type: 'response.content_part.added',
      ...ofMessage,
      part: { type: 'output_text', text: '', annotations: [] },
    },
    { type: 'response.output_text.delta', ...ofMessage, delta: text },
    { type: 'response.output_text.done', ...ofMessage, text },
    { type: 'response.content_part.done', ...ofMessage, part: item.message.content[0] },
    { type: 'response.output_item.done', output_index: 0, item: item.message },
    {
      type: 'response.output_item.added',
      output_index: 1,
      item: { ...item.call, arguments: '', status: 'in_progress' },
    },
    { type: 'response.function_call_arguments.delta', ...ofCall, delta: call.input },
    { type: 'response.function_call_arguments.done', ...ofCall, arguments: call.input },
    { type: 'response.output_item.done', output_index: 1, item: item.call },
    { type: 'response.completed', response: completed },
  ].map((one, index) => event({ ...one, sequence_number: index })),
  errors: openaiErrors,
  errorBlock: event({
    type: 'error',
    error: { type: 'server_error', code: 'server_overloaded', message: 'busy', param: null },
  }),
  errorType: openaiErrorType,
}

const message = (content: readonly unknown[], rest: object) => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'm-up',
  content,
  ...rest,
})

const anthropicError = (type: string, said: string) => ({ type: 'error', error: { type, message: said } })

const anthropic: TranslationCase = {
  protocol: 'anthropic-messages',
  provider: 'anthropic-like',
  config: (url) => `{ kind: anthropic-compatible, base_url: "${url}/anthropic-like", api_key: sk-up }`,
  path: () => '/v1/messages',
  body: (model, stream) => ({
    model,
    stream,
    max_tokens: 100,
    system: 'Be brief',
    messages: [{ role: 'user', content: 'weather?' }],
    tools: [{ name: call.name, input_schema: schema }],
  }),
  whole: message(
    [
      { type: 'text', text },
      { type: 'tool_use', id: 'toolu_1', name: call.name, input },
    ],
    { stop_reason: 'tool_use', stop_sequence: null, usage: { input_tokens: 11, output_tokens: 7 } },
  ),
  headBlocks: 1,
  blocks: [
    {
      type: 'message_start',
      message: message([], {
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 11, output_tokens: 1 },
      }),
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } },
    { type: 'content_block_stop', index: 0 },
    {
      type: 'content_block_start',
      index: 1,
      content_block: { type: 'tool_use', id: 'toolu_1', name: call.name, input: {} },
    },
    { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: call.input } },
    { type: 'content_block_stop', index: 1 },
    {
      type: 'message_delta',
      delta: { stop_reason: 'tool_use', stop_sequence: null },
      usage: { output_tokens: 7 },
    },
    { type: 'message_stop' },
  ].map((one) => event(one)),
  errors: {
    limited: {
      status: 429,
      headers: {
        'retry-after': '7',
        'anthropic-ratelimit-requests-limit': '10',
        'anthropic-ratelimit-requests-reset': '2100-01-01T00:00:00Z',
      },
      body: anthropicError('rate_limit_error', 'slow down'),
    },
    broken: { status: 500, body: anthropicError('api_error', 'oops') },
    overloaded: { status: 529, body: anthropicError('overloaded_error', 'busy') },
    tooLong: {
      status: 400,
      body: anthropicError('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'),
    },
  },
  errorBlock: event(anthropicError('overloaded_error', 'busy')),
  errorType: ({ error }: { error: { type: string } }) => error.type,
}

const candidate = (parts: readonly unknown[], finish: object = {}) => ({
  candidates: [{ content: { role: 'model', parts }, index: 0, ...finish }],
  modelVersion: 'm-up',
})
const geminiEnd = {
  usageMetadata: { promptTokenCount: 11, candidatesTokenCount: 7, totalTokenCount: 18 },
}
const functionCall = { functionCall: { name: call.name, args: input } }
const geminiError = (code: number, status: string, said: string, details?: unknown) => ({
  error: { code, message: said, status, ...(details === undefined ? {} : { details }) },
})

const gemini: TranslationCase = {
  protocol: 'gemini',
  provider: 'google-like',
  config: (url) => `{ kind: gemini-compatible, base_url: "${url}/google-like", api_key: sk-up }`,
  path: (model, stream) =>
    `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
  body: () => ({
    systemInstruction: { parts: [{ text: 'Be brief' }] },
    contents: [{ role: 'user', parts: [{ text: 'weather?' }] }],
    tools: [{ functionDeclarations: [{ name: call.name, parametersJsonSchema: schema }] }],
  }),
  whole: { ...candidate([{ text }, functionCall], { finishReason: 'STOP' }), ...geminiEnd },
  headBlocks: 0,
  blocks: [
    data(candidate([{ text }])),
    data({ ...candidate([functionCall], { finishReason: 'STOP' }), ...geminiEnd }),
  ],
  errors: {
    limited: {
      status: 429,
      body: geminiError(429, 'RESOURCE_EXHAUSTED', 'slow down', [
        { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '7s' },
      ]),
    },
    broken: { status: 500, body: geminiError(500, 'INTERNAL', 'oops') },
    overloaded: { status: 503, body: geminiError(503, 'UNAVAILABLE', 'busy') },
    tooLong: {
      status: 400,
      body: geminiError(
        400,
        'INVALID_ARGUMENT',
        'The input token count (210000) exceeds the maximum number of tokens allowed (200000).',
      ),
    },
  },
  errorBlock: data(geminiError(503, 'UNAVAILABLE', 'busy')),
  errorType: ({ error }: { error: { status: string } }) => error.status,
}

export const translationCases: readonly TranslationCase[] = [chat, responses, anthropic, gemini]

/** Every client before every provider, whole and streamed, with a title for `test.each`. */
export const casePairs = translationCases.flatMap((client) =>
  translationCases.flatMap((target) =>
    [false, true].map(
      (stream) =>
        [
          `${client.protocol} to ${target.protocol}, ${stream ? 'streamed' : 'whole'}`,
          client,
          target,
          stream,
        ] as const,
    ),
  ),
)
