import type { Reply } from '../../pipeline/index.ts'
import type { AttemptExchange } from '../attempts/index.ts'
import type { Reserved } from '../reserve/index.ts'
import type { Translation } from '../translate/index.ts'
import { isEventStream } from './heard-answer.ts'
import { readWire } from './read-whole.ts'
import { refuseUnusable } from './refuse-unusable.ts'
import { sendHttp } from './send-http.ts'
import { timeoutsOf } from './timeouts-of.ts'
import { translatedRequest } from './translated-request.ts'
import { translatedStream } from './translated-stream.ts'
import { translatedWhole } from './translated-whole.ts'
import type { UpstreamParts } from './upstream.ts'

/** To a provider of another protocol and back: sent as the translation says, answered in the client's words. */
export const translated = async (
  parts: UpstreamParts,
  exchange: AttemptExchange & Reserved,
  translation: Translation,
): Promise<Reply> => {
  const { provider } = exchange.attempt.target
  const timeouts = timeoutsOf(parts, exchange)
  const call = await sendHttp(
    exchange,
    timeouts,
    parts,
    translatedRequest(exchange, translation, parts.userAgent),
  )
  refuseUnusable(call, provider.id)
  const { response } = call
  const generates = translation.operation === 'generate' && translation.asked.stream
  if (generates && isEventStream(response) && response.body !== null) {
    return translatedStream({ parts, exchange, translation }, call, response.body)
  }
  return translatedWhole({ parts, exchange, translation }, await readWire(exchange, call))
}
