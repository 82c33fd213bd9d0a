import type { GenerateRequest } from '../../ir/index.ts'
import type { GenerateCodec, ReplyContext } from '../../protocols/index.ts'
import { ownName, ownResponseId } from '../../sessions/index.ts'
import type { StreamFraming } from '../../translation/index.ts'
import type { AttemptExchange } from '../attempts/index.ts'

type Answering = Pick<AttemptExchange, 'protocol' | 'incoming' | 'id' | 'startedAt'>

/** What the client's codec must know to answer. */
export const replyContext = (exchange: Answering, asked: GenerateRequest): ReplyContext => ({
  request: asked,
  headers: exchange.incoming.headers,
  // An id that names state is the gateway's own, for only the gateway can keep what it names.
  ...(exchange.protocol.sessions === undefined
    ? { id: exchange.id }
    : { id: ownName(exchange.id), responseId: ownResponseId(exchange.id) }),
  now: Math.floor(exchange.startedAt / 1000),
})

/** The same where the provider's own answer goes on: what it calls itself stays. */
export const passingContext = (exchange: AttemptExchange, asked: GenerateRequest): ReplyContext => ({
  request: asked,
  headers: exchange.incoming.headers,
  id: exchange.id,
  now: Math.floor(exchange.startedAt / 1000),
})

/** Says the answer. Where it is kept, that is as it was said here, but for one that has to pass a gate first. */
export const sayingCodec = ({ session, screen }: AttemptExchange, codec: GenerateCodec): GenerateCodec =>
  screen.isGated ? codec : (session?.draft?.watch(codec) ?? codec)

/** Gemini clients that stream without `alt=sse` read a JSON array, errors included. */
export const clientFraming = ({
  protocol,
  facts,
  request,
}: Pick<AttemptExchange, 'protocol' | 'facts' | 'request'>): StreamFraming =>
  protocol.id === 'gemini' && facts.stream && request.query.get('alt') !== 'sse' ? 'json-array' : 'sse'
