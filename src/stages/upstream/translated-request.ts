import { applySplices, ownDepth, scanJson } from '../../wire/index.ts'
import type { AttemptExchange } from '../attempts/index.ts'
import type { Reserved } from '../reserve/index.ts'
import type { Translation } from '../translate/index.ts'
import type { Outgoing } from './send-http.ts'

/** A translated request as it goes out: the encoder's headers and ours, none of the client's. */
export const translatedRequest = (
  exchange: AttemptExchange & Reserved,
  translation: Translation,
  userAgent: string,
): Outgoing => {
  const { sent } = translation
  const streams = translation.operation === 'generate' && translation.asked.stream
  const { target, protocol } = exchange.attempt
  const mark = sent.path.indexOf('?')
  const path = mark < 0 ? sent.path : sent.path.slice(0, mark)
  const query = new URLSearchParams(mark < 0 ? '' : sent.path.slice(mark + 1))
  const headers = new Headers({
    'content-type': 'application/json',
    accept: streams ? 'text/event-stream' : 'application/json',
    // Absent, Bun would add its own.
    'accept-encoding': 'identity',
    'user-agent': userAgent,
    ...sent.headers,
  })
  return {
    url: target.provider.url({ protocol, operation: exchange.operation, model: target.model, path, query }),
    method: 'POST',
    headers,
    body: limited(exchange, translation),
  }
}

/** The encoder's body, with a shorter limit of the answer where a budget has room for no more. */
const limited = ({ outputLimit, chatLimitField }: Reserved, { upstream, sent }: Translation): Uint8Array => {
  const body = encoder.encode(sent.body)
  if (outputLimit === undefined || upstream.limitOutput === undefined) return body
  const splice = upstream.limitOutput(
    scanJson(body, upstream.watchedKeys, ownDepth),
    outputLimit,
    chatLimitField,
  )
  return splice === undefined ? body : applySplices(body, [splice])
}

const encoder = new TextEncoder()
