import { GatewayError } from '../../errors.ts'
import { type PlaceholderMap, restoreDocument } from '../../firewall/index.ts'
import type {
  CanonicalError,
  GenerateRequest,
  GenerateResponse,
  JsonValue,
  Operation,
  StreamEvent,
} from '../../ir/index.ts'
import { isWhole, type Reply, type Stage, type WholeReply } from '../../pipeline/index.ts'
import type { GenerateCodec } from '../../protocols/index.ts'
import { arrayFramer, eventChain, sseFramer } from '../../translation/index.ts'
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
import { MappedStream } from './mapped-stream.ts'
import { restoredFrames } from './restored-frames.ts'
import { screenedAnswer } from './screened-answer.ts'
import { screenedItems } from './screened-items.ts'
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
    const seen = itemLists.has(operation)
      ? screen.isActing
        ? screenedList(exchange, codec, reply)
        : reply
      : machines.length === 0 || isResumed
        ? reply
        : screenReply(exchange, codec, machines, reply)
    return keeps && screen.map.restores ? restored(screen.map, seen) : seen
  },
})

/** What they answer with is what a model said. */
const answers: ReadonlySet<Operation> = new Set(['generate', 'retrieve-response', 'cancel-response'])

/** They answer with items, of which a model said some. */
const itemLists: ReadonlySet<Operation> = new Set([
  'list-input-items',
  'list-conversation-items',
  'create-conversation-items',
  'get-conversation-item',
])

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
  const readable = decoded(reply.body, reply.headers.get('content-encoding'))
  if (readable === undefined) return reply
  const before = new TextDecoder().decode(readable)
  const text = restoreDocument(before, map)
  return text === before ? reply : said(reply, text)
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
  return {
    ...reply,
    body: new ScreenedStream({
      inner: reply.body,
      splitter: isArray ? jsonArraySplitter() : frameSplitter(),
      parse: isArray ? parseElement : parseFrame,
      isArray,
      framer: isArray ? arrayFramer() : sseFramer(),
      decoder: codec.streamDecoder(),
      encoder: isWatching(exchange) ? mute : encoderOf(exchange, codec),
      chain,
      isWatching: isWatching(exchange),
      mustSee: exchange.screen.isActing,
    }),
  }
}

const encoderOf = (exchange: Asked, codec: GenerateCodec): Machine<StreamEvent, SseFrame> =>
  codec.streamEncoder(passingContext(exchange, askedOf(exchange, codec)))

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
  const { isChanged, response, error } = screenedAnswer(chain, answer)
  if (isWatching(exchange) || !isChanged) return reply
  if (error !== undefined) return refused(exchange, reply, error)
  const asked = askedOf(exchange, codec)
  const encoded = codec.encodeResponse(response, passingContext(exchange, asked))
  return said(reply, encoded.body)
}

/** Words of the model that the provider kept as items, where the firewall may change what models say. */
const screenedList = (exchange: Asked, codec: GenerateCodec, reply: Reply): Reply => {
  if (!isWhole(reply)) return reply
  const { headers, body, status } = reply
  const readable = decoded(body, headers.get('content-encoding'))
  if (readable === undefined) throw unreadable()
  const context = passingContext(exchange, askedOf(exchange, codec))
  const screened = screenedItems(parseAnswer(readable), {
    decode: (response) =>
      codec.decodeResponse({ status, headers, body: new TextEncoder().encode(JSON.stringify(response)) }),
    encode: (response) => JSON.parse(codec.encodeResponse(response, context).body),
    screen: (answer) => screenedAnswer(eventChain(exchange.screen.watchers()), answer),
  })
  if (screened === undefined) return reply
  return 'error' in screened
    ? refused(exchange, reply, screened.error)
    : said(reply, JSON.stringify(screened.body))
}

/** What is no JSON holds no items. */
const parseAnswer = (body: Uint8Array): JsonValue => {
  try {
    return JSON.parse(new TextDecoder().decode(body))
  } catch {
    return null
  }
}

/** The same reply in other words. */
const said = (reply: WholeReply, text: string): WholeReply => {
  const { headers, outcome } = reply
  const body = new TextEncoder().encode(text)
  headers.delete('content-encoding')
  headers.delete('content-length')
  return { ...reply, body, outcome: { ...outcome, responseBytes: body.byteLength } }
}

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
