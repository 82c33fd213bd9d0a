import { GatewayError } from '../../errors.ts'
import {
  type CanonicalError,
  collect,
  type GenerateResponse,
  replay,
  type StreamEvent,
} from '../../ir/index.ts'
import { isWhole, type Reply, type Stage, type WholeReply } from '../../pipeline/index.ts'
import type { GenerateCodec } from '../../protocols/index.ts'
import { eventChain } from '../../translation/index.ts'
import {
  frameSplitter,
  jsonArraySplitter,
  type Machine,
  parseElement,
  parseFrame,
  type SseFrame,
} from '../../wire/index.ts'
import type { AttemptExchange } from '../attempts/index.ts'
import { clientFraming, passingContext, type Translated } from '../translate/index.ts'
import { decoded } from '../upstream/index.ts'
import { arrayFramer, ScreenedStream, sseFramer } from './screened-stream.ts'

type Asked = AttemptExchange & Translated

/**
 * Does to a provider's own answer what the firewall asks for; a translated one has it done on its way. What the
 * firewall does not change goes back as it came, byte for byte.
 */
export const screenAnswers = (): Stage<Asked> => ({
  name: 'screen-answers',
  async run(exchange, next) {
    const codec = exchange.protocol.generate
    const machines =
      exchange.translation === undefined && codec !== undefined && exchange.operation === 'generate'
        ? exchange.screen.machines()
        : []
    const reply = await next({})
    if (codec === undefined || machines.length === 0 || reply.status >= 400) return reply
    const chain = eventChain(machines)
    return isWhole(reply)
      ? screenedWhole(exchange, codec, chain, reply)
      : screened(exchange, codec, chain, reply)
  },
})

const screened = (
  exchange: Asked,
  codec: GenerateCodec,
  chain: Machine<StreamEvent, StreamEvent>,
  reply: Exclude<Reply, WholeReply>,
): Reply => {
  const isArray = clientFraming(exchange) === 'json-array'
  return {
    ...reply,
    body: new ScreenedStream({
      inner: reply.body,
      splitter: isArray ? jsonArraySplitter() : frameSplitter(),
      parse: isArray ? parseElement : parseFrame,
      framer: isArray ? arrayFramer() : sseFramer,
      decoder: codec.streamDecoder(),
      encoder: exchange.screen.isWatching ? mute : encoderOf(exchange, codec),
      chain,
      isWatching: exchange.screen.isWatching,
    }),
  }
}

const encoderOf = (exchange: Asked, codec: GenerateCodec): Machine<StreamEvent, SseFrame> => {
  const asked = codec.decodeRequest(exchange.screen.original ?? exchange.request)
  return codec.streamEncoder(passingContext(exchange, asked))
}

/** Who only watches writes nothing. */
const mute: Machine<StreamEvent, SseFrame> = { push: () => [], end: () => [] }

/** What cannot be read is no answer of the protocol, and holds nothing that was said. */
const screenedWhole = (
  exchange: Asked,
  codec: GenerateCodec,
  chain: Machine<StreamEvent, StreamEvent>,
  reply: WholeReply,
): Reply => {
  const { headers, body, status, outcome } = reply
  if (outcome.result !== 'success') return reply
  const readable = decoded(body, headers.get('content-encoding'))
  if (readable === undefined) throw unreadable
  const answer = codec.decodeResponse({ status, headers, body: readable })
  let isChanged = false
  const events = replay(answer).flatMap((event) => {
    const said = chain.push(event)
    isChanged ||= said.length !== 1 || said[0] !== event
    return said
  })
  const left = chain.end()
  if (exchange.screen.isWatching || (!isChanged && left.length === 0)) return reply
  const { response, error } = collect(answer.protocol, [...events, ...left])
  if (error !== undefined) return refused(exchange, reply, error)
  const asked = codec.decodeRequest(exchange.screen.original ?? exchange.request)
  const encoded = codec.encodeResponse(unsourced(response, answer), passingContext(exchange, asked))
  const bytes = new TextEncoder().encode(encoded.body)
  headers.delete('content-encoding')
  headers.delete('content-length')
  return { ...reply, body: bytes, outcome: { ...outcome, responseBytes: bytes.byteLength } }
}

/** Source text says what was said before: only parts that nobody changed keep theirs. */
const unsourced = (
  { raw: _raw, ...response }: GenerateResponse,
  before: GenerateResponse,
): GenerateResponse => ({
  ...response,
  choices: response.choices.map(({ raw: _own, ...choice }, at) => ({
    ...choice,
    parts: choice.parts.map((part, place) => {
      if (Bun.deepEquals(part, before.choices[at]?.parts[place])) return part
      const { raw: _text, ...rest } = part
      return rest
    }),
  })),
})

/** The answer was paid for, and stays unsaid. */
const refused = (
  { protocol, id }: Asked,
  { outcome, headers }: WholeReply,
  error: CanonicalError,
): WholeReply => {
  const encoded = protocol.errors.encode(error, { requestId: id })
  const body = new TextEncoder().encode(encoded.body)
  for (const name of ['content-encoding', 'content-length']) headers.delete(name)
  for (const [name, value] of Object.entries(encoded.headers)) headers.set(name, value)
  if (error.code !== undefined) headers.set('x-tollgate-error', error.code)
  const { status } = encoded
  return {
    status,
    headers,
    body,
    outcome: { ...outcome, result: 'refused', status, error, responseBytes: body.byteLength },
  }
}

const unreadable = new GatewayError(
  'gateway_upstream_invalid',
  'the provider answered in an encoding that cannot be read, so its words cannot be looked at',
)
