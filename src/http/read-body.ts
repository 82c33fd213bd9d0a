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
  if (declared === '0') return new Uint8Array(0)
  try {
    // To name `body` makes a stream of it, which takes as long to read as all the rest: only where it must be counted.
    return await inTime(limits, watchdog, () =>
      declared === null ? readCounted(request.body, limits) : request.bytes(),
    )
  } catch (error) {
    if (error instanceof GatewayError) throw error
    throw new GatewayError('gateway_client_gone', 'the client left before its request was complete', {
      cause: error,
    })
  }
}

/** What is read, or `gateway_body_timeout`. */
const inTime = (
  { deadline }: BodyLimits,
  watchdog: Watchdog,
  read: () => Promise<Uint8Array>,
): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const watch = watchdog.watch(deadline, () => {
      const message = `the body did not arrive within ${deadline / 1000} s`
      reject(new GatewayError('gateway_body_timeout', message))
    })
    read()
      .then(resolve, reject)
      .finally(() => watch.end())
  })

const readCounted = async (
  body: ReadableStream<Uint8Array> | null,
  limits: BodyLimits,
): Promise<Uint8Array> => {
  if (body === null) return new Uint8Array(0)
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
