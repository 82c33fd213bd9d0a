import { existsSync } from 'node:fs'
import { createCredentials, defaultOrganisation, loadMasterKey, openVault, Secret } from './accounts/index.ts'
import type { Environment, ReadFile } from './config/index.ts'
import { loadSettings } from './load-settings.ts'
import { dataMoves } from './move-data.ts'
import { databaseUrl, type Settings } from './settings.ts'
import { type StartFlags, type Surroundings, startServer } from './start-server.ts'
import { startStorageWorker } from './start-storage.ts'
import { tryRedis } from './state/index.ts'
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
  /** Tells why Redis cannot be reached; undefined when it answers, or when there is none. */
  reachRedis: async ({ redis }: Settings): Promise<string | undefined> =>
    redis.url === undefined ? undefined : tryRedis({ url: redis.url, keyPrefix: redis.key_prefix }),
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
  sealOffline: async (settings: Settings, credential: NewCredential): Promise<void> => {
    const lock = await acquireLock(settings.data_dir)
    try {
      const storage = await startStorageWorker({ url: databaseUrl(settings) })
      try {
        const { stores } = storage
        const master = await loadMasterKey({
          dataDir: settings.data_dir,
          given:
            settings.secrets.master_key === undefined ? undefined : new Secret(settings.secrets.master_key),
          mayCreate: async () => (await stores.purposeKeys.list()).length === 0,
        })
        const vault = await openVault(master, stores.purposeKeys)
        const { provider, label, secret, origin } = credential
        await createCredentials(stores.credentials, vault).put(provider, label, new Secret(secret), origin)
      } finally {
        await storage.stop()
      }
    } finally {
      lock.release()
    }
  },
})

export type CliActions = ReturnType<typeof cliActions>
