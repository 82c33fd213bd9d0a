import { GatewayError } from '../../errors.ts'
import type { GenerateRequest } from '../../ir/index.ts'
import type { EncodedRequest, GenerateCodec, Protocol, WireResponse } from '../../protocols/index.ts'
import type { ReasoningRegistry, StateKeysOf } from '../../sessions/index.ts'
import {
  type FetchMedia,
  inlineMedia,
  type Losses,
  type Pass,
  recallReasoning,
  rememberReasoning,
  summaryAnswer,
  type TranslatedRequest,
  type TranslationTarget,
  translateEmbedding,
  translateRequest,
  wantsReasoning,
  wantsSummary,
} from '../../translation/index.ts'
import type { AttemptExchange } from '../attempts/index.ts'
import { withoutStore } from '../sessions/index.ts'
import { sayingCodec } from './client-reply.ts'

/** A request on its way to a provider of another protocol, and how its answer finds back. */
export type Translation = GenerateTranslation | PlainTranslation

interface AnyTranslation {
  /** The provider's protocol. */
  readonly upstream: Protocol
  readonly sent: EncodedRequest
  readonly losses: Losses
}

/** Its answer may stream, and echoes what was asked. */
export interface GenerateTranslation extends AnyTranslation, TranslatedRequest {
  readonly operation: 'generate'
  readonly upstreamCodec: GenerateCodec
  readonly clientCodec: GenerateCodec
  /** The provider may pause its answer, and goes on when it is asked to. */
  readonly mayPause: boolean
}

/** A count or vectors: one small answer, rewritten in one go. */
export interface PlainTranslation extends AnyTranslation {
  readonly operation: 'count-tokens' | 'embed'
  /** The client's body. Throws where the provider's is none of its protocol. */
  readonly answer: (wire: WireResponse) => string
}

export interface TranslationOfParts {
  readonly upstream: Protocol
  readonly target: TranslationTarget
  readonly losses: Losses
  readonly passes: readonly Pass[]
  readonly stateKeys: StateKeysOf
  readonly reasoning: Pick<ReasoningRegistry, 'find' | 'remember'>
  readonly fetchMedia: FetchMedia
}

/**
 * @throws GatewayError `gateway_translation_unsupported`, or what the client's decoder refuses
 */
export const translationOf = async (
  exchange: AttemptExchange,
  parts: TranslationOfParts,
): Promise<Translation> => {
  switch (exchange.operation) {
    case 'generate':
      return generation(exchange, parts)
    case 'count-tokens':
      return count(exchange, parts)
    case 'embed':
      return embedding(exchange, parts)
    default:
      throw unsupported(exchange, parts)
  }
}

const generation = async (
  exchange: AttemptExchange,
  parts: TranslationOfParts,
): Promise<GenerateTranslation> => {
  const { protocol, request, identity, session } = exchange
  const { original } = exchange.screen
  const { upstream, losses, target, passes, reasoning, stateKeys } = parts
  const { organisation } = identity.tenant
  const clientCodec = protocol.generate
  const upstreamCodec = upstream.generate
  if (clientCodec === undefined || upstreamCodec === undefined) throw unsupported(exchange, parts)
  const decoded = clientCodec.decodeRequest(request, { locations: true })
  const wanted = session?.draft === undefined ? decoded : withoutStore(decoded)
  const asked = await recallReasoning(await withMedia(exchange, wanted, parts), organisation, target, {
    registry: reasoning,
    keysOf: stateKeys,
  })
  const isCompacted = wantsSummary(asked, target)
  if (isCompacted && exchange.screen.isGated) throw unlooked()
  const translated = translateRequest(asked, {
    upstream: upstreamCodec,
    organisation,
    target,
    passes,
    losses,
  })
  // A copy's calls may be named as the client's own are; nobody goes on with them.
  const remembers = protocol.id === 'openai-chat' && wantsReasoning(target) && exchange.kind !== 'shadow'
  return {
    operation: 'generate',
    upstream,
    losses,
    upstreamCodec,
    clientCodec: sayingCodec(exchange, clientCodec),
    ...translated,
    mayPause: upstreamCodec.continueRequest !== undefined && offersServerTools(asked),
    // Answers echo what the client wrote, not what was fetched or remembered for it.
    asked: {
      ...(original === undefined ? decoded : clientCodec.decodeRequest(original)),
      ...session?.echoed,
    },
    answerMachines: () => [
      ...translated.answerMachines(),
      ...(remembers ? [rememberReasoning(reasoning, organisation)] : []),
      ...exchange.screen.machines(),
      // Last of all: it ends the words.
      ...(isCompacted ? [summaryAnswer(target, stateKeys(organisation).sign)] : []),
    ],
  }
}

/** Only tools that the provider runs make it pause. */
const offersServerTools = ({ tools, turns }: GenerateRequest): boolean =>
  [tools, ...turns.flatMap((turn) => (turn.tools === undefined ? [] : [turn.tools]))].some((some) =>
    some.some(({ type }) => type === 'server'),
  )

/** Sidecars look at what the client is given, where a summary is no words any more. */
const unlooked = (): GatewayError =>
  new GatewayError(
    'gateway_translation_unsupported',
    'this provider can only write a summary in words of its own, and a sidecar has to look at those, which a compaction hides',
  )

/** The bytes of media that the target does not fetch by itself. */
const withMedia = (
  { protocol, signal }: AttemptExchange,
  request: GenerateRequest,
  { target, fetchMedia }: TranslationOfParts,
): Promise<GenerateRequest> =>
  inlineMedia(request, {
    target,
    fetchMedia,
    signal,
    ...(protocol.generate === undefined ? {} : { fieldPath: protocol.generate.fieldPath }),
  }).catch((error: unknown) => {
    throw signal.aborted
      ? new GatewayError('gateway_client_gone', 'the client left while its media were fetched', {
          cause: error,
        })
      : error
  })

const count = async (exchange: AttemptExchange, parts: TranslationOfParts): Promise<PlainTranslation> => {
  const { protocol, request, identity } = exchange
  const { upstream, losses, target, passes } = parts
  const ours = protocol.countTokens
  const theirs = upstream.countTokens
  if (ours === undefined || theirs === undefined) throw unsupported(exchange, parts)
  const asked = await withMedia(exchange, ours.decodeRequest(request), parts)
  const { sent } = translateRequest(asked, {
    upstream: theirs,
    organisation: identity.tenant.organisation,
    target,
    passes,
    losses,
  })
  const answer = (wire: WireResponse): string => ours.encodeResponse(theirs.decodeResponse(wire))
  return { operation: 'count-tokens', upstream, losses, sent, answer }
}

const embedding = (exchange: AttemptExchange, parts: TranslationOfParts): PlainTranslation => {
  const { upstream, losses, target } = parts
  const ours = exchange.protocol.embed
  const theirs = upstream.embed
  if (ours === undefined || theirs === undefined) throw unsupported(exchange, parts)
  const request = ours.decodeRequest(exchange.request)
  const sent = translateEmbedding(request, { upstream: theirs, target, losses })
  const answer = (wire: WireResponse): string =>
    ours.encodeResponse(theirs.decodeResponse(wire, request), request)
  return { operation: 'embed', upstream, losses, sent, answer }
}

const unsupported = (
  { operation, protocol }: AttemptExchange,
  { upstream }: TranslationOfParts,
): GatewayError =>
  new GatewayError(
    'gateway_translation_unsupported',
    `${operation} has no translation from ${protocol.id} to ${upstream.id}`,
  )
