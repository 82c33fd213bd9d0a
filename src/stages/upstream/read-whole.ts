import { GatewayError } from '../../errors.ts'
import type { AttemptExchange } from '../attempts/index.ts'
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
