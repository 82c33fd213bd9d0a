import { GatewayError } from '../errors.ts'
import type { StoredAdminToken } from './admin-token-store.ts'
import type { FirstStartStore } from './first-start-store.ts'
import { defaultOptions } from './key-options.ts'
import { unlimitedScopes } from './scopes.ts'
import { Secret } from './secret.ts'
import { defaultOrganisation } from './tenant.ts'
import { adminTokenPrefix, newId, newToken, shownPrefix, virtualKeyPrefix } from './token.ts'
import type { TokenDigest } from './token-digest.ts'
import type { MadeBy, StoredKey } from './virtual-key.ts'

export interface FirstStartParts {
  readonly store: FirstStartStore
  readonly digest: TokenDigest
  readonly preset?: Presets
  readonly now?: () => number
}

/** Texts of `TGW_ADMIN_TOKEN` and `TGW_BOOTSTRAP_KEY`. */
export interface Presets {
  readonly adminToken?: Secret | undefined
  readonly bootstrapKey?: Secret | undefined
}

/** What a first start made, in clear for the only time. A part that the environment presets is absent. */
export interface FirstStart {
  readonly adminToken: Secret | undefined
  readonly virtualKey: Secret | undefined
  /**
   * Call it after the pair was shown: no later start makes another one. Until then each start makes a new pair
   * and revokes the unseen one, so a crash in between loses nothing. False when a process that started at the
   * same time replaced this pair: then that process shows the one that works.
   */
  markShown(): Promise<boolean>
}

/**
 * Makes presets valid, and on a fresh database an admin token and a virtual key. Answers undefined when there is
 * nothing to show. Call it before the key ring and the admin tokens are loaded. A preset replaces the one before;
 * one that an administrator revoked stays revoked, and one that is no longer given stays valid. Throws
 * `config_invalid` for an unusable preset.
 */
export const firstStart = async (parts: FirstStartParts): Promise<FirstStart | undefined> => {
  const { store, digest, preset = {}, now = Date.now } = parts
  const at = now()
  if (preset.adminToken !== undefined) {
    await store.presetAdminToken(storedAdminToken(presetAdminText(preset.adminToken), 'preset', digest, at))
  }
  if (preset.bootstrapKey !== undefined) {
    await store.presetKey(storedKey(presetKeyText(preset.bootstrapKey), 'preset', digest, at))
  }
  if (await store.isComplete()) return undefined
  const adminText = preset.adminToken === undefined ? newToken(adminTokenPrefix) : undefined
  const keyText = preset.bootstrapKey === undefined ? newToken(virtualKeyPrefix) : undefined
  const pair = {
    adminToken: adminText === undefined ? null : storedAdminToken(adminText, 'first-start', digest, at),
    key: keyText === undefined ? null : storedKey(keyText, 'first-start', digest, at),
  }
  if (!(await store.offer(pair, at))) return undefined
  const markShown = () => store.complete(pair.adminToken?.id ?? null, pair.key?.id ?? null, now())
  if (adminText === undefined && keyText === undefined) {
    await markShown()
    return undefined
  }
  return { adminToken: secretOf(adminText), virtualKey: secretOf(keyText), markShown }
}

const secretOf = (text: string | undefined): Secret | undefined =>
  text === undefined ? undefined : new Secret(text)

const shortestAdminToken = 12
const shortestKey = 20

const presetAdminText = (preset: Secret): string => {
  const text = preset.reveal()
  if (text.startsWith(virtualKeyPrefix)) {
    throw new GatewayError(
      'config_invalid',
      `TGW_ADMIN_TOKEN holds a virtual key (${virtualKeyPrefix}…): give the admin token a value of its own`,
    )
  }
  if (text.length >= shortestAdminToken && isPlain(text)) return text
  throw new GatewayError(
    'config_invalid',
    `TGW_ADMIN_TOKEN must be ${shortestAdminToken} to 200 printable characters without spaces`,
  )
}

const presetKeyText = (preset: Secret): string => {
  const text = preset.reveal()
  if (text.startsWith(virtualKeyPrefix) && text.length >= shortestKey && isPlain(text)) return text
  throw new GatewayError(
    'config_invalid',
    `TGW_BOOTSTRAP_KEY must start with ${virtualKeyPrefix} and be ${shortestKey} to 200 printable characters without spaces`,
  )
}

/** What every HTTP header can carry. */
const isPlain = (text: string): boolean => /^[\x21-\x7e]{1,200}$/.test(text)

const storedAdminToken = (
  text: string,
  madeBy: MadeBy,
  digest: TokenDigest,
  at: number,
): StoredAdminToken => ({
  id: newId('admin', at),
  name: madeBy === 'preset' ? 'TGW_ADMIN_TOKEN' : 'first admin token',
  prefix: shownPrefix(text),
  digest: digest(text),
  madeBy,
  expiresAt: null,
  createdAt: at,
})

const storedKey = (text: string, madeBy: MadeBy, digest: TokenDigest, at: number): StoredKey => ({
  id: newId('key', at),
  organisation: defaultOrganisation,
  team: null,
  user: null,
  name: madeBy === 'preset' ? 'TGW_BOOTSTRAP_KEY' : 'first key',
  prefix: shownPrefix(text),
  digest: digest(text),
  scopes: unlimitedScopes,
  options: defaultOptions,
  metadata: {},
  madeBy,
  expiresAt: null,
  createdAt: at,
})
