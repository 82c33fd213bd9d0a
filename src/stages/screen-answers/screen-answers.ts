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
import { type BodyStream, isWhole, type Reply, type Stage, type WholeReply } from '../../pipeline/index.ts'
import type { GenerateCodec, ReplyContext } from '../../protocols/index.ts'
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
import { clientFraming, passingContext, replyContext, type Translated } from '../translate/index.ts'
import { decoded } from '../upstream/index.ts'
import { type AnswerLook, lookWith } from './answer-look.ts'
import { mappedBlocks } from './mapped-blocks.ts'
import { restoredFrames } from './restored-frames.ts'
import { RewrittenStream } from './rewritten-stream.ts'
import { screenedAnswer } from './screened-answer.ts'
import { ScreenedBlocks } from './screened-blocks.ts'
import { screenedItems } from './screened-items.ts'

type Asked = AttemptExchange & Translated

/**
 * Does to a provider's own answer what the firewall asks for; a translated one has it done on its way. Behind that,
 * sidecars judge every answer as the client would get it. What the firewall does not change goes back as it came, byte
 * for byte.
 *
 * Where the provider keeps answers, they may come back again and again, whole, streamed from any place, or as items of
 * a list. So of such a protocol values are put back into whatever JSON it answers with, and streams keep the numbers
 * of their events.
 */
export const screenAnswers = (): Stage<Asked> => ({
  name: 'screen-answers',
  async run(exchange, next) {
    const { protocol, screen, translation } = exchange
    const codec = protocol.generate
    if (codec === undefined) return next({})
    if (isResumed(exchange) && screen.isActing) throw notFromTheMiddle()
    const reply = await next({})
    const own = translation === undefined ? await screenedOwn(exchange, codec, reply) : reply
    return gated(exchange, codec, own)
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

/** A stream that begins in its middle. */
const isResumed = ({ operation, request }: Asked): boolean =>
  operation === 'retrieve-response' && request.query.has('starting_after')

const notFromTheMiddle = (): GatewayError =>
  new GatewayError(
    'gateway_request_invalid',
    'the firewall looks at whole answers, so a stream cannot go on in its middle: leave out `starting_after`',
    { param: 'starting_after' },
  )

const screenedOwn = async (exchange: Asked, codec: GenerateCodec, reply: Reply): Promise<Reply> => {
  const { protocol, screen } = exchange
  const { isActing } = screen
  const keeps = protocol.sessions !== undefined
  const machines = () => (keeps ? screen.watchers() : screen.machines())
  // Each answer has its own; most replies hold one, which gets those that tell whether there are any.
  let unused: ReturnType<typeof machines> | undefined = machines()
  const looks = unused.length > 0
  // Where values come back by themselves, those that look at an answer may still change nothing.
  const isWatching = keeps ? !isActing : screen.isWatching
  const look = (): AnswerLook => {
    const chain = unused ?? machines()
    unused = undefined
    return lookWith(eventChain(chain))
  }
  const seen = looks ? await screened(exchange, { codec, look, isWatching, isActing }, reply) : reply
  return keeps && screen.map.restores && seen.status < 400 ? restored(screen.map, seen) : seen
}

const gated = async (exchange: Asked, codec: GenerateCodec, reply: Reply): Promise<Reply> => {
  const { screen, session, translation } = exchange
  const gate = screen.gate()
  if (gate === undefined) return reply
  const isActing = screen.isGated
  const draft = isActing && translation !== undefined ? session?.draft : undefined
  const screening = { codec: draft?.watch(codec) ?? codec, look: () => gate, isWatching: !isActing, isActing }
  return screened(exchange, { ...screening, isKept: draft !== undefined }, reply)
}

interface Screening {
  readonly codec: GenerateCodec
  /** For one answer. */
  readonly look: () => AnswerLook
  /** Nothing is changed. */
  readonly isWatching: boolean
  /** What nobody can look at is not to go on. */
  readonly isActing: boolean
  /** The gateway keeps the answer as the codec writes it, so all of it is written. */
  readonly isKept?: boolean
}

const screened = async (exchange: Asked, screening: Screening, reply: Reply): Promise<Reply> => {
  const { operation } = exchange
  if (reply.status >= 400) return reply
  if (itemLists.has(operation))
    return screening.isActing && isWhole(reply) ? screenedList(exchange, screening, reply) : reply
  if (!answers.has(operation) || isResumed(exchange)) return reply
  if (!isWhole(reply)) return { ...reply, body: screenedBody(exchange, screening, reply.body) }
  return isStreamed(exchange, reply)
    ? screenedStreamed(exchange, screening, reply)
    : screenedWhole(exchange, screening, reply)
}

const restored = (map: PlaceholderMap, reply: Reply): Reply => {
  if (!isWhole(reply))
    return { ...reply, body: new RewrittenStream(reply.body, mappedBlocks(restoredFrames(map))) }
  const readable = decoded(reply.body, reply.headers.get('content-encoding'))
  if (readable === undefined) return reply
  const before = new TextDecoder().decode(readable)
  const text = restoreDocument(before, map)
  return text === before ? reply : said(reply, text)
}

/** What is answered: kept answers are asked for by their name alone, and say themselves what they answer. */
const askedOf = (
  { operation, protocol, request, screen, session, translation }: Asked,
  codec: GenerateCodec,
): GenerateRequest =>
  operation === 'generate'
    ? {
        ...codec.decodeRequest(screen.original ?? request),
        ...(translation === undefined ? {} : session?.echoed),
      }
    : { protocol: protocol.id, model: '', stream: false, turns: [], tools: [], sampling: {} }

const contextOf = (exchange: Asked, codec: GenerateCodec): ReplyContext =>
  (exchange.translation === undefined ? passingContext : replyContext)(exchange, askedOf(exchange, codec))

const screenedBody = (
  exchange: Asked,
  { codec, look, isWatching, isActing, isKept = false }: Screening,
  inner: BodyStream,
): RewrittenStream => {
  const isArray = clientFraming(exchange) === 'json-array'
  const blocks = new ScreenedBlocks({
    cut: (outputTokens) => void inner.cut?.(outputTokens),
    splitter: isArray ? jsonArraySplitter() : frameSplitter(),
    parse: isArray ? parseElement : parseFrame,
    isArray,
    framer: isArray ? arrayFramer() : sseFramer(),
    decoder: codec.streamDecoder(),
    encoder: isWatching ? mute : codec.streamEncoder(contextOf(exchange, codec)),
    look: look(),
    isWatching,
    mustSee: isActing,
    isWriting: isKept,
  })
  return new RewrittenStream(inner, blocks)
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

/** Who only watches writes nothing. */
const mute: Machine<StreamEvent, SseFrame> = { push: () => [], end: () => [] }

/** What cannot be read is no answer of the protocol, and holds nothing that was said. */
const screenedWhole = async (
  exchange: Asked,
  { codec, look, isWatching, isActing, isKept = false }: Screening,
  reply: WholeReply,
): Promise<Reply> => {
  const { headers, body, status, outcome } = reply
  if (outcome.result !== 'success') return reply
  const readable = decoded(body, headers.get('content-encoding'))
  if (readable === undefined) {
    if (isActing) throw unreadable()
    return reply
  }
  let answer: GenerateResponse
  try {
    answer = codec.decodeResponse({ status, headers, body: readable })
  } catch (error) {
    if (isActing) throw unreadable()
    if (error instanceof GatewayError || error instanceof SyntaxError) return reply
    throw error
  }
  const { isChanged, response, error } = await screenedAnswer(look(), answer)
  if (isWatching || !(isChanged || isKept)) return reply
  if (error !== undefined) return refused(exchange, reply, error)
  const encoded = codec.encodeResponse(response, contextOf(exchange, codec))
  return said(reply, encoded.body)
}

/** Words of the model that the provider kept as items, where the firewall may change what models say. */
const screenedList = async (
  exchange: Asked,
  { codec, look }: Screening,
  reply: WholeReply,
): Promise<Reply> => {
  const { headers, body, status } = reply
  const readable = decoded(body, headers.get('content-encoding'))
  if (readable === undefined) throw unreadable()
  const context = contextOf(exchange, codec)
  const screened = await screenedItems(parseAnswer(readable), {
    decode: (response) =>
      codec.decodeResponse({ status, headers, body: new TextEncoder().encode(JSON.stringify(response)) }),
    encode: (response) => JSON.parse(codec.encodeResponse(response, context).body),
    screen: (answer) => screenedAnswer(look(), answer),
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
