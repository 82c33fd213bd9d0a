import { GatewayError } from '../../errors.ts'
import { isJsonObject, type JsonObject, type JsonText } from '../../ir/index.ts'
import type { Reply } from '../../pipeline/index.ts'
import type { KeptResponse } from '../../sessions/index.ts'
import { interrupted } from './ended-response.ts'
import { followJob } from './follow-job.ts'
import { invalid, listJson, pageOf, pageQuery } from './list-page.ts'
import type { LocalContext } from './local-context.ts'
import { jsonReply, streamReply } from './local-reply.ts'
import { unknown } from './resolve.ts'

const find = async ({ sessions, owner }: LocalContext, id: string): Promise<KeptResponse> => {
  const kept = await sessions.response(owner, id)
  if (kept === undefined) throw unknown('response', id)
  return kept
}

/** `GET /v1/responses/{id}`, also as a stream, also from some event on. */
export const retrieveResponse = async (context: LocalContext, id: string): Promise<Reply> => {
  const { exchange, codec, jobs } = context
  const { query } = exchange.incoming
  const from = startOf(query)
  const kept = await find(context, id)
  if (!exchange.facts.stream) return jsonReply(currentOf(kept), exchange.id)
  const job = kept.state === 'running' ? jobs.get(id) : undefined
  if (job?.isStreamed === true) return followJob(job, { from, exchange: exchange.id })
  if (kept.state === 'running') {
    throw new GatewayError(
      'gateway_request_invalid',
      'this response is still in progress and is not streamed: poll it, or create it with `stream: true`',
      { param: 'stream' },
    )
  }
  const { stream } = kept.record
  const frames = codec.replay(currentOf(kept), stream?.cuts ?? [])
  // What cannot be said again exactly as it was said must not be joined to a half of it.
  if (from > 0 && stream !== undefined && stream.events !== frames.length) {
    throw new GatewayError(
      'gateway_request_invalid',
      'this stream cannot be resumed in the middle: stream it from its beginning, or retrieve it whole',
      { param: 'starting_after' },
    )
  }
  return streamReply(frames.slice(from), exchange.id)
}

/** How many events the client has seen. */
const startOf = (query: URLSearchParams): number => {
  const after = query.get('starting_after')
  if (after === null) return 0
  if (!/^\d{1,9}$/.test(after)) throw invalid('starting_after', 'the sequence number of an event')
  return Number(after) + 1
}

const currentOf = ({ state, record }: KeptResponse): JsonText =>
  state === 'lost' ? interrupted(record.response) : record.response

export const deleteResponse = async (context: LocalContext, id: string): Promise<Reply> => {
  const { sessions, owner, jobs, exchange } = context
  await find(context, id)
  await sessions.forget(owner, id)
  jobs.get(id)?.abort()
  return jsonReply(JSON.stringify({ id, object: 'response', deleted: true }), exchange.id)
}

export const cancelResponse = async (context: LocalContext, id: string): Promise<Reply> => {
  const { sessions, owner, jobs, exchange } = context
  const kept = await find(context, id)
  const response = objectOf(kept.record.response)
  if (response['background'] !== true) {
    throw new GatewayError(
      'gateway_request_invalid',
      'only a response that was created with `background: true` can be cancelled',
    )
  }
  if (kept.state !== 'running') return jsonReply(currentOf(kept), exchange.id)
  const cancelled = JSON.stringify({ ...response, status: 'cancelled' })
  const isEnded = await sessions.finish(owner, id, { ...kept.record, response: cancelled })
  jobs.get(id)?.abort()
  // It may have been complete a moment ago.
  return jsonReply(isEnded ? cancelled : currentOf(await find(context, id)), exchange.id)
}

/** `GET /v1/responses/{id}/input_items`: everything that was said before the answer. */
export const listInputItems = async (context: LocalContext, id: string): Promise<Reply> => {
  const { sessions, owner, codec, exchange } = context
  const asked = pageQuery(exchange.incoming.query)
  const { record } = await find(context, id)
  const items = [...(await sessions.historyOf(owner, record)), ...record.input]
  const { page, hasMore } = pageOf(
    items.map((json) => ({ id: codec.idOf(json) ?? '', json })),
    asked,
  )
  const shown = page.map((item) => ({ id: item.id, json: codec.shown(item.json) }))
  return jsonReply(listJson(shown, hasMore), exchange.id)
}

const objectOf = (json: JsonText): JsonObject => {
  const value: unknown = JSON.parse(json)
  return isJsonObject(value) ? value : {}
}
