import { accessSync, constants, existsSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { loadMasterKey, Secret } from '../../accounts/index.ts'
import type { Settings } from '../../settings.ts'
import { errorText } from '../output.ts'
import { type Finding, fine, remark, wrong } from './finding.ts'

/** Below this much free space the ledger may soon have nowhere to go. */
const leastSpace = 512 * 1024 ** 2

/** The data folder: there, writable, private, with space; and the master key in it. */
export const checkFolder = async ({ data_dir: folder, secrets }: Settings): Promise<readonly Finding[]> => {
  if (!existsSync(folder)) {
    const parent = existingParent(folder)
    const made = isWritable(parent)
      ? remark('data folder', `${folder} does not exist; the first start makes it`)
      : wrong(
          'data folder',
          `${folder} does not exist and ${parent} cannot be written to`,
          'choose another data_dir',
        )
    return [made, checkSpace(parent)]
  }
  return [checkAccess(folder), checkSpace(folder), await checkMasterKey(folder, secrets.master_key)]
}

const checkAccess = (folder: string): Finding => {
  const check = 'data folder'
  const found = statSync(folder)
  if (!found.isDirectory())
    return wrong(check, `${folder} is not a folder`, 'move it away or choose another data_dir')
  if (!isWritable(folder))
    return wrong(
      check,
      `${folder} cannot be written to`,
      'run the server as its owner, or choose another data_dir',
    )
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0)
    return remark(check, `${folder} can be looked into by other users`, `chmod 700 ${folder}`)
  return fine(check, folder)
}

const checkSpace = (folder: string): Finding => {
  const { bavail, bsize } = statfsSync(folder)
  const free = bavail * bsize
  const text = `${free >= 1024 ** 3 ? `${(free / 1024 ** 3).toFixed(1)} GB` : `${Math.floor(free / 1024 ** 2)} MB`} free`
  return free < leastSpace
    ? wrong('disk space', `${text} for ${folder}`, 'make room: without space nothing is answered')
    : fine('disk space', text)
}

const checkMasterKey = async (folder: string, given: string | undefined): Promise<Finding> => {
  const check = 'master key'
  const path = join(folder, 'master.key')
  if (given === undefined && !existsSync(path)) {
    return existsSync(join(folder, 'tollgate.db'))
      ? wrong(
          check,
          `${path} is missing, but there is a database`,
          'restore the file from a backup, or set TGW_MASTER_KEY',
        )
      : remark(check, 'none yet; the first start makes it')
  }
  try {
    const secret = given === undefined ? undefined : new Secret(given)
    const { id } = await loadMasterKey({
      dataDir: folder,
      given: secret,
      // The database is not asked here, and nothing is made.
      wrappedBy: async () => ['unknown'],
    })
    return fine(
      check,
      `${id}, from ${given === undefined ? `${path} (private)` : 'the environment or settings'}`,
    )
  } catch (error) {
    return wrong(
      check,
      errorText(error),
      'correct the mode of the file, restore it, or set the right TGW_MASTER_KEY',
    )
  }
}

/** A token that others can read lets them in. */
export const checkToken = (folder: string): readonly Finding[] => {
  const path = join(folder, 'cli.token')
  if (process.platform === 'win32' || !existsSync(path)) return []
  if ((statSync(path).mode & 0o077) !== 0)
    return [
      wrong(
        'command line token',
        `${path} can be read by other users`,
        'restart the server, which makes a new one',
      ),
    ]
  return readableText(path)
}

const readableText = (path: string): readonly Finding[] => {
  try {
    readFileSync(path)
    return []
  } catch {
    return [wrong('command line token', `${path} cannot be read`, 'run tgw as the user that runs the server')]
  }
}

const existingParent = (folder: string): string =>
  existsSync(folder) ? folder : existingParent(dirname(folder))

const isWritable = (folder: string): boolean => {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}
