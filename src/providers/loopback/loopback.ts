import { GatewayError } from '../../errors.ts'
import { type GenerateRequest, type GenerateResponse, replay, type StreamEvent } from '../../ir/index.ts'
import type { GenerateCodec, ListedModel, Protocol, ReplyContext } from '../../protocols/index.ts'
import { encodeFrame } from '../../wire/index.ts'
import { canAnswer } from '../http-provider.ts'
import type { Provider, UpstreamCall, UpstreamReply } from '../provider.ts'
import { composeAnswer, countTokens } from './compose-answer.ts'
import { embedVectors } from './embed-vectors.ts'

export interface LoopbackParts {
  readonly id: string
  readonly protocols: readonly Protocol[]
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

const listed: readonly ListedModel[] = ['loopback', 'loopback-agent', 'loopback-embedding'].map((id) => ({
  id,
  provider: 'loopback',
  displayName: id,
  operations: id === 'loopback-embedding' ? ['embed'] : ['generate', 'count-tokens'],
  contextWindow: 1_000_000,
  maxOutputTokens: 100_000,
}))

/** Answers every protocol by itself, free and deterministic: to try an agent, or the gateway, without any key. */
export const loopback = (parts: LoopbackParts): Provider => {
  const protocolOf = (call: UpstreamCall): Protocol => {
    const protocol = parts.protocols.find((one) => one.id === call.protocol)
    if (protocol === undefined)
      throw new GatewayError('gateway_protocol_unsupported', `loopback does not speak ${call.protocol}`)
    return protocol
  }
  return {
    id: parts.id,
    kind: 'loopback',
    speaks: (_model, operation) =>
      operation === 'generate' || operation === 'embed' || operation === 'count-tokens'
        ? parts.protocols
            .filter((protocol) => canAnswer(protocol.id, operation))
            .map((protocol) => protocol.id)
        : [],
    serves: (model) => listed.some((one) => one.id === model),
    url: () => new URL('loopback:'),
    authorize() {},
    listedModels: () => listed.map((one) => ({ ...one, provider: parts.id })),
    streamUsage: 'ask',
    send(call) {
      const protocol = protocolOf(call)
      if (call.operation === 'embed') return Promise.resolve(embed(protocol, call))
      if (call.operation === 'count-tokens') return Promise.resolve(count(protocol, call))
      if (protocol.generate === undefined) throw unsupported(call)
      const decoded = {
        ...protocol.generate.decodeRequest(call.request),
        model: call.model,
        stream: call.stream,
      }
      if (!saysSomething(decoded)) throw nothingSaid()
      const reply: ReplyContext = {
        request: decoded,
        headers: call.request.headers,
        id: call.id,
        now: Math.floor(parts.now() / 1000),
      }
      const response = composeAnswer(decoded, call.id, Math.ceil(call.request.body.byteLength / 4))
      return Promise.resolve(
        call.stream
          ? streamed(protocol.generate, response, reply, call)
          : whole(protocol.generate, response, reply),
      )
    },
  }
}

/** Codecs carry what they cannot read, for a provider to refuse: here this one has to. */
const saysSomething = (request: GenerateRequest): boolean =>
  request.turns.some((turn) => turn.role !== 'system' && turn.parts.length > 0)

const nothingSaid = (): GatewayError =>
  new GatewayError('gateway_request_invalid', 'the request holds nothing to answer, send a message')

const unsupported = (call: UpstreamCall): GatewayError =>
  new GatewayError(
    'gateway_protocol_unsupported',
    `loopback does not serve ${call.operation} of ${call.protocol}`,
  )

const json = (body: string, headers: Readonly<Record<string, string>> = {}): UpstreamReply => ({
  status: 200,
  headers: new Headers({ 'content-type': 'application/json', ...headers }),
  body: new TextEncoder().encode(body),
})

const whole = (codec: GenerateCodec, response: GenerateResponse, reply: ReplyContext): UpstreamReply => {
  const encoded = codec.encodeResponse(response, reply)
  return json(encoded.body, encoded.headers)
}

const streamed = (
  codec: GenerateCodec,
  response: GenerateResponse,
  reply: ReplyContext,
  call: UpstreamCall,
): UpstreamReply => {
  const asArray = call.protocol === 'gemini' && call.query.get('alt') !== 'sse'
  const type = asArray ? 'application/json' : 'text/event-stream'
  return {
    status: 200,
    headers: new Headers({ 'content-type': type, 'cache-control': 'no-cache', 'x-accel-buffering': 'no' }),
    body: frames(codec, response, reply, asArray),
  }
}

async function* frames(
  codec: GenerateCodec,
  response: GenerateResponse,
  reply: ReplyContext,
  asArray: boolean,
): AsyncGenerator<Uint8Array> {
  const encoder = codec.streamEncoder(reply)
  const text = new TextEncoder()
  let separator = '['
  const write = (frame: { readonly event?: string; readonly data: string }): Uint8Array => {
    if (!asArray) return encodeFrame(frame)
    const element = text.encode(separator + frame.data)
    separator = ',\r\n'
    return element
  }
  for (const event of replay(response)) {
    for (const piece of pieces(event)) for (const frame of encoder.push(piece)) yield write(frame)
  }
  for (const frame of encoder.end()) yield write(frame)
  if (asArray) yield text.encode(separator === '[' ? '[]' : ']')
}

/** Text comes word by word, as from a model. */
const pieces = (event: StreamEvent): readonly StreamEvent[] => {
  if (event.type !== 'text-delta') return [event]
  return (event.text.match(/\S+\s*|\s+/g) ?? []).map((text) => ({ ...event, text }))
}

const count = (protocol: Protocol, call: UpstreamCall): UpstreamReply => {
  const codec = protocol.countTokens
  if (codec === undefined) throw unsupported(call)
  const request: GenerateRequest = codec.decodeRequest(call.request)
  const texts = request.turns.flatMap((turn) => turn.parts).map((part) => JSON.stringify(part))
  const tools = request.tools.map((tool) => JSON.stringify(tool))
  return json(codec.encodeResponse({ inputTokens: countTokens([...texts, ...tools].join('\n')) }))
}

const embed = (protocol: Protocol, call: UpstreamCall): UpstreamReply => {
  const codec = protocol.embed
  if (codec === undefined) throw unsupported(call)
  const request = { ...codec.decodeRequest(call.request), model: call.model }
  if (request.inputs.length === 0) throw nothingSaid()
  return json(codec.encodeResponse(embedVectors(request), request))
}
