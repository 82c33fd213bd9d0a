import { GatewayError } from '../errors.ts'
import type { Watchdog } from '../pipeline/index.ts'

export interface BodyLimits {
  /** Bytes. */
  readonly maxBytes: number
  /** Milliseconds until the whole body must be there. */
  readonly deadline: number
}

/**
 * Reads a request body whole. The declared length is checked first, so that an honest client hears at once;
 * a chunked body is counted while it arrives.
 * @throws GatewayError `gateway_body_too_large`, `gateway_body_timeout`, `gateway_client_gone`
 */
export const readBody = async (
  request: Request,
  limits: BodyLimits,
  watchdog: Watchdog,
): Promise<Uint8Array> => {
  const declared = request.headers.get('content-length')
  if (declared !== null && Number(declared) > limits.maxBytes) throw tooLarge(limits)
  if (request.body === null) return new Uint8Array(0)
  const late = Promise.withResolvers<never>()
  const watch = watchdog.watch(limits.deadline, () => {
    late.reject(
      new GatewayError('gateway_body_timeout', `the body did not arrive within ${limits.deadline / 1000} s`),
    )
  })
  try {
    const body = declared === null ? readCounted(request.body, limits) : request.bytes()
    return await Promise.race([body, late.promise])
  } catch (error) {
    if (error instanceof GatewayError) throw error
    throw new GatewayError('gateway_client_gone', 'the client left before its request was complete', {
      cause: error,
    })
  } finally {
    watch.end()
  }
}

const readCounted = async (body: ReadableStream<Uint8Array>, limits: BodyLimits): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > limits.maxBytes) throw tooLarge(limits)
    chunks.push(chunk)
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
}

const tooLarge = (limits: BodyLimits): GatewayError =>
  new GatewayError('gateway_body_too_large', `the body is larger than ${limits.maxBytes} bytes`)
