import { isJsonObject, type JsonObject, type JsonText } from '../../ir/index.ts'
import type { Reply } from '../../pipeline/index.ts'
import { type NewItem, ownConversationId, ownName } from '../../sessions/index.ts'
import { invalid, listJson, pageQuery, unknownAfter } from './list-page.ts'
import type { LocalContext } from './local-context.ts'
import { jsonReply } from './local-reply.ts'
import { resolve, unknown } from './resolve.ts'

export const createConversation = async (context: LocalContext): Promise<Reply> => {
  const { sessions, owner, exchange } = context
  const id = ownConversationId(exchange.id)
  const metadata = metadataOf(bodyOf(context)) ?? '{}'
  const created = await sessions.createConversation(owner, id, metadata, await newItems(context))
  return jsonReply(conversationJson({ id, created, metadata }), exchange.id)
}

const find = async ({ sessions, owner }: LocalContext, id: string) => {
  const conversation = await sessions.conversation(owner, id)
  if (conversation === undefined) throw unknown('conversation', id)
  return conversation
}

export const getConversation = async (context: LocalContext, id: string): Promise<Reply> =>
  jsonReply(conversationJson(await find(context, id)), context.exchange.id)

export const updateConversation = async (context: LocalContext, id: string): Promise<Reply> => {
  const { sessions, owner, exchange } = context
  const conversation = await find(context, id)
  const metadata = metadataOf(bodyOf(context))
  if (metadata === undefined) throw invalid('metadata', 'an object')
  await sessions.updateConversation(owner, id, metadata)
  return jsonReply(conversationJson({ ...conversation, metadata }), exchange.id)
}

export const deleteConversation = async (context: LocalContext, id: string): Promise<Reply> => {
  const { sessions, owner, exchange } = context
  await find(context, id)
  await sessions.forgetConversation(owner, id)
  return jsonReply(JSON.stringify({ id, object: 'conversation.deleted', deleted: true }), exchange.id)
}

export const createItems = async (context: LocalContext, id: string): Promise<Reply> => {
  const { sessions, owner, codec, exchange } = context
  await find(context, id)
  if (!Array.isArray(bodyOf(context)['items'])) throw invalid('items', 'a list of items')
  const added = await sessions.append(owner, id, await newItems(context))
  if (added === undefined) throw unknown('conversation', id)
  return jsonReply(
    listJson(
      added.map((item) => ({ id: item.id, json: codec.shown(item.json) })),
      false,
    ),
    exchange.id,
  )
}

export const listItems = async (context: LocalContext, id: string): Promise<Reply> => {
  const { sessions, owner, codec, exchange } = context
  const { order, after, limit } = pageQuery(exchange.incoming.query)
  await find(context, id)
  const last = after === undefined ? undefined : await sessions.item(owner, id, after)
  if (after !== undefined && last === undefined) throw unknownAfter(after)
  const found = await sessions.items(owner, id, {
    order,
    limit: limit + 1,
    ...(last === undefined ? {} : { beyond: last }),
  })
  const page = found.slice(0, limit).map((item) => ({ id: item.id, json: codec.shown(item.json) }))
  return jsonReply(listJson(page, found.length > limit), exchange.id)
}

export const getItem = async (context: LocalContext, id: string, item: string): Promise<Reply> => {
  const { sessions, owner, codec, exchange } = context
  await find(context, id)
  const found = await sessions.item(owner, id, item)
  if (found === undefined) throw unknown('item', item)
  return jsonReply(codec.shown(found.json), exchange.id)
}

/** Answers with the conversation, as the service does. */
export const deleteItem = async (context: LocalContext, id: string, item: string): Promise<Reply> => {
  const { sessions, owner, exchange } = context
  const conversation = await find(context, id)
  if (!(await sessions.forgetItem(owner, id, item))) throw unknown('item', item)
  return jsonReply(conversationJson(conversation), exchange.id)
}

/** The body's items, each with an id; those of ours that it refers to are copied. */
const newItems = async (context: LocalContext): Promise<readonly NewItem[]> => {
  const { exchange, codec } = context
  const { request, facts } = exchange
  const items = codec.itemsOf(request, 'items')
  const { own } = await resolve({ background: false }, items, facts.handles, context)
  return own.map((item, index) => {
    if (codec.isReference(item)) throw unknown('item', codec.idOf(item) ?? '', `items[${index}].id`)
    const json = codec.withId(item, `${ownName(exchange.id)}_${index}`)
    return { id: codec.idOf(json) ?? '', json }
  })
}

const decoder = new TextDecoder()

const bodyOf = ({ exchange }: LocalContext): JsonObject => {
  const { body } = exchange.request
  const value: unknown = body.byteLength === 0 ? {} : JSON.parse(decoder.decode(body))
  return isJsonObject(value) ? value : {}
}

/** Undefined where the body says nothing of it. */
const metadataOf = ({ metadata }: JsonObject): JsonText | undefined => {
  if (metadata === undefined || metadata === null) return undefined
  if (!isJsonObject(metadata)) throw invalid('metadata', 'an object')
  return JSON.stringify(metadata)
}

const conversationJson = (conversation: {
  readonly id: string
  readonly created: number
  readonly metadata: JsonText
}): JsonText => {
  const { id, created, metadata } = conversation
  const head = { id, object: 'conversation', created_at: Math.floor(created / 1000) }
  return `${JSON.stringify(head).slice(0, -1)},"metadata":${metadata}}`
}
