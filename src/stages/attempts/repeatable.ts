import type { Catalog } from '../../catalog/index.ts'
import type { GenerateRequest, Operation, ProtocolId } from '../../ir/index.ts'
import { toolsRunAt } from '../../translation/index.ts'
import type { Target } from '../match/index.ts'
import type { AnsweredExchange } from './attempt.ts'

/** Whom a request was sent to, or is about to be. */
export interface Addressee {
  readonly target: Target
  /** What it is spoken to in; only its own state is kept there, a translation asks for none. */
  readonly protocol: ProtocolId
}

/**
 * May the request be sent again after this provider has had it? Not where it may have left something behind: a stored
 * or background answer, or what a tool of the provider did. Agents offer such tools in every request; what counts is
 * whether this provider was offered one and runs it.
 */
export const isRepeatable = (
  catalog: Pick<Catalog, 'capabilities' | 'knownServerTools'>,
  exchange: AnsweredExchange,
  addressee: Addressee,
): boolean => {
  if (exchange.operation !== 'generate') return harmless.has(exchange.operation)
  const asked = forgotten(exchange, addressee.protocol)
  return asked !== undefined && !runsTools(catalog, exchange, asked, addressee)
}

/** Was the provider offered a tool that it runs itself, as often as it likes? */
export const runsTools = (
  catalog: Pick<Catalog, 'capabilities' | 'knownServerTools'>,
  { protocol: client, identity }: AnsweredExchange,
  asked: GenerateRequest,
  { target, protocol }: Addressee,
): boolean => {
  const { provider, model } = target
  const reader = {
    protocol,
    provider: provider.id,
    // Whose it is decides about reasoning state, not about tools.
    credential: '',
    model,
    capabilities: catalog.capabilities(provider.kind, protocol, model),
  }
  const offered = toolsRunAt(asked, reader, identity.tenant.organisation)
  if (client.id !== protocol) return offered.length > 0
  // The client's own bytes go out, so a tool that the provider lacks stands in them as well.
  const known = catalog.knownServerTools(provider.kind, protocol, model)
  return offered.some((tool) => known === undefined || tool === 'other' || known.includes(tool))
}

/** May it go once more without reasoning state? It was turned away unread, so tools of the provider did not run. */
export const goesWithoutState = (exchange: AnsweredExchange, upstream: ProtocolId): boolean =>
  exchange.operation === 'generate' && forgotten(exchange, upstream) !== undefined

/** What is asked, if the provider keeps nothing of it. */
const forgotten = (
  { protocol, request, facts }: AnsweredExchange,
  upstream: ProtocolId,
): GenerateRequest | undefined => {
  if (facts.answerIsState === true) return undefined
  const asked = protocol.generate?.decodeRequest(request)
  const isOwn = protocol.id === upstream
  return asked === undefined || (isOwn && isKept(asked)) ? undefined : asked
}

/** Responses are stored unless the client says otherwise, chat completions only if it says so. */
const isKept = ({ protocol, store, background }: GenerateRequest): boolean =>
  background === true || (protocol === 'openai-responses' ? store !== false : store === true)

const harmless: ReadonlySet<Operation> = new Set<Operation>([
  'count-tokens',
  'embed',
  'retrieve-response',
  'list-input-items',
  'get-conversation',
  'list-conversation-items',
  'get-conversation-item',
])
