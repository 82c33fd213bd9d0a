import { randomBytes } from 'node:crypto'
import { constants, copyFile, link, mkdir, open, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { GatewayError } from '../errors.ts'
import { type MasterKey, parseMasterKey } from './parse-master-key.ts'

/** The master key that counts when none is given from outside. */
export const masterKeyPath = (dataDir: string): string => join(dataDir, 'master.key')

/** Where a key lies by its id: before it is the one that counts, and ever after. Such a file is never moved. */
export const masterKeyPathOf = (dataDir: string, id: string): string => join(dataDir, `master.key.${id}`)

/** Undefined when there is no such file. Throws `vault_master_key_invalid` for one that others can read. */
export const readKeyFile = async (path: string): Promise<MasterKey | undefined> => {
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

/**
 * Writes a key that survives a power cut when this resolves, mode 0600, unless there is a file already. Written apart
 * and linked into place: nobody ever reads half a key, and the first of several writers wins.
 */
export const createKeyFile = async (folder: string, path: string, key: Uint8Array): Promise<void> => {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const draft = await writeDraft(path, key)
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

/** The same, in place of the file that is there: a reader sees the one or the other. */
export const replaceKeyFile = async (folder: string, path: string, key: Uint8Array): Promise<void> => {
  await rename(await writeDraft(path, key), path)
  await syncFolder(folder)
}

const writeDraft = async (path: string, key: Uint8Array): Promise<string> => {
  const draft = `${path}.${randomBytes(6).toString('hex')}.draft`
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(`${Buffer.from(key).toString('base64')}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  return draft
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
