import { GatewayError } from '../../errors.ts'

/**
 * Nobody wants this call's answer any more: the client left, or another call of its exchange was quicker.
 * @param wasSent the provider may have received the request
 */
export const left = (signal: AbortSignal, when: string, wasSent: boolean): GatewayError =>
  signal.reason instanceof GatewayError
    ? new GatewayError(signal.reason.code, signal.reason.message, { wasSent })
    : new GatewayError('gateway_client_gone', `the client left ${when}`, { wasSent })
