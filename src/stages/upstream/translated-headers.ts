import { rateLimitHeaders } from '../../translation/index.ts'
import type { AttemptExchange } from '../attempts/index.ts'

/** Headers of a translated answer: nothing of the provider's but its request id, limits and word on retries, in the client's words. */
export const translatedHeaders = (exchange: AttemptExchange, upstream: Headers, now: number): Headers => {
  const { protocol } = exchange
  const headers = new Headers(rateLimitHeaders(upstream, protocol.id, now))
  const id = upstream.get('x-request-id') ?? upstream.get('request-id')
  if (id !== null) headers.set(protocol.id === 'anthropic-messages' ? 'request-id' : 'x-request-id', id)
  // The SDKs of OpenAI and Anthropic go by it, and so do our own retries.
  const shouldRetry = upstream.get('x-should-retry')
  if (shouldRetry !== null) headers.set('x-should-retry', shouldRetry)
  return headers
}
