import { allows, type KeyIdentity, type KeyRing, systemIdentity } from '../../accounts/index.ts'
import { GatewayError } from '../../errors.ts'
import type { Exchange, Stage } from '../../pipeline/index.ts'
import { clientKey } from './client-key.ts'
import { assertLocalOrigin } from './local-origin.ts'

export interface Authenticated {
  readonly identity: KeyIdentity
}

export interface AuthenticateParts {
  readonly keys: Pick<KeyRing, 'find'>
  /** With `auth: off`: who everybody is. */
  readonly anonymous: KeyIdentity | undefined
}

/** Key to identity, and what the key may do at all. Models and providers are judged where they are known. */
export const authenticate = (parts: AuthenticateParts): Stage<Exchange, Authenticated> => ({
  name: 'authenticate',
  run: (exchange, next) => next({ identity: identify(parts, exchange) }),
})

const identify = (parts: AuthenticateParts, exchange: Exchange): KeyIdentity => {
  const { headers, query, method } = exchange.incoming
  const { anonymous } = parts
  if (exchange.internal !== undefined) return systemIdentity(exchange.kind, exchange.internal.tenant)
  if (anonymous !== undefined) {
    assertLocalOrigin(headers, method)
    return anonymous
  }
  const presented = clientKey(headers, query, exchange.protocol.id)
  if (presented === undefined || presented === '') {
    throw new GatewayError(
      'gateway_key_missing',
      'no API key was sent: use a virtual key of this gateway (tgw-sk-…)',
    )
  }
  const identity = parts.keys.find(presented)
  if (identity === undefined) {
    throw new GatewayError('gateway_key_invalid', 'the API key is not a valid virtual key of this gateway')
  }
  if (!allows(identity, { operation: exchange.operation, protocol: exchange.protocol.id })) {
    throw new GatewayError(
      'gateway_scope_denied',
      `this key may not use ${exchange.operation} of ${exchange.protocol.id}`,
    )
  }
  return identity
}
