import { type GenerateResponse, type ProtocolId, replay, type StreamEvent } from '../../src/ir/index.ts'
import { type GenerateCodec, protocols, type WireRequest } from '../../src/protocols/index.ts'
import { formatFrame } from '../../src/wire/index.ts'
import { pieces, type Seen, startUpstream, type TestUpstream } from './upstream.ts'

export const generateCodec = (protocol: ProtocolId): GenerateCodec => {
  const codec = protocols[protocol].generate
  if (codec === undefined) throw new Error(`${protocol} generates nothing`)
  return codec
}

/** What a mirror says: the model's words, as one text, and a tool call with them. */
export interface MirroredWords {
  readonly text: string
  readonly input: Readonly<Record<string, unknown>>
}

export interface MirrorUpstream extends TestUpstream {
  /** Of a request's text, what the model answers. */
  say: (request: string) => MirroredWords
  /** The tool that it calls. */
  call: string
  /** Bytes that a stream is cut into. */
  cut: number
  readonly last: () => string
}

/**
 * A provider of all protocols, below `/<protocol>`, that answers with the words of the request: what `say` makes of
 * it, as text and as arguments of a tool call, whole or streamed in small pieces.
 */
export const startMirror = (): MirrorUpstream => {
  const upstream = startUpstream()
  const mirror: MirrorUpstream = {
    ...upstream,
    seen: upstream.seen,
    answer: (seen) => mirrored(mirror, seen),
    say: (request) => ({ text: request, input: {} }),
    call: 'write_file',
    cut: 7,
    last: () => new TextDecoder().decode(upstream.seen.at(-1)?.body),
  }
  upstream.answer = (seen) => mirror.answer(seen)
  return mirror
}

const mirrored = (mirror: MirrorUpstream, seen: Seen): Response => {
  const [, prefix = '', ...rest] = seen.path.split('/')
  const protocol = protocolOf(prefix)
  const path = `/${rest.join('/')}`
  const text = new TextDecoder().decode(seen.body)
  if (path.includes('count_tokens') || path.includes(':countTokens')) {
    return Response.json({ input_tokens: 5, totalTokens: 5 })
  }
  if (path.includes('embeddings')) {
    return Response.json({
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: [0.5] }],
      model: 'm',
      usage: { prompt_tokens: 1, total_tokens: 1 },
    })
  }
  const codec = generateCodec(protocol)
  const wire: WireRequest = {
    method: 'POST',
    path,
    parameters: path.includes(':') ? { model: 'm' } : {},
    query: new URLSearchParams(seen.query),
    headers: new Headers(seen.headers),
    body: seen.body,
  }
  const request = codec.decodeRequest(wire)
  const words = mirror.say(text)
  const response: GenerateResponse = {
    protocol,
    id: 'answer_1',
    model: 'm',
    created: 1,
    choices: [
      {
        index: 0,
        parts: [
          { type: 'text', text: words.text },
          {
            type: 'tool-call',
            id: 'call_1',
            name: mirror.call,
            kind: 'function',
            input: JSON.stringify(words.input),
          },
        ],
        finish: { reason: 'tool-calls' },
      },
    ],
    usage: { inputTokens: 9, outputTokens: 9 },
  }
  const reply = { request, headers: wire.headers, id: 'answer_1', now: 1 }
  const isStream = request.stream || path.includes(':streamGenerateContent')
  if (!isStream) {
    return new Response(codec.encodeResponse(response, reply).body, {
      headers: { 'content-type': 'application/json' },
    })
  }
  const encoder = codec.streamEncoder(reply)
  const frames = [...cutDeltas(response).flatMap((event) => encoder.push(event)), ...encoder.end()]
  const bytes = new TextEncoder().encode(frames.map(formatFrame).join(''))
  return new Response(pieces(bytes, mirror.cut * 40), { headers: { 'content-type': 'text/event-stream' } })
}

/** Words come a few characters at a time, as models say them. */
const cutDeltas = (response: GenerateResponse): readonly StreamEvent[] =>
  replay(response).flatMap((event): readonly StreamEvent[] => {
    if (event.type === 'text-delta') return slices(event.text).map((text) => ({ ...event, text }))
    if (event.type === 'tool-call-delta') return slices(event.input).map((input) => ({ ...event, input }))
    return [event]
  })

const slices = (text: string): readonly string[] => text.match(/[\s\S]{1,5}/g) ?? ['']

const protocolOf = (prefix: string): ProtocolId => {
  switch (prefix) {
    case 'chat':
      return 'openai-chat'
    case 'responses':
      return 'openai-responses'
    case 'anthropic-like':
      return 'anthropic-messages'
    default:
      return 'gemini'
  }
}
