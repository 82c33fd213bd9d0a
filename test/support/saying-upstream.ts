import {
  type Finish,
  type GenerateRequest,
  type GenerateResponse,
  type Part,
  type ProtocolId,
  replay,
  type Usage,
} from '../../src/ir/index.ts'
import type { WireRequest } from '../../src/protocols/index.ts'
import { formatFrame } from '../../src/wire/index.ts'
import { generateCodec } from './mirror-upstream.ts'
import { type Seen, startUpstream, type TestUpstream } from './upstream.ts'

export interface Said {
  readonly parts: readonly Part[]
  readonly finish?: Finish
  /** What it reports; default the same for every answer. */
  readonly usage?: Usage
}

export interface SayingUpstream extends TestUpstream {
  /** What the model says to a request; may take its time, or answer with an error of its own. */
  say: (request: GenerateRequest, calls: number) => Said | Response | Promise<Said | Response>
  /** Told how many bytes of a stream are out: holds the rest back until it resolves. */
  hold: (() => Promise<void>) | undefined
}

export const sayingProviders: Readonly<Record<string, ProtocolId>> = {
  chat: 'openai-chat',
  responses: 'openai-responses',
  'anthropic-like': 'anthropic-messages',
  'google-like': 'gemini',
}

/** A provider of all protocols, below `/<provider>`, that says what the test wants it to say, whole or streamed. */
export const startSaying = (): SayingUpstream => {
  const upstream = startUpstream()
  const saying: SayingUpstream = {
    ...upstream,
    seen: upstream.seen,
    say: (_request, calls) => ({ parts: [{ type: 'text', text: `answer ${calls}` }] }),
    hold: undefined,
  }
  upstream.answer = (seen) => answer(saying, seen)
  return saying
}

const answer = async (saying: SayingUpstream, seen: Seen): Promise<Response> => {
  const [, provider = '', ...rest] = seen.path.split('/')
  const protocol = sayingProviders[provider] ?? 'gemini'
  const path = `/${rest.join('/')}`
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
  const said = await saying.say(request, saying.seen.length)
  if (said instanceof Response) return said
  const response: GenerateResponse = {
    protocol,
    id: `answer_${saying.seen.length}`,
    model: 'm-1',
    created: 1,
    choices: [{ index: 0, parts: said.parts, finish: said.finish ?? { reason: 'end' } }],
    usage: said.usage ?? { inputTokens: 11, outputTokens: 7 },
  }
  const reply = { request, headers: wire.headers, id: `answer_${saying.seen.length}`, now: 1 }
  if (!request.stream && !path.includes(':streamGenerateContent'))
    return new Response(codec.encodeResponse(response, reply).body, {
      headers: { 'content-type': 'application/json' },
    })
  const encoder = codec.streamEncoder(reply)
  const frames = [
    ...replay(response).flatMap((event) =>
      event.type === 'text-delta'
        ? (event.text.match(/[\s\S]{1,4}/g) ?? []).flatMap((text) => encoder.push({ ...event, text }))
        : encoder.push(event),
    ),
    ...encoder.end(),
  ]
  const text = frames.map(formatFrame)
  const { hold } = saying
  const bytes = new TextEncoder()
  return new Response(
    new ReadableStream({
      async start(controller) {
        const middle = Math.ceil(text.length / 2)
        controller.enqueue(bytes.encode(text.slice(0, middle).join('')))
        if (hold !== undefined) await hold()
        try {
          controller.enqueue(bytes.encode(text.slice(middle).join('')))
          controller.close()
        } catch {
          // Whoever asked has left.
        }
      },
    }),
    { headers: { 'content-type': 'text/event-stream' } },
  )
}
