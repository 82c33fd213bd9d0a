/** Answers of providers that are rare, legal, and more than a naive translation is prepared for. */
import type { Client } from './cases.ts'
import {
  aroundBlocks,
  aroundItems,
  chatChunk,
  chatTail,
  geminiChunk,
  streamFrom,
  wholeFrom,
} from './provider-answers.ts'

type Events = readonly (object | string)[]

/** An answer whole, and as a stream. */
export interface OddAnswer {
  readonly whole: string
  readonly events: Events
}

/** The body of a whole response of the Responses protocol. */
export const responseBody = (output: readonly object[], more: object = {}): string => {
  const last = aroundItems([], output).at(-1)
  return JSON.stringify({
    ...(last !== undefined && 'response' in last ? Object(last.response) : {}),
    ...more,
  })
}

const added = (output_index: number, item: object): object => ({
  type: 'response.output_item.added',
  output_index,
  item: { ...item, status: 'in_progress' },
})

const done = (output_index: number, item: object): object => ({
  type: 'response.output_item.done',
  output_index,
  item,
})

export const messageItem = (text: string) => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
})

/** A message as it opens, each of its deltas, and as it closes: others may speak in between. */
const messageEvents = (output_index: number, deltas: readonly string[]) => {
  const item = messageItem(deltas.join(''))
  const place = { item_id: item.id, output_index, content_index: 0 }
  return {
    item,
    opens: [
      added(output_index, { ...item, content: [] }),
      {
        type: 'response.content_part.added',
        ...place,
        part: { type: 'output_text', text: '', annotations: [], logprobs: [] },
      },
    ],
    says: deltas.map((delta) => ({ type: 'response.output_text.delta', ...place, delta, logprobs: [] })),
    closes: [
      { type: 'response.output_text.done', ...place, text: deltas.join(''), logprobs: [] },
      done(output_index, item),
    ],
  }
}

/** A thought of two parts, which must not run into each other. */
export const thoughtInParts: OddAnswer = (() => {
  const item = {
    id: 'rs_1',
    type: 'reasoning',
    summary: [
      { type: 'summary_text', text: 'First part.' },
      { type: 'summary_text', text: 'Second part.' },
    ],
    encrypted_content: 'ZW5jcnlwdGVk',
  }
  const place = { item_id: item.id, output_index: 0 }
  return {
    whole: responseBody([item]),
    events: aroundItems(
      [
        // What is sealed when the item opens may be a piece of it.
        { ...added(0, { ...item, summary: [], encrypted_content: 'cGFydGlhbA==' }) },
        ...item.summary.flatMap((part, summary_index) => {
          const at = { ...place, summary_index }
          return [
            { type: 'response.reasoning_summary_part.added', ...at, part: { ...part, text: '' } },
            { type: 'response.reasoning_summary_text.delta', ...at, delta: part.text },
            { type: 'response.reasoning_summary_text.done', ...at, text: part.text },
            { type: 'response.reasoning_summary_part.done', ...at, part },
          ]
        }),
        done(0, item),
      ],
      [item],
    ),
  }
})()

/** Backends of Chat put thoughts and words into one delta, and say null or nothing where there is nothing. */
export const thoughtsAmongWords: Events = [
  chatChunk({ role: 'assistant', content: null, reasoning_content: 'a' }),
  chatChunk({ content: '', reasoning_content: 'b' }),
  chatChunk({ content: 'X', reasoning_content: 'c' }),
  chatChunk({ content: null, reasoning_content: 'd' }),
  chatChunk({ content: 'Y', reasoning_content: '' }),
  chatChunk({ content: 'Z', reasoning_content: null }),
  chatChunk({}, 'stop'),
  ...chatTail,
]

/** Three calls of Chat that are open at once, and three in one chunk: `get_weather` twice, `now`. */
export const callsTogether: readonly Events[] = (() => {
  const opening = (index: number, args = '') => ({
    index,
    id: `call_${index}`,
    type: 'function',
    function: { name: index === 2 ? 'now' : 'get_weather', arguments: args },
  })
  const more = (index: number, args: string) => ({ index, function: { arguments: args } })
  const interleaved = [
    [opening(0), opening(1)],
    [more(1, '{"city"')],
    [more(0, '{"city":"Ulm",')],
    [opening(2), more(1, ':"Bern"}')],
    [more(0, '"days":1}'), more(2, '{}')],
  ]
  const atOnce = [[opening(0, '{"city":"Ulm","days":1}'), opening(1, '{"city":"Bern"}'), opening(2, '{}')]]
  return [interleaved, atOnce].map((chunks) => [
    chatChunk({ role: 'assistant', content: 'Both.' }),
    ...chunks.map((tool_calls) => chatChunk({ tool_calls })),
    chatChunk({}, 'tool_calls'),
    ...chatTail,
  ])
})()

/** The same calls as items that overlap each other and a message. */
export const itemsTogether: Events = (() => {
  const inputs = ['{"city":"Ulm","days":1}', '{"city":"Bern"}', '{}']
  const call = (index: number) => ({
    id: `fc_${index}`,
    type: 'function_call',
    status: 'completed',
    call_id: `call_${index}`,
    name: index === 2 ? 'now' : 'get_weather',
    arguments: inputs[index],
  })
  const opens = (index: number) => added(index, { ...call(index), arguments: '' })
  const delta = (index: number, text: string) => ({
    type: 'response.function_call_arguments.delta',
    item_id: `fc_${index}`,
    output_index: index,
    delta: text,
  })
  const { item, opens: speaks, says, closes } = messageEvents(3, ['Bo', 'th.'])
  return aroundItems(
    [
      opens(0),
      opens(1),
      delta(1, '{"city":'),
      delta(0, '{"city":"Ulm"'),
      opens(2),
      ...speaks,
      ...says.slice(0, 1),
      delta(1, '"Bern"}'),
      delta(2, '{}'),
      ...says.slice(1),
      done(2, call(2)),
      done(1, call(1)),
      delta(0, ',"days":1}'),
      ...closes,
      done(0, call(0)),
    ],
    [call(0), call(1), call(2), item],
  )
})()

/** Items that nobody has a word for, before the words of the answer and still open while they are said. */
export const strangeItems: readonly Events[] = (() => {
  const strange = [
    { id: 'mcpl_1', type: 'mcp_list_tools', server_label: 'docs', tools: [] },
    { id: 'x_1', type: 'future_item', status: 'completed', shape: { deep: [1] } },
    { id: 'ig_1', type: 'image_generation_call', status: 'completed', result: 'iVBORw0KGgo=' },
    { id: 'rs_1', type: 'reasoning', summary: [] },
  ]
  const { item, opens, says, closes } = messageEvents(strange.length, ['Found.'])
  const output = [...strange, item]
  const progress = (index: number) => ({ type: 'response.future_item.progress', output_index: index })
  return [
    aroundItems(
      [
        ...strange.flatMap((one, at) => [added(at, one), progress(at), done(at, one)]),
        ...opens,
        ...says,
        ...closes,
      ],
      output,
    ),
    aroundItems(
      [
        ...strange.map((one, at) => added(at, one)),
        ...opens,
        ...says,
        ...strange.map((one, at) => done(at, one)),
        ...closes,
      ],
      output,
    ),
  ]
})()

const textBlock = (index: number, text: string): readonly object[] => [
  { type: 'content_block_start', index, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index, delta: { type: 'text_delta', text } },
  { type: 'content_block_stop', index },
]

/** The same of Anthropic and Gemini. */
export const strangeBlocks: Events = aroundBlocks([
  { type: 'content_block_start', index: 0, content_block: { type: 'future_block', data: { deep: [1] } } },
  { type: 'content_block_delta', index: 0, delta: { type: 'future_delta', data: 1 } },
  { type: 'future_event', index: 0 },
  { type: 'content_block_stop', index: 0 },
  ...textBlock(1, 'Found.'),
])

export const strangeParts: Events = [
  geminiChunk([{ futurePart: { deep: [1] } }, { text: 'Fou' }]),
  geminiChunk([{ text: 'nd.' }, { futurePart: {} }], { finishReason: 'STOP' }),
]

const searchItem = {
  id: 'ws_1',
  type: 'web_search_call',
  status: 'completed',
  action: { type: 'search', query: 'Ulm', sources: [{ type: 'url', url: 'https://example.com' }] },
}
const search = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'Ulm' } }
const searched = {
  type: 'web_search_tool_result',
  tool_use_id: 'srvtoolu_1',
  content: [
    {
      type: 'web_search_result',
      url: 'https://example.com',
      title: 'Example',
      encrypted_content: 'ZQ==',
      page_age: null,
    },
  ],
}
const code = { executableCode: { language: 'PYTHON', code: 'print(2)' } }
const printed = { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '2\n' } }

/** A tool ran at the provider, and nothing is left for the client to run. Chat has no such tools. */
export const ranThere: Readonly<Record<Exclude<Client, 'openai-chat'>, OddAnswer>> = {
  'anthropic-messages': {
    whole: wholeFrom('anthropic-messages', { words: [{ text: 'Found.' }] }).replace(
      '"content":[',
      `"content":[${JSON.stringify(search)},${JSON.stringify(searched)},`,
    ),
    events: aroundBlocks([
      { type: 'content_block_start', index: 0, content_block: { ...search, input: {} } },
      {
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'input_json_delta', partial_json: '{"query":"Ulm"}' },
      },
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_start', index: 1, content_block: searched },
      { type: 'content_block_stop', index: 1 },
      ...textBlock(2, 'Found.'),
    ]),
  },
  'openai-responses': (() => {
    const { item, opens, says, closes } = messageEvents(1, ['Found.'])
    const progress = ['in_progress', 'searching', 'completed'].map((step) => ({
      type: `response.web_search_call.${step}`,
      output_index: 0,
      item_id: searchItem.id,
    }))
    return {
      whole: responseBody([searchItem, item]),
      events: aroundItems(
        [
          added(0, { ...searchItem, action: undefined }),
          ...progress,
          done(0, searchItem),
          ...opens,
          ...says,
          ...closes,
        ],
        [searchItem, item],
      ),
    }
  })(),
  gemini: {
    whole: JSON.stringify(geminiChunk([code, printed, { text: 'Found.' }], { finishReason: 'STOP' })),
    events: [
      geminiChunk([code]),
      geminiChunk([printed]),
      geminiChunk([{ text: 'Found.' }], { finishReason: 'STOP' }),
    ],
  },
}

/** `I cannot.`, each provider in its way. */
export const refusals: Readonly<Record<Client, OddAnswer>> = (() => {
  const plainly = { words: [{ text: 'I cannot.' }], ending: 'refusal' } as const
  const item = { ...messageItem(''), content: [{ type: 'refusal', refusal: 'I cannot.' }] }
  const place = { item_id: item.id, output_index: 0, content_index: 0 }
  return {
    'anthropic-messages': {
      whole: wholeFrom('anthropic-messages', plainly),
      events: streamFrom('anthropic-messages', plainly).map(({ data }) => JSON.parse(data)),
    },
    'openai-chat': {
      whole: wholeFrom('openai-chat', { words: [] }).replace('"refusal":null', '"refusal":"I cannot."'),
      events: [
        chatChunk({ role: 'assistant', content: null, refusal: 'I can' }),
        chatChunk({ refusal: 'not.' }),
        chatChunk({}, 'stop'),
        ...chatTail,
      ],
    },
    'openai-responses': {
      whole: responseBody([item]),
      events: aroundItems(
        [
          added(0, { ...item, content: [] }),
          { type: 'response.content_part.added', ...place, part: { type: 'refusal', refusal: '' } },
          { type: 'response.refusal.delta', ...place, delta: 'I cannot.' },
          { type: 'response.refusal.done', ...place, refusal: 'I cannot.' },
          done(0, item),
        ],
        [item],
      ),
    },
    gemini: {
      whole: wholeFrom('gemini', plainly),
      events: [geminiChunk([{ text: 'I cannot.' }], { finishReason: 'SAFETY' })],
    },
  }
})()

/** Counters that are told again and again while they grow: at the end 70 tokens read, 40 written. */
export const recounted: Readonly<Record<Exclude<Client, 'openai-responses'>, Events>> = (() => {
  const [start, ...rest] = aroundBlocks(textBlock(0, 'Hello'))
  const message = start !== undefined && 'message' in start ? Object(start.message) : {}
  const delta = (usage: object, stop_reason: string | null = null) => ({
    type: 'message_delta',
    delta: { stop_reason, stop_sequence: null },
    usage,
  })
  const chatUsage = (prompt_tokens: number, completion_tokens: number) => ({
    usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
  })
  const geminiUsage = (promptTokenCount: number, candidatesTokenCount: number) => ({
    usageMetadata: {
      promptTokenCount,
      candidatesTokenCount,
      totalTokenCount: promptTokenCount + candidatesTokenCount,
    },
  })
  return {
    'anthropic-messages': [
      { ...start, message: { ...message, usage: { input_tokens: 50, output_tokens: 3 } } },
      ...rest.slice(0, -2),
      delta({ output_tokens: 10 }),
      delta({ output_tokens: 25, input_tokens: 70 }),
      delta({ output_tokens: 40, input_tokens: null }, 'end_turn'),
      { type: 'message_stop' },
    ],
    'openai-chat': [
      { ...chatChunk({ role: 'assistant', content: 'Hel' }), ...chatUsage(50, 10) },
      { ...chatChunk({ content: 'lo' }), ...chatUsage(70, 25) },
      { ...chatChunk({}, 'stop'), ...chatUsage(70, 40) },
      { ...chatChunk({}), choices: [], ...chatUsage(70, 40) },
      '[DONE]',
    ],
    gemini: [
      { ...geminiChunk([{ text: 'Hel' }]), ...geminiUsage(50, 10) },
      { ...geminiChunk([{ text: 'lo' }]), ...geminiUsage(70, 25) },
      { ...geminiChunk([{ text: '' }], { finishReason: 'STOP' }), ...geminiUsage(70, 40) },
    ],
  }
})()

/** How a stream tells that it fails. */
export const failures: Readonly<Record<Client, readonly object[]>> = {
  'anthropic-messages': [{ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }],
  'openai-chat': [{ error: { message: 'Overloaded', type: 'server_error', param: null, code: null } }],
  'openai-responses': [
    { type: 'error', sequence_number: 9, code: 'server_error', message: 'Overloaded', param: null },
    ...[
      { status: 'failed', error: { code: 'server_error', message: 'Overloaded' } },
      { status: 'cancelled', error: null },
    ].map((more) => ({
      type: 'response.failed',
      sequence_number: 9,
      response: JSON.parse(responseBody([], more)),
    })),
  ],
  gemini: [{ error: { code: 503, message: 'Overloaded', status: 'UNAVAILABLE' } }],
}

/** Bodies that tell of a failure although they come with status 200. */
export const failedBodies: Readonly<Record<Client, string>> = {
  'anthropic-messages': JSON.stringify(failures['anthropic-messages'][0]),
  'openai-chat': JSON.stringify({ error: { message: 'Overloaded', code: 503 } }),
  'openai-responses': responseBody([messageItem('Hel')], {
    status: 'failed',
    error: { code: 'server_error', message: 'Overloaded' },
  }),
  gemini: JSON.stringify(failures.gemini[0]),
}
