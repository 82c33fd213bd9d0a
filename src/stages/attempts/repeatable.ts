import type { GenerateRequest, Operation, ProtocolId, ToolDefinition } from '../../ir/index.ts'
import type { AnsweredExchange } from './attempt.ts'

/**
 * May the request be sent again after a provider has had it? Not where it may have left something behind: a stored or
 * background answer, or what a tool of the provider did.
 * @param upstream the protocol that it was sent in; only its own state is kept there, a translation asks for none
 */
export const isRepeatable = (exchange: AnsweredExchange, upstream: ProtocolId): boolean => {
  if (exchange.operation !== 'generate') return harmless.has(exchange.operation)
  const asked = forgotten(exchange, upstream)
  return asked !== undefined && !asked.tools.some(runsAtProvider)
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

/** Does the provider act, and not the client? */
export const runsAtProvider = (tool: ToolDefinition): boolean =>
  tool.type === 'server' && !runByClient.has(tool.tool)

/** These have a schema of the provider's, and the client acts. */
const runByClient: ReadonlySet<string> = new Set(['shell', 'text-editor', 'computer', 'memory'])

const harmless: ReadonlySet<Operation> = new Set<Operation>([
  'count-tokens',
  'embed',
  'retrieve-response',
  'list-input-items',
  'get-conversation',
  'list-conversation-items',
  'get-conversation-item',
])
