import { randomBytes } from 'node:crypto'
import { GatewayError } from '../errors.ts'
import {
  createKeyFile,
  masterKeyPath,
  masterKeyPathOf,
  readKeyFile,
  replaceKeyFile,
} from './master-key-file.ts'
import { type MasterKey, parseMasterKey } from './parse-master-key.ts'
import type { Secret } from './secret.ts'

export interface MasterKeySource {
  readonly dataDir: string
  /** The text of `TGW_MASTER_KEY`; it wins over the file. */
  readonly given?: Secret | undefined
  /** The text of `TGW_NEXT_MASTER_KEY`: taken in place of the given one when the database was sealed with it. */
  readonly next?: Secret | undefined
  /** Ids of the master keys that wrap what the database holds; none in an empty one. */
  readonly wrappedBy: () => Promise<readonly string[]>
}

/**
 * The given key, or the one in `<data_dir>/master.key`, which is made (32 random bytes in base64, mode 0600) when it is
 * missing and the database holds nothing. What fits the database wins: a rotation may have been cut off between its
 * commit and the exchange of the file, which is finished here. Throws `vault_master_key_invalid` for a malformed key, a
 * file that others can read, or a lost file.
 */
export const loadMasterKey = async (source: MasterKeySource): Promise<MasterKey> => {
  const { given, next } = source
  if (given === undefined) return loadFile(source)
  const key = parseMasterKey(given.reveal(), 'TGW_MASTER_KEY')
  if (next === undefined) return key
  const nextKey = parseMasterKey(next.reveal(), 'TGW_NEXT_MASTER_KEY')
  const wrappedBy = await source.wrappedBy()
  return !wrappedBy.includes(key.id) && wrappedBy.includes(nextKey.id) ? nextKey : key
}

const loadFile = async ({ dataDir, wrappedBy }: MasterKeySource): Promise<MasterKey> => {
  const path = masterKeyPath(dataDir)
  for (let attempt = 1; ; attempt += 1) {
    const [id] = await wrappedBy()
    const found = await readKeyFile(path)
    if (id === undefined) return found ?? createMasterKey(dataDir, path)
    if (found?.id === id) return found
    const fitting = await readKeyFile(masterKeyPathOf(dataDir, id))
    if (fitting?.id === id) {
      await adoptMasterKey(dataDir, fitting)
      return fitting
    }
    // A rotation may have come in between the two looks. After that it is the wrong key, as the vault will say.
    if (attempt < 3) continue
    if (found !== undefined) return found
    throw invalid(
      `${path} is missing, but the database holds values sealed with it: restore the file from a backup or set TGW_MASTER_KEY`,
    )
  }
}

/** Makes this the key of the file. The one before stays beside it, by its id: backups of the database may need it. */
export const adoptMasterKey = async (dataDir: string, { key }: MasterKey): Promise<void> => {
  const path = masterKeyPath(dataDir)
  const before = await readKeyFile(path)
  if (before !== undefined)
    await createKeyFile(dataDir, masterKeyPathOf(dataDir, before.id), before.key.export())
  await replaceKeyFile(dataDir, path, key.export())
}

const createMasterKey = async (dataDir: string, path: string): Promise<MasterKey> => {
  await createKeyFile(dataDir, path, randomBytes(32)).catch((error: unknown) => {
    throw invalid(`${path} cannot be made: check that the folder can be written to and has space`, error)
  })
  const made = await readKeyFile(path)
  if (made === undefined)
    throw invalid(`${path} vanished while it was made: check who else writes to this folder`)
  return made
}

const invalid = (message: string, cause?: unknown): GatewayError =>
  new GatewayError('vault_master_key_invalid', message, { cause })
