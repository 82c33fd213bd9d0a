import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { GatewayError } from '../errors.ts'
import {
  createRecord,
  type LockRecord,
  ownRecord,
  readRecord,
  removeRecord,
  replaceRecord,
} from './lock-record.ts'
import type { ReadyInfo } from './message.ts'
import { isRunning, type ProcessIdentity } from './process-identity.ts'

/** A data folder that this process holds. */
export interface HeldLock {
  /** Tells others where the server answers; undefined while it does not. */
  update(ready: ReadyInfo | undefined): void
  /** Lets go; safe to call again, and when the file is another's by now. */
  release(): void
}

/** Who holds a data folder. `ready` is undefined while the server does not answer. */
export type LockHolder = ProcessIdentity & { readonly ready: ReadyInfo | undefined }

/** How long to wait for another start that is in the middle of taking the lock. Milliseconds. */
const patience = 5000
/** Files that a start killed in the middle has left behind are removed after this many milliseconds. */
const litterAge = 60_000

/**
 * Takes the data folder for this process, so that no second server shares it or its port in silence. The folder
 * is made (0700) when missing. A lock whose holder has died is taken over. `conflict` when its holder runs.
 */
export const acquireLock = async (dataDir: string): Promise<HeldLock> => {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const path = lockPath(dataDir)
  const mine = ownRecord()
  for (const deadline = Date.now() + patience; Date.now() < deadline; await Bun.sleep(20)) {
    if (createRecord(path, mine)) return hold(path, mine)
    const found = readRecord(path)
    if (found === undefined || found === 'being written') continue
    if (isRunning(found)) throw alreadyRuns(found, dataDir)
    if (takeOver(path, found, mine)) return hold(path, mine)
  }
  throw new GatewayError('conflict', `other starts compete for the data folder ${dataDir}: try again`)
}

/** Who holds the data folder now; undefined when nobody does or the holder has died. */
export const lockHolder = (dataDir: string): LockHolder | undefined => {
  const found = readRecord(lockPath(dataDir))
  return found === undefined || found === 'being written' || !isRunning(found) ? undefined : found
}

const lockPath = (dataDir: string): string => join(dataDir, 'tollgate.lock')

/**
 * Puts `mine` in the place of a dead holder's record. Two starts may see the same dead holder; only the one that
 * makes the file named after that holder's nonce may replace it, and it looks again after having made it, since
 * the other may have been through already. If it dies in between, its claim is taken over in the same way.
 */
const takeOver = (path: string, dead: LockRecord, mine: LockRecord): boolean => {
  const claim = `${path}.${dead.nonce}`
  if (!makeClaim(claim, mine)) return false
  const present = readRecord(path)
  const unchanged = typeof present === 'object' && present.nonce === dead.nonce
  if (unchanged) replaceRecord(path, mine)
  removeRecord(claim)
  return unchanged
}

const makeClaim = (claim: string, mine: LockRecord): boolean => {
  if (createRecord(claim, mine)) return true
  const other = readRecord(claim)
  if (other === undefined || other === 'being written' || isRunning(other)) return false
  return takeOver(claim, other, mine)
}

const hold = (path: string, mine: LockRecord): HeldLock => {
  removeLitter(path)
  const isMine = (): boolean => {
    const present = readRecord(path)
    return present === undefined || (typeof present === 'object' && present.nonce === mine.nonce)
  }
  let released = false
  return {
    update: (ready) => {
      if (!released && isMine()) replaceRecord(path, { ...mine, ready })
    },
    release: () => {
      if (!released && isMine()) removeRecord(path)
      released = true
    },
  }
}

const removeLitter = (path: string): void => {
  for (const file of readdirSync(dirname(path))) {
    if (!file.startsWith(`${basename(path)}.`)) continue
    const litter = join(dirname(path), file)
    const found = statSync(litter, { throwIfNoEntry: false })
    if (found !== undefined && Date.now() - found.mtimeMs > litterAge) removeRecord(litter)
  }
}

const alreadyRuns = ({ pid, ready }: LockRecord, dataDir: string): GatewayError => {
  const ports = Object.values(ready?.ports ?? {})
  const where = ports.length === 0 ? '' : `, port ${ports.join(', ')}`
  return new GatewayError(
    'conflict',
    `tollgate runs already in ${dataDir} (pid ${pid}${where}): stop it with \`tgw stop\` or choose another data_dir`,
  )
}
