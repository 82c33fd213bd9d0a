import { GatewayError } from '../../errors.ts'

const localHost = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i

/**
 * Without authentication a web page could reach us through the user's browser. So the `Host` must be a loopback
 * name (no DNS rebinding), an `Origin` must be one as well, and a body must be declared as JSON, which a page can't do
 * without a preflight that we never grant.
 */
export const assertLocalOrigin = (headers: Headers, method: string): void => {
  const host = headers.get('host') ?? ''
  if (!localHost.test(host)) {
    throw new GatewayError('gateway_origin_denied', 'with auth off only loopback host names are served')
  }
  const origin = headers.get('origin')
  if (origin !== null && !localHost.test(origin.replace(/^https?:\/\//, ''))) {
    throw new GatewayError('gateway_origin_denied', 'with auth off only loopback origins are served')
  }
  const type = headers.get('content-type') ?? ''
  if (method === 'POST' && !/^application\/(?:[\w.-]+\+)?json\b/i.test(type)) {
    throw new GatewayError(
      'gateway_content_type_invalid',
      'with auth off a body needs content-type application/json',
    )
  }
}
