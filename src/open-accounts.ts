import {
  type AdminTokens,
  type Credentials,
  createAdminTokens,
  createCredentials,
  createKeyRing,
  createKeyUsage,
  createLogins,
  createRootAdmin,
  createTenants,
  createTokenDigest,
  createUsers,
  createVirtualKeys,
  type FirstStart,
  firstStart,
  type KeyRing,
  type KeyState,
  type Logins,
  loadMasterKey,
  masterKeysOf,
  openVault,
  type RotatedMasterKey,
  rotateMasterKey,
  Secret,
  type Tenants,
  type User,
  type Users,
  type VirtualKeys,
} from './accounts/index.ts'
import { createStateKeys, type StateKeysOf } from './sessions/index.ts'
import type { Settings } from './settings.ts'
import type { Stores } from './stores.ts'

/** Keys, tokens and credentials, opened with the master key. */
export interface Accounts {
  /** The look-up of every request; it notes that a key was used. */
  readonly keys: KeyRing
  readonly virtualKeys: VirtualKeys
  readonly tokens: AdminTokens
  readonly tenants: Tenants
  readonly users: Users
  readonly logins: Logins
  /** The root admin, when this start has made it. */
  readonly rootAdmin: User | undefined
  readonly credentials: Credentials
  /** Keys of an organisation for the reasoning state that its clients keep. */
  readonly stateKeys: StateKeysOf
  /** An organisation's key for placeholders. */
  readonly placeholderKey: (organisation: string) => Uint8Array
  /** What a first start has made and nobody has seen yet. */
  readonly fresh: FirstStart | undefined
  /** Another master key: the given one, or a random one. What is open stays open. */
  rotateMasterKey(next: Secret | undefined): Promise<RotatedMasterKey>
  /** Picks up what other processes changed. */
  reload(): Promise<void>
  /** Writes down when keys were last used. */
  flush(): Promise<void>
}

export interface AccountHooks {
  /** Asked each time, so that a reload counts at once. */
  readonly login?: () => Settings['login']
  /** Told when a key was changed here, so that other processes look at once. */
  readonly onKeyChange?: () => void
}

/**
 * Opens the vault, makes what a first start needs, and reads all keys.
 * Throws `vault_master_key_invalid` for a wrong or lost master key.
 */
export const openAccounts = async (
  settings: Settings,
  stores: Stores,
  now: () => number,
  { login = () => settings.login, onKeyChange }: AccountHooks = {},
): Promise<Accounts> => {
  const { secrets } = settings
  const master = await loadMasterKey({
    dataDir: settings.data_dir,
    given: secretOf(secrets.master_key),
    next: secretOf(secrets.next_master_key),
    wrappedBy: () => masterKeysOf(stores.purposeKeys),
  })
  const vault = await openVault(master, stores.purposeKeys)
  const digest = createTokenDigest(vault.purposeKey('key-hmac'))
  const fresh = await firstStart({
    store: stores.firstStart,
    digest,
    preset: { adminToken: secretOf(secrets.admin_token), bootstrapKey: secretOf(secrets.bootstrap_key) },
  })
  const rootAdmin = await createRootAdmin(stores.users, now)
  const ring = createKeyRing(stores.keys, digest)
  const tokens = createAdminTokens(stores.adminTokens, digest)
  await Promise.all([ring.load(), tokens.load()])
  const usage = createKeyUsage(stores.keys)
  const apply = (state: KeyState): void => {
    ring.apply(state)
    onKeyChange?.()
  }
  return {
    keys: {
      ...ring,
      find(presented) {
        const identity = ring.find(presented)
        if (identity !== undefined) usage.note(identity.id, now())
        return identity
      },
    },
    virtualKeys: createVirtualKeys({ store: stores.keys, digest, apply }),
    tokens,
    tenants: createTenants({ store: stores.tenants, apply, now }),
    users: createUsers({ store: stores.users, apply, now }),
    logins: createLogins({
      ...{ store: stores.logins, digest, now },
      limits: () => ({ idle: login().session_idle, lifetime: login().session_lifetime }),
    }),
    rootAdmin,
    credentials: createCredentials(stores.credentials, vault),
    stateKeys: createStateKeys((organisation) => vault.organisationKey('envelope', organisation)),
    placeholderKey: (organisation) => vault.organisationKey('placeholder', organisation).export(),
    fresh,
    rotateMasterKey: (next) =>
      rotateMasterKey({
        dataDir: settings.data_dir,
        given: secretOf(secrets.master_key),
        next: next ?? secretOf(secrets.next_master_key),
        store: stores.purposeKeys,
      }),
    async reload() {
      await Promise.all([ring.reload(), tokens.reload()])
    },
    flush: usage.flush,
  }
}

const secretOf = (text: string | undefined): Secret | undefined =>
  text === undefined || text === '' ? undefined : new Secret(text)
