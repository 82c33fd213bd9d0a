import {
  allows,
  type KeyIdentity,
  type KeyRing,
  parseTags,
  systemIdentity,
  tagsHeader,
} from '../../accounts/index.ts'
import { GatewayError } from '../../errors.ts'
import type { Exchange, Stage } from '../../pipeline/index.ts'
import { clientKey } from './client-key.ts'
import { assertLocalOrigin } from './local-origin.ts'

export interface Authenticated {
  readonly identity: KeyIdentity
  /** Of the key, then those that the request names; each once. */
  readonly tags: readonly string[]
}

export interface AuthenticateParts {
  readonly keys: Pick<KeyRing, 'find'>
  /** With `auth: off`: who everybody is. */
  readonly anonymous: KeyIdentity | undefined
}

/** Key to identity, and what the key may do at all. Models and providers are judged where they are known. */
export const authenticate = (parts: AuthenticateParts): Stage<Exchange, Authenticated> => ({
  name: 'authenticate',
  async run(exchange, next) {
    const identity = identify(parts, exchange)
    return next({ identity, tags: tagsOf(exchange, identity) })
  },
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
  const { allowedAddresses } = identity.options
  if (allowedAddresses !== null && !identity.admits(exchange.incoming.remoteAddress)) {
    throw new GatewayError(
      'gateway_address_denied',
      `this key may not be used from the address ${exchange.incoming.remoteAddress || 'of this connection'}`,
    )
  }
  if (!allows(identity, { operation: exchange.operation, protocol: exchange.protocol.id })) {
    throw new GatewayError(
      'gateway_scope_denied',
      `this key may not use ${exchange.operation} of ${exchange.protocol.id}`,
    )
  }
  return identity
}

/** What the request names must be allowed; what the key carries needs no permission. */
const tagsOf = ({ incoming, internal }: Exchange, identity: KeyIdentity): readonly string[] => {
  if (internal !== undefined) return internal.tags ?? []
  const own = identity.options.tags
  const header = incoming.headers.get(tagsHeader)
  if (header === null) return own
  const named = parseTags(header)
  const denied = named.find((tag) => !allows(identity, { tag }))
  if (denied !== undefined) {
    throw new GatewayError('gateway_scope_denied', `this key may not use the tag ${denied}`, {
      param: tagsHeader,
    })
  }
  return named.length === 0 ? own : [...new Set([...own, ...named])]
}
