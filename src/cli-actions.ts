import { existsSync } from 'node:fs'
import {
  type Credentials,
  createCredentials,
  defaultOrganisation,
  loadMasterKey,
  masterKeysOf,
  openVault,
  type RotatedMasterKey,
  rotateMasterKey,
  Secret,
} from './accounts/index.ts'
import type { CredentialDesk } from './admin/index.ts'
import type { Environment, ReadFile } from './config/index.ts'
import { createCredentialDesk } from './credential-desk.ts'
import { reachSidecar } from './firewall/index.ts'
import { loadSettings } from './load-settings.ts'
import { dataMoves } from './move-data.ts'
import { namedCredentials, possibleProvider, possibleProviderIds } from './possible-provider.ts'
import { databaseUrl, type Settings } from './settings.ts'
import { type StartFlags, type Surroundings, startServer } from './start-server.ts'
import { startStorageWorker } from './start-storage.ts'
import { type RedisTrial, tryRedis } from './state/index.ts'
import { acquireLock } from './supervisor/index.ts'
import { version } from './version.ts'

export interface NewCredential {
  readonly provider: string
  readonly label: string
  readonly secret: string
  readonly origin: string
}

/** A provider's key in the vault, as it may be displayed. */
export interface SealedKey {
  readonly provider: string
  readonly label: string
  /** Where it may be sent. */
  readonly origin: string
  /** `ok`, or what the provider said about it. */
  readonly state: string
}

/** What the command line can't do alone, because it takes the whole program. */
export const cliActions = (surroundings: Surroundings) => ({
  version,
  ...dataMoves,
  /** Throws `config_invalid`. `instead` gives the settings of files or of an environment as they would be. */
  load: (flags: StartFlags, instead: { readonly readFile?: ReadFile; readonly env?: Environment } = {}) =>
    loadSettings({ ...surroundings, flags, ...instead }),
  /** Takes the data folder and supervises the server until it ends; returns the exit code. */
  serveForeground: (flags: StartFlags) => startServer(surroundings, flags),
  /** Opens the database as a report would, and closes it. Changes nothing; throws what opening it throws. */
  reachDatabase: async (settings: Settings): Promise<void> => {
    const { stop } = await startStorageWorker({ url: databaseUrl(settings), readOnly: true })
    await stop()
  },
  /** Tells whether Redis can be reached, and what it has; undefined when there is none. */
  reachRedis: async ({ redis }: Settings): Promise<RedisTrial | undefined> =>
    redis.url === undefined ? undefined : tryRedis({ url: redis.url, keyPrefix: redis.key_prefix }),
  /** Tells why a sidecar of the firewall does not answer; undefined when it does. */
  reachSidecar,
  /** What the vault of a stopped server holds, without the secrets. No database, nothing held. */
  listSealed: async (settings: Settings): Promise<readonly SealedKey[]> => {
    const url = databaseUrl(settings)
    if (url.startsWith('sqlite:') && !existsSync(url.slice('sqlite:'.length))) return []
    const { stores, stop } = await startStorageWorker({ url, readOnly: true })
    try {
      return await stores.credentials.list(defaultOrganisation)
    } finally {
      await stop()
    }
  },
  /** Seals a provider's key while no server runs. Throws `conflict` when one does. */
  sealOffline: (settings: Settings, credential: NewCredential): Promise<void> =>
    openOffline(settings, async ({ credentials }) => {
      const { provider, label, secret, origin } = credential
      await (await credentials()).put(provider, label, new Secret(secret), origin)
    }),
  /** What a server does with credentials, while none runs. Throws `conflict` when one does. */
  atCredentialDesk: <T>(settings: Settings, work: (desk: CredentialDesk) => Promise<T>): Promise<T> =>
    openOffline(settings, async ({ credentials }) =>
      work(
        createCredentialDesk({
          credentials: await credentials(),
          provider: (id) => possibleProvider(settings, id, { env: surroundings.env, now: Date.now }),
          providerIds: () => possibleProviderIds(settings),
          named: () => namedCredentials(settings),
          onChange: () => Promise.resolve(),
        }),
      ),
    ),
  /** Rotates the master key while no server runs. Throws `conflict` when one does. */
  rotateVaultOffline: (settings: Settings, next: string | undefined): Promise<RotatedMasterKey> =>
    openOffline(settings, ({ rotate }) => rotate(next)),
})

export type CliActions = ReturnType<typeof cliActions>

interface Offline {
  /** Opens the vault, which makes its keys in an empty database. */
  readonly credentials: () => Promise<Credentials>
  readonly rotate: (next: string | undefined) => Promise<RotatedMasterKey>
}

/** Takes the data folder, so that no server starts meanwhile, and opens its database. */
const openOffline = async <T>(settings: Settings, work: (offline: Offline) => Promise<T>): Promise<T> => {
  const lock = await acquireLock(settings.data_dir)
  try {
    const { stores, stop } = await startStorageWorker({ url: databaseUrl(settings) })
    const { master_key: given, next_master_key: next } = settings.secrets
    const source = { dataDir: settings.data_dir, given: secretOf(given) }
    try {
      return await work({
        async credentials() {
          const wrappedBy = () => masterKeysOf(stores.purposeKeys)
          const master = await loadMasterKey({ ...source, next: secretOf(next), wrappedBy })
          return createCredentials(stores.credentials, await openVault(master, stores.purposeKeys))
        },
        rotate: (chosen) =>
          rotateMasterKey({ ...source, next: secretOf(chosen ?? next), store: stores.purposeKeys }),
      })
    } finally {
      await stop()
    }
  } finally {
    lock.release()
  }
}

const secretOf = (text: string | undefined): Secret | undefined =>
  text === undefined || text === '' ? undefined : new Secret(text)
