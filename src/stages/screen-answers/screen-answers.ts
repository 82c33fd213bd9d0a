import { GatewayError } from '../../errors.ts'
import { type PlaceholderMap, restoreDocument } from '../../firewall/index.ts'
import {
  type CanonicalError,
  collect,
  type GenerateRequest,
  type GenerateResponse,
  type Operation,
  replay,
  type StreamEvent,
} from '../../ir/index.ts'
import { isWhole, type Reply, type Stage, type WholeReply } from '../../pipeline/index.ts'
import type { GenerateCodec } from '../../protocols/index.ts'
import { arrayFramer, eventChain, sseFramer } from '../../translation/index.ts'
import { frameSplitter, jsonArraySplitter, type Machine, parseElement, parseFrame } from '../../wire/index.ts'
import type { AttemptExchange } from '../attempts/index.ts'
import { clientFraming, passingContext, type Translated } from '../translate/index.ts'
import { decoded } from '../upstream/index.ts'
import { MappedStream } from './mapped-stream.ts'
import { restoredFrames } from './restored-frames.ts'
import { ScreenedStream } from './screened-stream.ts'

type Asked = AttemptExchange & Translated

/**
 * Does to a provider's own answer what the firewall asks for; a translated one has it done on its way. What the
 * firewall does not change goes back as it came, byte for byte.
 *
 * Where the provider keeps answers, they may come back again and again, whole, streamed from any place, or as items of
 * a list. So of such a protocol values are put back into whatever JSON it answers with, and streams keep the numbers
 * of their events.
 */
export const screenAnswers = (): Stage<Asked> => ({
  name: 'screen-answers',
  async run(exchange, next) {
    const { protocol, operation, screen, translation } = exchange
    const codec = protocol.generate
    if (translation !== undefined || codec === undefined) return next({})
    const keeps = protocol.sessions !== undefined
    const isResumed = operation === 'retrieve-response' && exchange.request.query.has('starting_after')
    const machines = !answers.has(operation) ? [] : keeps ? screen.watchers() : screen.machines()
    if (isResumed && machines.length > 0 && screen.isActing) throw notFromTheMiddle()
    const reply = await next({})
    if (reply.status >= 400) return reply
    const screenedReply =
      machines.length === 0 || isResumed ? reply : screenReply(exchange, codec, machines, reply)
    return keeps && screen.map.restores ? restored(screen.map, screenedReply) : screenedReply
  },
})

/** What they answer with is what a model said. */
const answers: ReadonlySet<Operation> = new Set(['generate', 'retrieve-response', 'cancel-response'])

const notFromTheMiddle = (): GatewayError =>
  new GatewayError(
    'gateway_request_invalid',
    'the firewall looks at whole answers, so a stream cannot go on in its middle: leave out `starting_after`',
    { param: 'starting_after' },
  )

const screenReply = (
  exchange: Asked,
  codec: GenerateCodec,
  machines: readonly Machine<StreamEvent, StreamEvent>[],
  reply: Reply,
): Reply => {
  const chain = eventChain(machines)
  return isWhole(reply)
    ? screenedWhole(exchange, codec, chain, reply)
    : screened(exchange, codec, chain, reply)
}

const restored = (map: PlaceholderMap, reply: Reply): Reply => {
  if (!isWhole(reply)) return { ...reply, body: new MappedStream(reply.body, restoredFrames(map)) }
  const { headers, body, outcome } = reply
  const readable = decoded(body, headers.get('content-encoding'))
  if (readable === undefined) return reply
  const said = new TextDecoder().decode(readable)
  const text = restoreDocument(said, map)
  if (text === said) return reply
  const bytes = new TextEncoder().encode(text)
  headers.delete('content-encoding')
  headers.delete('content-length')
  return { ...reply, body: bytes, outcome: { ...outcome, responseBytes: bytes.byteLength } }
}

/** What is answered: kept answers are asked for by their name alone, and say themselves what they answer. */
const askedOf = ({ operation, protocol, request, screen }: Asked, codec: GenerateCodec): GenerateRequest =>
  operation === 'generate'
    ? codec.decodeRequest(screen.original ?? request)
    : { protocol: protocol.id, model: '', stream: false, turns: [], tools: [], sampling: {} }

/** Nothing is changed: where values come back by themselves, those that look at an answer may still change nothing. */
const isWatching = ({ screen, protocol }: Asked): boolean =>
  protocol.sessions === undefined ? screen.isWatching : !screen.isActing

const screened = (
  exchange: Asked,
  codec: GenerateCodec,
  chain: Machine<StreamEvent, StreamEvent>,
  reply: Exclude<Reply, WholeReply>,
): Reply => {
  const isArray = clientFraming(exchange) === 'json-array'
  const asked = askedOf(exchange, codec)
  return {
    ...reply,
    body: new ScreenedStream({
      inner: reply.body,
      splitter: isArray ? jsonArraySplitter() : frameSplitter(),
      parse: isArray ? parseElement : parseFrame,
      isArray,
      framer: isArray ? arrayFramer() : sseFramer(),
      decoder: codec.streamDecoder(),
      encoder: codec.streamEncoder(passingContext(exchange, asked)),
      chain,
      isWatching: isWatching(exchange),
      mustSee: exchange.screen.isActing,
    }),
  }
}

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
  if (readable === undefined) {
    if (exchange.screen.isActing) throw unreadable()
    return reply
  }
  let answer: GenerateResponse
  try {
    answer = codec.decodeResponse({ status, headers, body: readable })
  } catch (error) {
    if (exchange.screen.isActing) throw unreadable()
    if (error instanceof GatewayError || error instanceof SyntaxError) return reply
    throw error
  }
  let isChanged = false
  const events = replay(answer).flatMap((event) => {
    const said = chain.push(event)
    isChanged ||= said.length !== 1 || said[0] !== event
    return said
  })
  const left = chain.end()
  if (isWatching(exchange) || (!isChanged && left.length === 0)) return reply
  const { response, error } = collect(answer.protocol, [...events, ...left])
  if (error !== undefined) return refused(exchange, reply, error)
  const asked = askedOf(exchange, codec)
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

const unreadable = (): GatewayError =>
  new GatewayError(
    'gateway_upstream_invalid',
    'the provider answered with something that cannot be read, so its words cannot be looked at',
  )
