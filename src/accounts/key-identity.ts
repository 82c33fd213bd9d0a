import { type AddressTest, compileAddressList } from './address-list.ts'
import { defaultOptions, type KeyOptions } from './key-options.ts'
import { compileScopes, type KeyScopes, type ScopeTest, unlimitedScopes, type Wanted } from './scopes.ts'
import type { Tenant } from './tenant.ts'
import type { KeyMetadata, VirtualKey } from './virtual-key.ts'

/** Who sends an exchange. */
export interface KeyIdentity {
  readonly id: string
  readonly name: string
  readonly prefix: string
  readonly tenant: Tenant
  readonly scopes: KeyScopes
  readonly options: KeyOptions
  readonly metadata: KeyMetadata
  /** In milliseconds; `null` is never. */
  readonly expiresAt: number | null
  /** The scopes, compiled once. */
  readonly permits: ScopeTest
  /** May it be used from this address? `options.allowedAddresses`, compiled once. */
  readonly admits: AddressTest
}

/** May this key do that? Only what is named in `wanted` is asked. */
export const allows = (identity: KeyIdentity, wanted: Wanted): boolean => identity.permits(wanted)

export const keyIdentity = (key: VirtualKey): KeyIdentity => ({
  id: key.id,
  name: key.name,
  prefix: key.prefix,
  tenant: { organisation: key.organisation, team: key.team, user: key.user, key: key.id },
  scopes: key.scopes,
  options: key.options,
  metadata: key.metadata,
  expiresAt: key.expiresAt,
  permits: compileScopes(key.scopes),
  admits: compileAddressList(key.options.allowedAddresses),
})

/** The identity of an exchange that the gateway starts by itself, such as a canary: it has no key and may do all. */
export const systemIdentity = (name: string, tenant: Tenant): KeyIdentity => ({
  id: `system:${name}`,
  name,
  prefix: '',
  tenant,
  scopes: unlimitedScopes,
  options: defaultOptions,
  metadata: {},
  expiresAt: null,
  permits: compileScopes(unlimitedScopes),
  admits: compileAddressList(null),
})
