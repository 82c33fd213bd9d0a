/** One answer in the words of each provider, whole and streamed in small pieces, as their recordings look. */
import { rawJson, type SseFrame, writeJson } from '../../src/wire/index.ts'
import type { Client } from './cases.ts'

/** What a model says, piece after piece. */
export type Word =
  | { readonly thought: string; readonly state?: string }
  /** Thoughts that only their provider can read. */
  | { readonly hidden: string }
  | { readonly text: string; readonly cites?: Source }
  | { readonly call: string; readonly name: string; readonly input: string }

export interface Source {
  readonly url: string
  readonly title: string
}

export type Ending = 'end' | 'calls' | 'length' | 'refusal'

export interface ProviderAnswer {
  readonly words: readonly Word[]
  /** Default: calls where there are any. */
  readonly ending?: Ending
}

/**
 * The counters of every answer: 120 tokens read, 80 of them from the cache, 40 written, 8 of them thoughts. Where a
 * provider reports what it put into its cache, that is 20 of the 120.
 */
export const providerUsage: Readonly<Record<Client, object>> = {
  'anthropic-messages': {
    input_tokens: 20,
    cache_read_input_tokens: 80,
    cache_creation_input_tokens: 20,
    cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 0 },
    output_tokens: 40,
    output_tokens_details: { thinking_tokens: 8 },
  },
  'openai-chat': {
    prompt_tokens: 120,
    completion_tokens: 40,
    total_tokens: 160,
    prompt_tokens_details: { cached_tokens: 80 },
    completion_tokens_details: { reasoning_tokens: 8 },
  },
  'openai-responses': {
    input_tokens: 120,
    input_tokens_details: { cached_tokens: 80 },
    output_tokens: 40,
    output_tokens_details: { reasoning_tokens: 8 },
    total_tokens: 160,
  },
  gemini: {
    promptTokenCount: 120,
    cachedContentTokenCount: 80,
    candidatesTokenCount: 32,
    thoughtsTokenCount: 8,
    totalTokenCount: 160,
  },
}

/** The body of a whole answer. */
export const wholeFrom = (upstream: Client, said: ProviderAnswer): string =>
  writeJson(wholes[upstream](said.words, endingOf(said)))

/** The same answer as a stream. */
export const streamFrom = (upstream: Client, said: ProviderAnswer): readonly SseFrame[] =>
  framesOf(upstream, streams[upstream](said.words, endingOf(said)))

/** Events as their provider frames them: two protocols name each after its type. */
export const framesOf = (upstream: Client, events: readonly (object | string)[]): readonly SseFrame[] =>
  events.map((event) => {
    const data = typeof event === 'string' ? event : writeJson(event)
    const isNamed = upstream === 'anthropic-messages' || upstream === 'openai-responses'
    return isNamed && typeof event === 'object' && 'type' in event
      ? { event: String(event.type), data }
      : { data }
  })

const endingOf = ({ words, ending }: ProviderAnswer): Ending =>
  ending ?? (words.some((word) => 'call' in word) ? 'calls' : 'end')

const source = (input: string): unknown => rawJson(input === '' ? '{}' : input)

/** Small enough to cut words and arguments anywhere, but no character. */
const pieces = (text: string): readonly string[] => text.match(/.{1,5}/gsu) ?? []

const stopReasons: Readonly<Record<Ending, string>> = {
  end: 'end_turn',
  calls: 'tool_use',
  length: 'max_tokens',
  refusal: 'refusal',
}
const finishReasons: Readonly<Record<Ending, string>> = {
  end: 'stop',
  calls: 'tool_calls',
  length: 'length',
  refusal: 'content_filter',
}
const geminiReasons: Readonly<Record<Ending, string>> = {
  end: 'STOP',
  calls: 'STOP',
  length: 'MAX_TOKENS',
  refusal: 'SAFETY',
}

const message = (content: readonly object[], stop: string | null, usage: object) => ({
  id: 'msg_provider',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5',
  content,
  stop_reason: stop,
  stop_sequence: null,
  usage,
})

const citation = ({ url, title }: Source, text: string) => ({
  type: 'web_search_result_location',
  url,
  title,
  cited_text: text,
  encrypted_index: 'aW5kZXg=',
})

const block = (word: Word): object => {
  if ('thought' in word)
    return { type: 'thinking', thinking: word.thought, signature: word.state ?? 'c2lnbmF0dXJl' }
  if ('hidden' in word) return { type: 'redacted_thinking', data: word.hidden }
  if ('text' in word) {
    const citations = word.cites === undefined ? null : [citation(word.cites, word.text)]
    return { type: 'text', text: word.text, citations }
  }
  return { type: 'tool_use', id: word.call, name: word.name, input: source(word.input) }
}

const blockEvents = (word: Word, index: number): readonly object[] => {
  const start = (content_block: object) => ({ type: 'content_block_start', index, content_block })
  const delta = (change: object) => ({ type: 'content_block_delta', index, delta: change })
  const stop = { type: 'content_block_stop', index }
  if ('hidden' in word) return [start(block(word)), stop]
  if ('thought' in word) {
    return [
      start({ type: 'thinking', thinking: '', signature: '' }),
      ...pieces(word.thought).map((thinking) => delta({ type: 'thinking_delta', thinking })),
      delta({ type: 'signature_delta', signature: word.state ?? 'c2lnbmF0dXJl' }),
      stop,
    ]
  }
  if ('text' in word) {
    return [
      start({ type: 'text', text: '' }),
      ...pieces(word.text).map((text) => delta({ type: 'text_delta', text })),
      ...(word.cites === undefined
        ? []
        : [delta({ type: 'citations_delta', citation: citation(word.cites, word.text) })]),
      stop,
    ]
  }
  return [
    start({ type: 'tool_use', id: word.call, name: word.name, input: {} }),
    delta({ type: 'input_json_delta', partial_json: '' }),
    ...pieces(word.input).map((partial_json) => delta({ type: 'input_json_delta', partial_json })),
    stop,
  ]
}

interface Calling {
  readonly call: string
  readonly name: string
  readonly input: string
}

const callsOf = (words: readonly Word[]): readonly Calling[] =>
  words.flatMap((word) => ('call' in word ? [word] : []))

const joined = (words: readonly Word[], kind: 'text' | 'thought'): string =>
  words
    .map((word) => {
      if (kind === 'text') return 'text' in word ? word.text : ''
      return 'thought' in word ? word.thought : ''
    })
    .join('')

/** Offsets count code points of the text before. */
const annotated = (words: readonly Word[]): readonly { at: Source; start: number; end: number }[] => {
  let length = 0
  return words.flatMap((word) => {
    if (!('text' in word)) return []
    const start = length
    length += Array.from(word.text).length
    return word.cites === undefined ? [] : [{ at: word.cites, start, end: length }]
  })
}

const chatAnnotations = (words: readonly Word[]): readonly object[] =>
  annotated(words).map(({ at, start, end }) => ({
    type: 'url_citation',
    url_citation: { ...at, start_index: start, end_index: end },
  }))

const responseAnnotations = (words: readonly Word[]): readonly object[] =>
  annotated(words).map(({ at, start, end }) => ({
    type: 'url_citation',
    ...at,
    start_index: start,
    end_index: end,
  }))

const chatHead = { id: 'chatcmpl-provider', created: 1_760_000_000, model: 'gpt-5.1' }

const items = (words: readonly Word[]): readonly object[] =>
  words.map((word, index): object => {
    if ('thought' in word || 'hidden' in word) {
      return {
        id: `rs_${index}`,
        type: 'reasoning',
        summary: 'thought' in word ? [{ type: 'summary_text', text: word.thought }] : [],
        encrypted_content: 'hidden' in word ? word.hidden : (word.state ?? 'ZW5jcnlwdGVk'),
      }
    }
    if ('text' in word) {
      const part = {
        type: 'output_text',
        text: word.text,
        annotations: responseAnnotations([word]),
        logprobs: [],
      }
      return { id: `msg_${index}`, type: 'message', role: 'assistant', status: 'completed', content: [part] }
    }
    return {
      id: `fc_${index}`,
      type: 'function_call',
      status: 'completed',
      call_id: word.call,
      name: word.name,
      arguments: word.input,
    }
  })

const itemEvents = (word: Word, output_index: number): readonly object[] => {
  const [item = {}] = items([word]).map((one) => ({ ...one, id: idAt(word, output_index) }))
  const place = { item_id: idAt(word, output_index), output_index }
  const added = (empty: object) => ({
    type: 'response.output_item.added',
    output_index,
    item: { ...item, ...empty },
  })
  const done = { type: 'response.output_item.done', output_index, item }
  if ('hidden' in word) return [added({ encrypted_content: '' }), done]
  if ('thought' in word) {
    const at = { ...place, summary_index: 0 }
    return [
      added({ summary: [], encrypted_content: 'cGFydA==' }),
      { type: 'response.reasoning_summary_part.added', ...at, part: { type: 'summary_text', text: '' } },
      ...pieces(word.thought).map((delta) => ({
        type: 'response.reasoning_summary_text.delta',
        ...at,
        delta,
      })),
      { type: 'response.reasoning_summary_text.done', ...at, text: word.thought },
      {
        type: 'response.reasoning_summary_part.done',
        ...at,
        part: { type: 'summary_text', text: word.thought },
      },
      done,
    ]
  }
  if ('text' in word) {
    const at = { ...place, content_index: 0 }
    const part = { type: 'output_text', annotations: [], logprobs: [] }
    return [
      added({ status: 'in_progress', content: [] }),
      { type: 'response.content_part.added', ...at, part: { ...part, text: '' } },
      ...pieces(word.text).map((delta) => ({
        type: 'response.output_text.delta',
        ...at,
        delta,
        logprobs: [],
      })),
      ...responseAnnotations([word]).map((annotation, annotation_index) => ({
        type: 'response.output_text.annotation.added',
        ...at,
        annotation_index,
        annotation,
      })),
      { type: 'response.output_text.done', ...at, text: word.text, logprobs: [] },
      {
        type: 'response.content_part.done',
        ...at,
        part: { ...part, text: word.text, annotations: responseAnnotations([word]) },
      },
      done,
    ]
  }
  return [
    added({ status: 'in_progress', arguments: '' }),
    ...pieces(word.input).map((delta) => ({
      type: 'response.function_call_arguments.delta',
      ...place,
      delta,
    })),
    { type: 'response.function_call_arguments.done', ...place, arguments: word.input },
    done,
  ]
}

const idAt = (word: Word, index: number): string => {
  if ('thought' in word || 'hidden' in word) return `rs_${index}`
  return 'text' in word ? `msg_${index}` : `fc_${index}`
}

const responseOf = (output: readonly object[], ending: Ending) => ({
  id: 'resp_provider',
  object: 'response',
  created_at: 1_760_000_000,
  model: 'gpt-5.1',
  status: ending === 'length' || ending === 'refusal' ? 'incomplete' : 'completed',
  error: null,
  incomplete_details:
    ending === 'length'
      ? { reason: 'max_output_tokens' }
      : ending === 'refusal'
        ? { reason: 'content_filter' }
        : null,
  output,
  usage: providerUsage['openai-responses'],
})

/** Gemini's state comes with the part behind the thought. */
const geminiParts = (words: readonly Word[]): readonly object[] => {
  let state: string | undefined
  const parts: object[] = []
  for (const word of words) {
    if ('thought' in word) {
      parts.push({ text: word.thought, thought: true })
      state = word.state
      continue
    }
    if ('hidden' in word) {
      state = word.hidden
      continue
    }
    const signed = state === undefined ? {} : { thoughtSignature: state }
    state = undefined
    parts.push(
      'text' in word
        ? { text: word.text, ...signed }
        : { functionCall: { id: word.call, name: word.name, args: source(word.input) }, ...signed },
    )
  }
  if (state !== undefined) parts.push({ text: '', thoughtSignature: state })
  return parts
}

const chunk = (parts: readonly object[], extra: object = {}) => ({
  candidates: [{ index: 0, content: { role: 'model', parts }, ...extra }],
  usageMetadata: providerUsage.gemini,
  modelVersion: 'gemini-3-pro-preview',
  responseId: 'resp-provider',
})

/** Byte offsets into the answer's text. */
const grounding = (words: readonly Word[]): object => {
  let bytes = 0
  const cited = words.flatMap((word) => {
    if (!('text' in word)) return []
    const startIndex = bytes
    bytes += Buffer.byteLength(word.text)
    return word.cites === undefined
      ? []
      : [{ at: word.cites, segment: { startIndex, endIndex: bytes, text: word.text } }]
  })
  if (cited.length === 0) return {}
  return {
    groundingMetadata: {
      webSearchQueries: ['query'],
      groundingChunks: cited.map(({ at }) => ({ web: { uri: at.url, title: at.title } })),
      groundingSupports: cited.map(({ segment }, index) => ({ segment, groundingChunkIndices: [index] })),
    },
  }
}

const wholes: Readonly<Record<Client, (words: readonly Word[], ending: Ending) => object>> = {
  'anthropic-messages': (words, ending) =>
    message(words.map(block), stopReasons[ending], providerUsage['anthropic-messages']),
  'openai-chat': (words, ending) => {
    const calls = callsOf(words).map(({ call, name, input }) => ({
      id: call,
      type: 'function',
      function: { name, arguments: input },
    }))
    const thoughts = joined(words, 'thought')
    const annotations = chatAnnotations(words)
    return {
      ...chatHead,
      object: 'chat.completion',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: joined(words, 'text') || null,
            refusal: null,
            ...(thoughts === '' ? {} : { reasoning_content: thoughts }),
            ...(annotations.length === 0 ? {} : { annotations }),
            ...(calls.length === 0 ? {} : { tool_calls: calls }),
          },
          logprobs: null,
          finish_reason: finishReasons[ending],
        },
      ],
      usage: providerUsage['openai-chat'],
    }
  },
  'openai-responses': (words, ending) => responseOf(items(words), ending),
  gemini: (words, ending) =>
    chunk(geminiParts(words), { finishReason: geminiReasons[ending], ...grounding(words) }),
}

/** A chunk of Chat. */
export const chatChunk = (delta: object, finish: string | null = null): object => ({
  ...chatHead,
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  usage: null,
})

/** Where Chat tells of its tokens, and that it is done. */
export const chatTail: readonly (object | string)[] = [
  { ...chatHead, object: 'chat.completion.chunk', choices: [], usage: providerUsage['openai-chat'] },
  '[DONE]',
]

/** A chunk of Gemini. */
export const geminiChunk = chunk

/** How a response of the Responses protocol begins and ends around its items' events. */
export const aroundItems = (
  events: readonly object[],
  output: readonly object[],
  ending: Ending = 'end',
): readonly object[] => {
  const response = { ...responseOf([], ending), status: 'in_progress', incomplete_details: null, usage: null }
  const whole = responseOf(output, ending)
  return [
    { type: 'response.created', response },
    { type: 'response.in_progress', response },
    ...events,
    { type: `response.${whole.status}`, response: whole },
  ].map((event, sequence_number) => ({ ...event, sequence_number }))
}

/** How a message of Anthropic's begins and ends around its blocks' events. */
export const aroundBlocks = (events: readonly object[], ending: Ending = 'end'): readonly object[] => [
  {
    type: 'message_start',
    message: message([], null, { ...providerUsage['anthropic-messages'], output_tokens: 1 }),
  },
  { type: 'ping' },
  ...events,
  {
    type: 'message_delta',
    delta: { stop_reason: stopReasons[ending], stop_sequence: null },
    usage: providerUsage['anthropic-messages'],
  },
  { type: 'message_stop' },
]

const streams: Readonly<
  Record<Client, (words: readonly Word[], ending: Ending) => readonly (object | string)[]>
> = {
  'anthropic-messages': (words, ending) => aroundBlocks(words.flatMap(blockEvents), ending),
  'openai-chat': (words, ending) => {
    const calls = callsOf(words)
    const annotations = chatAnnotations(words)
    return [
      chatChunk({ role: 'assistant', content: '' }),
      ...words.flatMap((word): readonly object[] => {
        if ('thought' in word)
          return pieces(word.thought).map((text) => chatChunk({ reasoning_content: text }))
        if ('text' in word) return pieces(word.text).map((content) => chatChunk({ content }))
        if ('hidden' in word) return []
        const index = calls.indexOf(word)
        const opening = {
          index,
          id: word.call,
          type: 'function',
          function: { name: word.name, arguments: '' },
        }
        return [
          chatChunk({ tool_calls: [opening] }),
          ...pieces(word.input).map((piece) =>
            chatChunk({ tool_calls: [{ index, function: { arguments: piece } }] }),
          ),
        ]
      }),
      ...(annotations.length === 0 ? [] : [chatChunk({ annotations })]),
      chatChunk({}, finishReasons[ending]),
      ...chatTail,
    ]
  },
  'openai-responses': (words, ending) => aroundItems(words.flatMap(itemEvents), items(words), ending),
  gemini: (words, ending) => {
    const parts = geminiParts(words)
    return [
      ...parts.flatMap((part) => ('text' in part ? cut(part) : [part])).map((part) => chunk([part])),
      chunk([{ text: '' }], { finishReason: geminiReasons[ending], ...grounding(words) }),
    ]
  },
}

/** Texts of Gemini come in increments; the signature behind them, on a part without text. */
const cut = (part: object): readonly object[] => {
  const { text, thoughtSignature, ...rest } = { thoughtSignature: undefined, text: '', ...part }
  return [
    ...pieces(text).map((piece) => ({ text: piece, ...rest })),
    ...(thoughtSignature === undefined ? [] : [{ text: '', thoughtSignature }]),
  ]
}
