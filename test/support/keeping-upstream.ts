import { type JsonObject, replay, type StreamEvent } from '../../src/ir/index.ts'
import { formatFrame, type SseFrame } from '../../src/wire/index.ts'
import { generateCodec } from './mirror-upstream.ts'
import { pieces, type Seen, startUpstream, type TestUpstream } from './upstream.ts'

interface Item extends JsonObject {
  readonly id: string
}

interface Kept {
  readonly input: readonly Item[]
  readonly response: JsonObject
  readonly frames: readonly SseFrame[]
}

export interface KeepingUpstream extends Omit<TestUpstream, 'answer'> {
  /** Of all that it knows of a conversation, what the model answers. */
  say: (known: string) => { readonly text: string; readonly input: JsonObject }
  /** Bytes of a stream's pieces. */
  cut: number
  readonly last: () => string
}

/**
 * A provider of the Responses API that keeps what it is told: answers and conversations are continued, asked for again,
 * whole, streamed from any place and as items, and written in the background, where they are done at the second look.
 */
export const startKeeping = (): KeepingUpstream => {
  const upstream = startUpstream()
  const answers = new Map<string, Kept>()
  const talks = new Map<string, Item[]>()
  const looks = new Map<string, number>()
  let made = 0
  const name = (kind: string): string => `${kind}_${(++made).toString().padStart(8, '0')}`
  const keeping: KeepingUpstream = {
    ...upstream,
    seen: upstream.seen,
    say: (known) => ({ text: known, input: {} }),
    cut: 50,
    last: () => new TextDecoder().decode(upstream.seen.at(-1)?.body),
  }

  const itemsOf = (input: unknown): readonly Item[] => {
    const list: readonly JsonObject[] =
      typeof input === 'string'
        ? [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: input }] }]
        : Array.isArray(input)
          ? input
          : []
    return list.map((item) => ({ id: name('msg'), ...item }))
  }

  const create = (body: JsonObject): Response => {
    const before = [
      ...historyOf(answers, body['previous_response_id']),
      ...(talks.get(String(body['conversation'])) ?? []),
    ]
    const input = itemsOf(body['input'])
    const known = JSON.stringify([body['instructions'] ?? null, ...before, ...input])
    const words = keeping.say(known)
    const id = name('resp')
    const output: readonly Item[] = [
      {
        id: name('msg'),
        type: 'message',
        status: 'completed',
        role: 'assistant',
        content: [{ type: 'output_text', text: words.text, annotations: [], logprobs: [] }],
      },
      {
        id: name('fc'),
        type: 'function_call',
        status: 'completed',
        call_id: name('call'),
        name: 'write_file',
        arguments: JSON.stringify(words.input),
      },
    ]
    const response: JsonObject = {
      id,
      object: 'response',
      created_at: 1_700_000_000,
      status: 'completed',
      background: body['background'] === true,
      error: null,
      incomplete_details: null,
      instructions: body['instructions'] ?? null,
      max_output_tokens: null,
      model: 'm',
      output,
      parallel_tool_calls: true,
      previous_response_id: body['previous_response_id'] ?? null,
      ...(body['conversation'] === undefined ? {} : { conversation: { id: body['conversation'] } }),
      store: body['store'] !== false,
      temperature: 1.0,
      tool_choice: 'auto',
      tools: [],
      usage: {
        input_tokens: 5,
        input_tokens_details: { cached_tokens: 0 },
        output_tokens: 5,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: 10,
      },
      metadata: {},
    }
    const kept = { input: [...before, ...input], response, frames: framesOf(response) }
    if (body['store'] !== false) answers.set(id, kept)
    talks.get(String(body['conversation']))?.push(...input, ...output)
    if (body['stream'] === true) return streamed(kept.frames)
    return Response.json(body['background'] === true ? unfinished(response, 'queued') : response)
  }

  const streamed = (frames: readonly SseFrame[]): Response => {
    const bytes = new TextEncoder().encode(frames.map(formatFrame).join(''))
    return new Response(pieces(bytes, keeping.cut), { headers: { 'content-type': 'text/event-stream' } })
  }

  upstream.answer = (seen: Seen) => {
    const [, , , kind = '', id = '', part] = seen.path.split('/')
    const body: JsonObject = seen.body.byteLength === 0 ? {} : JSON.parse(new TextDecoder().decode(seen.body))
    if (kind === 'conversations' && id === '') {
      const talk = name('conv')
      talks.set(talk, [...itemsOf(body['items'])])
      return Response.json({ id: talk, object: 'conversation', created_at: 1, metadata: {} })
    }
    if (kind === 'conversations') {
      const items = talks.get(id)
      if (items === undefined) return missing()
      if (part === undefined)
        return Response.json({ id, object: 'conversation', created_at: 1, metadata: {} })
      const added = itemsOf(body['items'])
      items.push(...added)
      return list(seen.method === 'POST' ? added : items)
    }
    if (id === '') return create(body)
    const kept = answers.get(id)
    if (kept === undefined) return missing()
    const { response, input, frames } = kept
    if (seen.method === 'DELETE') {
      answers.delete(id)
      return Response.json({ id, object: 'response', deleted: true })
    }
    if (part === 'input_items') return list(input)
    if (part === 'cancel') return Response.json({ ...response, status: 'cancelled' })
    const query = new URLSearchParams(seen.query)
    if (query.get('stream') === 'true') {
      const after = Number(query.get('starting_after') ?? -1)
      return streamed(frames.filter((frame) => numberOf(frame) > after))
    }
    const look = (looks.get(id) ?? 0) + 1
    looks.set(id, look)
    return Response.json(
      response['background'] === true && look === 1 ? unfinished(response, 'in_progress') : response,
    )
  }
  return keeping
}

export const numberOf = ({ data }: SseFrame): number => Number(JSON.parse(data).sequence_number)

const historyOf = (answers: ReadonlyMap<string, Kept>, id: unknown): readonly Item[] => {
  const kept = answers.get(String(id))
  const output = kept?.response['output']
  return kept === undefined ? [] : [...kept.input, ...(Array.isArray(output) ? (output as Item[]) : [])]
}

const unfinished = (response: JsonObject, status: string): JsonObject => ({
  ...response,
  status,
  output: [],
  usage: null,
})

const list = (items: readonly Item[]): Response =>
  Response.json({
    object: 'list',
    data: items,
    first_id: items[0]?.id ?? null,
    last_id: items.at(-1)?.id ?? null,
    has_more: false,
  })

const missing = (): Response =>
  Response.json(
    { error: { message: 'not found', type: 'invalid_request_error', param: null, code: null } },
    { status: 404 },
  )

/** As models say it: a few characters at a time. */
const framesOf = (response: JsonObject): readonly SseFrame[] => {
  const codec = generateCodec('openai-responses')
  const body = new TextEncoder().encode(JSON.stringify(response))
  const decoded = codec.decodeResponse({ status: 200, headers: new Headers(), body })
  const encoder = codec.streamEncoder({
    request: {
      ...{ protocol: 'openai-responses', model: 'm', stream: true, turns: [], tools: [], sampling: {} },
    },
    headers: new Headers(),
    id: 'x',
    now: 1,
  })
  return [
    ...replay(decoded)
      .flatMap(cutDeltas)
      .flatMap((event) => encoder.push(event)),
    ...encoder.end(),
  ]
}

const cutDeltas = (event: StreamEvent): readonly StreamEvent[] => {
  if (event.type === 'text-delta') return slices(event.text).map((text) => ({ ...event, text }))
  if (event.type === 'tool-call-delta') return slices(event.input).map((input) => ({ ...event, input }))
  return [event]
}

const slices = (text: string): readonly string[] => text.match(/[\s\S]{1,5}/g) ?? ['']
