import { GatewayError } from '../../errors.ts'
import type { HttpCall } from './send-http.ts'

/**
 * Redirects are not followed, and a refused credential of ours is not the client's fault.
 * @throws GatewayError `gateway_upstream_redirect`, `gateway_upstream_credentials_exhausted`
 */
export const refuseUnusable = (call: HttpCall, provider: string): void => {
  const { status } = call.response
  if (status >= 300 && status < 400) {
    drop(call)
    throw new GatewayError(
      'gateway_upstream_redirect',
      `the provider ${provider} answered with a redirect, check its base_url`,
    )
  }
  if (status === 401 || status === 402 || status === 403) {
    drop(call)
    throw credentialRefused(provider, `status ${status}`)
  }
}

/** @param said how the provider refused it */
export const credentialRefused = (provider: string, said: string): GatewayError =>
  new GatewayError(
    'gateway_upstream_credentials_exhausted',
    `your key is fine, but the provider ${provider} refused the gateway's own credential (${said})`,
  )

const drop = (call: HttpCall): void => {
  call.abort()
  call.finished()
}
