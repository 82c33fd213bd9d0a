import type { Exchange, Reply } from '../../pipeline/index.ts'
import { isOwnId } from '../../sessions/index.ts'
import {
  createConversation,
  createItems,
  deleteConversation,
  deleteItem,
  getConversation,
  getItem,
  listItems,
  updateConversation,
} from './conversation-operations.ts'
import type { LocalContext } from './local-context.ts'
import { cancelResponse, deleteResponse, listInputItems, retrieveResponse } from './response-operations.ts'
import type { SessionsParts } from './sessions.ts'

type Work = (context: LocalContext, id: string, item: string) => Promise<Reply>

const operations = new Map<string, Work>(
  Object.entries({
    'retrieve-response': retrieveResponse,
    'delete-response': deleteResponse,
    'cancel-response': cancelResponse,
    'list-input-items': listInputItems,
    'create-conversation': createConversation,
    'get-conversation': getConversation,
    'update-conversation': updateConversation,
    'delete-conversation': deleteConversation,
    'list-conversation-items': listItems,
    'create-conversation-items': createItems,
    'get-conversation-item': getItem,
    'delete-conversation-item': deleteItem,
  } satisfies Record<string, Work>),
)

/** Is it about something that is kept here, or will be? */
export const isAnsweredLocally = (
  { conversations, hasUpstream }: Pick<SessionsParts, 'conversations' | 'hasUpstream'>,
  exchange: Exchange,
): boolean => {
  const { operation, incoming } = exchange
  if (operation === 'create-conversation') {
    return (conversations === 'gateway' && incoming.pinnedProvider === undefined) || !hasUpstream(exchange)
  }
  return operations.has(operation) && isOwnId(incoming.parameters['id'] ?? '')
}

export const answerLocally = async (context: LocalContext): Promise<Reply> => {
  const { operation, incoming } = context.exchange
  const { id = '', item = '' } = incoming.parameters
  const work = operations.get(operation)
  if (work === undefined) throw new RangeError(`${operation} is not answered here`)
  return work(context, id, item)
}
