/**
 * Providers that keep prompts as the real ones do, on loopback: one of Anthropic's kind, which keeps what the request
 * marks, and one of OpenAI's, which keeps prefixes by itself. They tell in their usage what they read and wrote, and
 * refuse what the real ones refuse. A token is four characters.
 */
import { createHash } from 'node:crypto'
import { chatAnswer, messagesAnswer, responsesAnswer, type ScriptedAnswer } from './scripted-answers.ts'
import { startUpstream, type TestUpstream } from './upstream.ts'

export interface CachingProvider {
  readonly upstream: TestUpstream
  readonly url: string
  /** What each request read, wrote and was, in tokens. */
  readonly told: Told[]
  /** What the model says next. */
  answer: (turn: number) => ScriptedAnswer
  /** Milliseconds; later ones let what was kept run out. */
  now: number
  /** The body of the last request. */
  last(): string
  /** Forgets what was kept and told. */
  reset(): void
  stop(): Promise<void>
}

export interface Told {
  readonly input: number
  readonly read: number
  /** For five minutes and for an hour; 0 where writing is no matter of the bill. */
  readonly written: number
  readonly writtenLong: number
  readonly marks: number
}

export interface CacheOptions {
  /** Tokens of the shortest prefix that is kept. */
  readonly minimum?: number
}

type Json = Readonly<Record<string, unknown>>

/** `/v1/messages`, `/v1/chat/completions` and `/v1/responses`. */
export const startCachingProvider = ({ minimum = 1024 }: CacheOptions = {}): CachingProvider => {
  const upstream = startUpstream()
  const marked = createMarkedCache(minimum)
  const automatic = createAutomaticCache(minimum)
  const told: Told[] = []
  const provider: CachingProvider = {
    upstream,
    url: upstream.url,
    told,
    answer: (turn) => ({ id: `t${turn}`, text: `That was ${turn}.`, calls: [] }),
    now: 0,
    last: () => new TextDecoder().decode(upstream.seen.at(-1)?.body),
    reset() {
      marked.clear()
      automatic.clear()
      told.length = 0
      upstream.seen.length = 0
    },
    stop: () => upstream.stop(),
  }
  upstream.answer = (seen) => {
    const body: Json = JSON.parse(new TextDecoder().decode(seen.body))
    const model = String(body['model'])
    const script = provider.answer(told.length)
    if (seen.path.endsWith('/messages')) {
      const refusal = refusalOf(body)
      if (refusal !== undefined) return refused(refusal)
      const one = marked.ask(body, provider.now)
      told.push(one)
      const usage = {
        input_tokens: one.input - one.read - one.written - one.writtenLong,
        cache_read_input_tokens: one.read,
        cache_creation_input_tokens: one.written + one.writtenLong,
        cache_creation: {
          ephemeral_5m_input_tokens: one.written,
          ephemeral_1h_input_tokens: one.writtenLong,
        },
        output_tokens: 1,
      }
      return messagesReply(script, model, usage, body['stream'] === true)
    }
    const one = automatic.ask(
      body,
      seen.path.endsWith('/responses') ? responsesOrder : chatOrder,
      provider.now,
    )
    told.push(one)
    return seen.path.endsWith('/responses')
      ? responsesAnswer(script, model, {
          input_tokens: one.input,
          input_tokens_details: { cached_tokens: one.read },
          output_tokens: 9,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: one.input + 9,
        })
      : chatReply(script, model, one, body['stream'] === true)
  }
  return provider
}

const fiveMinutes = 300_000
const hour = 3_600_000
const lookback = 20

const tokensOf = (text: string): number => Math.ceil(text.length / 4)
const digest = (before: string, text: string): string =>
  createHash('sha256').update(before).update('\0').update(text).digest('base64')

/** The blocks of a prompt in the order in which the model reads them. */
const blocksOf = (body: Json): readonly { readonly text: string; readonly mark: string | undefined }[] => {
  const listOf = (value: unknown): readonly Json[] =>
    typeof value === 'string' ? [{ type: 'text', text: value }] : ((value ?? []) as readonly Json[])
  const settings = JSON.stringify([body['tool_choice'], body['thinking']])
  return [
    ...listOf(body['tools']).map((tool) => ({ place: 'tool', block: tool })),
    ...listOf(body['system'])
      .filter(({ text }) => !String(text).startsWith('x-anthropic-billing-header'))
      .map((block) => ({ place: 'system', block })),
    ...((body['messages'] ?? []) as readonly Json[]).flatMap(({ role, content }) =>
      listOf(content).map((block) => ({ place: `${settings} ${role}`, block })),
    ),
  ].map(({ place, block }) => ({ text: `${place} ${bare(block)}`, mark: markOf(block) }))
}

const bare = (block: unknown): string =>
  JSON.stringify(block, (key, value: unknown) => (key === 'cache_control' ? undefined : value))

const markOf = ({ cache_control: mark }: Json): string | undefined =>
  typeof mark === 'object' && mark !== null ? String(Reflect.get(mark, 'ttl') ?? '5m') : undefined

/** What Anthropic's API answers with 400. */
const refusalOf = (body: Json): string | undefined => {
  const messages = (body['messages'] ?? []) as readonly Json[]
  const blocks = [
    ...(Array.isArray(body['system']) ? (body['system'] as Json[]) : []),
    ...messages.flatMap(({ content }) => (Array.isArray(content) ? (content as Json[]) : [])),
  ]
  for (const { type, text, cache_control: mark } of blocks) {
    if (mark === undefined) continue
    if (type === 'text' && String(text).trim() === '')
      return 'cache_control cannot be set for empty text blocks'
    if (String(type).endsWith('thinking')) return 'thinking blocks cannot have cache_control'
  }
  const tools = (body['tools'] ?? []) as readonly Json[]
  if (tools.some((tool) => tool['defer_loading'] === true && markOf(tool) !== undefined)) {
    return 'deferred tools cannot have cache_control'
  }
  const marks = blocksOf(body).filter(({ mark }) => mark !== undefined).length
  return marks > 4 ? `a maximum of 4 blocks with cache_control may be provided, found ${marks}` : undefined
}

const refused = (message: string): Response =>
  Response.json({ type: 'error', error: { type: 'invalid_request_error', message } }, { status: 400 })

/** Keeps a prefix up to each mark; looks for one at each mark and at twenty blocks before it. */
const createMarkedCache = (minimum: number) => {
  const kept = new Map<string, { until: number; readonly life: number }>()
  return {
    clear: () => kept.clear(),
    ask(body: Json, now: number): Told {
      const blocks = blocksOf(body)
      const hashes: string[] = []
      const sizes: number[] = []
      let [hash, size] = [String(body['model']), 0]
      for (const { text } of blocks) {
        hash = digest(hash, text)
        size += tokensOf(text)
        hashes.push(hash)
        sizes.push(size)
      }
      const marks = blocks.flatMap(({ mark }, index) => (mark === undefined ? [] : [index]))
      let readTo = -1
      for (const mark of marks) {
        for (let at = mark; at >= 0 && at > mark - lookback; at--) {
          const entry = kept.get(hashes[at] ?? '')
          if (entry === undefined || entry.until < now || at <= readTo) continue
          entry.until = now + entry.life
          readTo = at
          break
        }
      }
      const read = sizes[readTo] ?? 0
      let [written, writtenLong, upTo] = [0, 0, read]
      for (const mark of marks) {
        const whole = sizes[mark] ?? 0
        if (whole < minimum) continue
        const isLong = blocks[mark]?.mark === '1h'
        const life = isLong ? hour : fiveMinutes
        kept.set(hashes[mark] ?? '', { until: now + life, life })
        if (whole <= upTo) continue
        if (isLong) writtenLong += whole - upTo
        else written += whole - upTo
        upTo = whole
      }
      return { input: size, read, written, writtenLong, marks: marks.length }
    },
  }
}

const chatOrder = ['tools', 'messages']
const responsesOrder = ['tools', 'instructions', 'input']
const step = 128

/** Keeps every prefix, in steps of 128 tokens. */
const createAutomaticCache = (minimum: number) => {
  const kept = new Map<string, number>()
  return {
    clear: () => kept.clear(),
    ask(body: Json, order: readonly string[], now: number): Told {
      const prompt = promptOf(body, order)
      const input = tokensOf(prompt)
      let [hash, read, isKept] = [String(body['model']), 0, true]
      for (let tokens = step; tokens <= input; tokens += step) {
        hash = digest(hash, prompt.slice((tokens - step) * 4, tokens * 4))
        isKept &&= (kept.get(hash) ?? Number.NEGATIVE_INFINITY) >= now
        if (isKept && tokens >= minimum) read = tokens
        kept.set(hash, now + fiveMinutes)
      }
      return { input, read, written: 0, writtenLong: 0, marks: 0 }
    },
  }
}

/** The end of a list is not part of it: another item may follow. */
const promptOf = (body: Json, order: readonly string[]): string =>
  order
    .map((key) => {
      const value = body[key]
      return Array.isArray(value)
        ? value.map((item) => JSON.stringify(item)).join('\n')
        : JSON.stringify(value)
    })
    .filter((text) => text !== undefined)
    .join('\n\n')

const messagesReply = (script: ScriptedAnswer, model: string, usage: object, stream: boolean): Response => {
  if (stream) return messagesAnswer(script, model, usage)
  const { id, text, calls } = script
  return Response.json({
    id: `msg_${id}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [
      { type: 'text', text },
      ...calls.map(({ name, input }, index) => ({
        type: 'tool_use',
        id: `toolu_${id}_${index}`,
        name,
        input: JSON.parse(input),
      })),
    ],
    stop_reason: calls.length > 0 ? 'tool_use' : 'end_turn',
    stop_sequence: null,
    usage,
  })
}

const chatReply = (
  script: ScriptedAnswer,
  model: string,
  { input, read }: Told,
  stream: boolean,
): Response => {
  const usage = {
    prompt_tokens: input,
    completion_tokens: 9,
    total_tokens: input + 9,
    prompt_tokens_details: { cached_tokens: read },
  }
  if (stream) return chatAnswer(script, model, usage)
  const { id, text, calls } = script
  return Response.json({
    id: `chatcmpl-${id}`,
    object: 'chat.completion',
    created: 1,
    model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text,
          ...(calls.length === 0
            ? {}
            : {
                tool_calls: calls.map(({ name, input: given }, index) => ({
                  id: `call_${id}_${index}`,
                  type: 'function',
                  function: { name, arguments: given },
                })),
              }),
        },
        finish_reason: calls.length > 0 ? 'tool_calls' : 'stop',
      },
    ],
    usage,
  })
}
