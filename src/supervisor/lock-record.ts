import { linkSync, readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { isRecord, parseReadyInfo, type ReadyInfo } from './message.ts'
import { ownIdentity, type ProcessIdentity } from './process-identity.ts'

/** What a lock file says. */
export interface LockRecord extends ProcessIdentity {
  /** Tells this holding from every other. */
  readonly nonce: string
  /** Where the server answers, once it does. */
  readonly ready: ReadyInfo | undefined
}

/** How long a file that cannot be read may be one that is just being written. Milliseconds. */
const writingTime = 2000

export const ownRecord = (): LockRecord => ({
  ...ownIdentity(),
  nonce: crypto.randomUUID(),
  ready: undefined,
})

/** Undefined when there is no file. A damaged one reads as one whose holder is gone. */
export const readRecord = (path: string): LockRecord | 'being written' | undefined => {
  try {
    return parseRecord(readFileSync(path, 'utf8')) ?? damaged(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Makes the file, whole from its first moment, unless it exists. Says whether it did. */
export const createRecord = (path: string, record: LockRecord): boolean => {
  const draft = writeDraft(path, record)
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    return createInPlace(path, record)
  } finally {
    unlinkSync(draft)
  }
}

/** Puts the record where another is, at once: readers see the old or the new one. */
export const replaceRecord = (path: string, record: LockRecord): void =>
  renameSync(writeDraft(path, record), path)

export const removeRecord = (path: string): void => {
  try {
    unlinkSync(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}

/** For file systems without hard links. */
const createInPlace = (path: string, record: LockRecord): boolean => {
  try {
    writeFileSync(path, JSON.stringify(record), { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

const writeDraft = (path: string, record: LockRecord): string => {
  const draft = `${path}.${record.nonce}.draft`
  writeFileSync(draft, JSON.stringify(record), { mode: 0o600 })
  return draft
}

const damaged = (path: string): LockRecord | 'being written' =>
  Date.now() - statSync(path).mtimeMs < writingTime
    ? 'being written'
    : { pid: 0, startedAt: 0, kernelStart: undefined, nonce: 'damaged', ready: undefined }

const parseRecord = (text: string): LockRecord | undefined => {
  const value = parseJson(text)
  if (!isRecord(value)) return undefined
  const { pid, startedAt, kernelStart, nonce, ready } = value
  if (typeof pid !== 'number' || typeof startedAt !== 'number') return undefined
  // The nonce becomes part of a file's name.
  if (typeof nonce !== 'string' || !/^[\w-]{1,64}$/.test(nonce)) return undefined
  return {
    pid,
    startedAt,
    kernelStart: typeof kernelStart === 'string' ? kernelStart : undefined,
    nonce,
    ready: parseReadyInfo(ready),
  }
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined
