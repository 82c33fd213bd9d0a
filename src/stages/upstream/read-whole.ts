import { GatewayError } from '../../errors.ts'
import type { WireResponse } from '../../protocols/index.ts'
import type { AttemptExchange } from '../attempts/index.ts'
import { decoded } from './decoded.ts'
import { left } from './left.ts'
import type { HttpCall } from './send-http.ts'

/**
 * The whole body of an answer, as it came.
 * @throws GatewayError `gateway_client_gone`, `gateway_upstream_timeout`, `gateway_upstream_died`
 */
export const readWhole = async (exchange: AttemptExchange, call: HttpCall): Promise<Uint8Array> => {
  const { provider } = exchange.attempt.target
  call.expectWhole()
  try {
    return await call.response.bytes()
  } catch (error) {
    if (exchange.signal.aborted) throw left(exchange.signal, 'before the answer was complete', true)
    if (call.timedOut())
      throw new GatewayError(
        'gateway_upstream_timeout',
        `the provider ${provider.id} did not finish in time`,
        { wasSent: true },
      )
    throw new GatewayError(
      'gateway_upstream_died',
      `the provider ${provider.id} broke off in the middle of its answer`,
      { cause: error, wasSent: true },
    )
  } finally {
    call.finished()
  }
}

/** The same unpacked, with its head. What cannot be unpacked is empty. Throws what `readWhole` throws. */
export const readWire = async (exchange: AttemptExchange, call: HttpCall): Promise<WireResponse> => {
  const { status, headers } = call.response
  const body = await readWhole(exchange, call)
  return { status, headers, body: decoded(body, headers.get('content-encoding')) ?? new Uint8Array(0) }
}
