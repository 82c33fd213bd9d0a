/**
 * Ids of what the gateway keeps itself. They name the exchange that made them and are told from any provider's by
 * `tgw` behind the prefix: `resp_tgw01K9X…`, `msg_tgw01K9X…_0` (an item of its output), `msg_tgw01K9X…_i0` (of its
 * input), `conv_tgw01K9X…`. They fit the 64 characters that OpenAI allows.
 */
const own = /^[a-z]{1,8}_tgw[0-9A-Z]{26}(?:_i?\d{1,6})?$/

export const isOwnId = (id: string): boolean => own.test(id)

/** The part of the ids that all things of one exchange share. `exchange` is an id like `req_01K9X…`. */
export const ownName = (exchange: string): string => `tgw${exchange.slice(exchange.indexOf('_') + 1)}`

export const ownResponseId = (exchange: string): string => `resp_${ownName(exchange)}`

export const ownConversationId = (exchange: string): string => `conv_${ownName(exchange)}`

/** The answer that an item's id says it is of; it may be of a conversation instead. */
export const responseOfItem = (item: string): string => {
  const start = item.indexOf('_') + 1
  const end = item.indexOf('_', start)
  return `resp_${item.slice(start, end < 0 ? undefined : end)}`
}
