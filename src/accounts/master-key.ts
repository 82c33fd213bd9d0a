import { createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto'
import { constants, copyFile, link, mkdir, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { GatewayError } from '../errors.ts'
import type { Secret } from './secret.ts'

/** The key that wraps the purpose keys. `id` names it in rows and messages and reveals nothing of it. */
export interface MasterKey {
  readonly id: string
  readonly key: KeyObject
}

export interface MasterKeySource {
  readonly dataDir: string
  /** The text of `TGW_MASTER_KEY`; it wins over the file. */
  readonly given?: Secret | undefined
  /**
   * Asked only when there is neither: may a new key be made? Answer false when the database already holds what
   * an earlier key wrapped, so that a lost file is reported instead of covered by a useless new one.
   */
  readonly mayCreate: () => Promise<boolean>
}

/**
 * The given key, or the one in `<data_dir>/master.key`, which is made (32 random bytes in base64, mode 0600) when
 * it is missing. Throws `vault_master_key_invalid` for a malformed key, a file that others can read, or a lost file.
 */
export const loadMasterKey = async (source: MasterKeySource): Promise<MasterKey> => {
  if (source.given !== undefined) return parseMasterKey(source.given.reveal(), 'TGW_MASTER_KEY')
  const path = join(source.dataDir, 'master.key')
  const found = await readKeyFile(path)
  if (found !== undefined) return found
  if (!(await source.mayCreate())) {
    throw invalid(
      `${path} is missing, but the database holds values sealed with it: restore the file from a backup or set TGW_MASTER_KEY`,
    )
  }
  await createKeyFile(source.dataDir, path).catch((error: unknown) => {
    throw invalid(`${path} cannot be made: check that the folder can be written to and has space`, error)
  })
  const made = await readKeyFile(path)
  if (made === undefined)
    throw invalid(`${path} vanished while it was made: check who else writes to this folder`)
  return made
}

/** Reads 32 bytes in base64, base64url or hex. `place` stands for the text in messages. */
export const parseMasterKey = (text: string, place: string): MasterKey => {
  const bytes = decode(text.trim())
  if (bytes?.length !== 32) {
    throw invalid(
      `${place} is not a master key: give 32 random bytes in base64, as \`openssl rand -base64 32\` prints them`,
    )
  }
  const key = createSecretKey(bytes)
  return { id: Buffer.from(hkdfSync('sha256', key, '', 'tollgate master key id', 8)).toString('hex'), key }
}

const decode = (text: string): Buffer | undefined => {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, 'hex')
  return /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : undefined
}

const readKeyFile = async (path: string): Promise<MasterKey | undefined> => {
  const file = await open(path, 'r').catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return undefined
    throw invalid(
      `${path} cannot be read: check that the file belongs to the user that runs the gateway`,
      error,
    )
  })
  if (file === undefined) return undefined
  try {
    // The opened file is asked, not the path, which could be exchanged in between.
    const { mode } = await file.stat()
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw invalid(
        `${path} can be used by other users of this machine: run \`chmod 600\` on it and start again`,
      )
    }
    return parseMasterKey(await file.readFile('utf8'), path)
  } finally {
    await file.close()
  }
}

/** Written apart and linked into place: nobody ever reads half a key, and the first of several starts wins. */
const createKeyFile = async (folder: string, path: string): Promise<void> => {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(`${randomBytes(32).toString('base64')}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  try {
    // Some file systems know no links; there a crash in the middle may leave a file that is reported as malformed.
    await link(draft, path).catch((error: unknown) => {
      if (isErrno(error, 'EEXIST')) throw error
      return copyFile(draft, path, constants.COPYFILE_EXCL)
    })
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error
  } finally {
    await unlink(draft)
  }
  await syncFolder(folder)
}

/** Makes the new name durable, before anything that the key wraps is; Windows has no such call. */
const syncFolder = async (folder: string): Promise<void> => {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const isErrno = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code

const invalid = (message: string, cause?: unknown): GatewayError =>
  new GatewayError('vault_master_key_invalid', message, { cause })
