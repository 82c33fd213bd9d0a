import type { GatewayError } from '../errors.ts'
import { type CanonicalError, canonicalOf } from '../ir/index.ts'
import { isWhole, type Reply, type StreamReply } from '../pipeline/index.ts'
import type { Protocol } from '../protocols/index.ts'
import { bodyBytes } from '../wire/index.ts'
import { messageForClient } from './message-for-client.ts'
import { statusForClient } from './status-for-client.ts'

/**
 * A reply as Bun's response. Streams pull: a slow client holds the upstream back.
 * @param onEnd the stream is over, before its connection takes another request
 */
export const toResponse = (reply: Reply, onEnd: () => void): Response =>
  isWhole(reply)
    ? new Response(reply.status === 204 ? null : bodyBytes(reply.body), reply)
    : new Response(streamOf(reply, onEnd), reply)

const streamOf = ({ body }: StreamReply, onEnd: () => void): ReadableStream =>
  new ReadableStream({
    async pull(controller) {
      try {
        const chunk = await body.next()
        if (chunk !== undefined) {
          controller.enqueue(chunk)
          return
        }
        // The timeout sticks to the connection, so the next request on it needs its bound back.
        onEnd()
        controller.close()
      } catch (error) {
        // In the same tick as an enqueue, Bun would lose what was enqueued.
        await Bun.sleep(0)
        controller.error(error)
      }
    },
    cancel() {
      body.cancel()
    },
  })

/** One of our errors as the canonical form says it. */
export const canonicalError = (error: GatewayError): CanonicalError => ({
  ...canonicalOf(error),
  ...(error.param === undefined ? {} : { param: error.param }),
  ...(error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter }),
})

/** An error of ours in the client's own protocol; without a protocol as a plain JSON object. */
export const errorResponse = (
  error: GatewayError,
  protocol: Protocol | undefined,
  requestId: string,
  extra: Readonly<Record<string, string>> = {},
  userAgent = '',
): Response => {
  const ours = {
    ...error.headers,
    'x-tollgate-request-id': requestId,
    'x-tollgate-error': error.code,
    ...(error.attempts === undefined ? {} : { 'x-tollgate-attempts': error.attempts }),
    ...extra,
  }
  if (protocol === undefined) {
    const body = { error: { code: error.code, message: error.message } }
    return Response.json(body, { status: error.row.status, headers: ours })
  }
  const message = messageForClient(error.message, { retryable: error.row.retryable, userAgent })
  const encoded = protocol.errors.encode({ ...canonicalError(error), message }, { requestId })
  // A few of our refusals have a status that HTTP itself demands.
  const status = httpStatuses.has(error.row.status)
    ? error.row.status
    : statusForClient(encoded.status, { kind: error.row.kind, protocol: protocol.id, userAgent })
  return new Response(encoded.body, { status, headers: { ...encoded.headers, ...ours } })
}

const httpStatuses: ReadonlySet<number> = new Set([405, 408, 413, 415, 426])
