import { GatewayError } from '../../errors.ts'
import type { AnswerGate } from '../../firewall/index.ts'
import {
  type CanonicalError,
  collect,
  type GenerateResponse,
  replay,
  type StreamEvent,
} from '../../ir/index.ts'
import { type BodyStream, isWhole, type Reply, type Stage, type WholeReply } from '../../pipeline/index.ts'
import type { GenerateCodec } from '../../protocols/index.ts'
import { eventChain } from '../../translation/index.ts'
import { frameSplitter, jsonArraySplitter, type Machine, parseElement, parseFrame } from '../../wire/index.ts'
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
    const codec = exchange.operation === 'generate' ? exchange.protocol.generate : undefined
    const machines = exchange.translation === undefined ? exchange.screen.machines() : []
    const reply = await next({})
    if (codec === undefined || reply.status >= 400) return reply
    const gate = exchange.screen.gate()
    if (machines.length === 0 && gate === undefined) return reply
    const screening = { codec, chain: eventChain(machines), gate }
    if (!isWhole(reply)) return screened(exchange, screening, reply)
    return isStreamed(exchange, reply)
      ? screenedStreamed(exchange, screening, reply)
      : screenedWhole(exchange, screening, reply)
  },
})

interface Screening {
  readonly codec: GenerateCodec
  readonly chain: Machine<StreamEvent, StreamEvent>
  readonly gate: AnswerGate | undefined
}

const screened = (exchange: Asked, screening: Screening, reply: Exclude<Reply, WholeReply>): Reply => ({
  ...reply,
  body: screenedBody(exchange, screening, reply.body),
})

const screenedBody = (
  exchange: Asked,
  { codec, chain, gate }: Screening,
  inner: BodyStream,
): ScreenedStream => {
  const isArray = clientFraming(exchange) === 'json-array'
  const asked = codec.decodeRequest(exchange.screen.original ?? exchange.request)
  return new ScreenedStream({
    inner,
    splitter: isArray ? jsonArraySplitter() : frameSplitter(),
    parse: isArray ? parseElement : parseFrame,
    framer: isArray ? arrayFramer() : sseFramer,
    decoder: codec.streamDecoder(),
    encoder: codec.streamEncoder(passingContext(exchange, asked)),
    chain,
    gate,
    isWatching: exchange.screen.isWatching,
  })
}

/** A translated answer that was known whole is written as the stream that the client asked for. */
const isStreamed = (exchange: Asked, { headers }: WholeReply): boolean =>
  exchange.translation !== undefined &&
  exchange.facts.stream &&
  (clientFraming(exchange) === 'json-array' ||
    headers.get('content-type')?.includes('text/event-stream') === true)

const screenedStreamed = async (
  exchange: Asked,
  screening: Screening,
  reply: WholeReply,
): Promise<WholeReply> => {
  const stream = screenedBody(exchange, screening, bodyOf(reply.body))
  const pieces: Uint8Array[] = []
  for (let piece = await stream.next(); piece !== undefined; piece = await stream.next()) pieces.push(piece)
  const body = Buffer.concat(pieces)
  return { ...reply, body, outcome: { ...reply.outcome, responseBytes: body.byteLength } }
}

/** All of it at once. */
const bodyOf = (bytes: Uint8Array): BodyStream => {
  let left: Uint8Array | undefined = bytes
  return {
    async next() {
      const piece = left
      left = undefined
      return piece
    },
    cancel: () => undefined,
    onSettle: () => undefined,
  }
}

/** What cannot be read is no answer of the protocol, and holds nothing that was said. */
const screenedWhole = async (
  exchange: Asked,
  { codec, chain, gate }: Screening,
  reply: WholeReply,
): Promise<Reply> => {
  const { headers, body, status, outcome } = reply
  if (outcome.result !== 'success') return reply
  const readable = decoded(body, headers.get('content-encoding'))
  if (readable === undefined) throw unreadable
  const answer = codec.decodeResponse({ status, headers, body: readable })
  const events = replay(answer)
  const chained = [...events.flatMap((event) => chain.push(event)), ...chain.end()]
  const said = gate === undefined ? chained : [...(await gate.pass(chained)), ...(await gate.end())]
  const isSame = said.length === events.length && said.every((event, at) => event === events[at])
  if (exchange.screen.isWatching || isSame) return reply
  const { response, error } = collect(answer.protocol, said)
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
