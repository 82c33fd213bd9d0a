import { randomBytes, timingSafeEqual } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { State } from './state/index.ts'

/** The token with which the command line on this machine talks to this server, as long as the server runs. */
export interface CliToken {
  matches(presented: string): boolean
  remove(): void
}

const fileName = 'cli.token'

/** What the workers of this machine share. */
type Shared = Pick<State, 'get' | 'set'>

/** Longer than any supervisor runs, in milliseconds. */
const lifetime = 10 * 365 * 86_400_000

/**
 * Makes a new one, or takes the one that the other workers have, and leaves it in the data folder, readable by its
 * owner only.
 */
export const createCliToken = async (dataDir: string, shared: Shared): Promise<CliToken> => {
  const known = await shared.get('cli-token')
  const token = known ?? `tgw-cli-${randomBytes(24).toString('hex')}`
  if (known === undefined) await shared.set('cli-token', token, lifetime)
  const path = join(dataDir, fileName)
  // Whole from its first moment, since others may read it now; a new file, since an existing one keeps its mode.
  const draft = `${path}.${process.pid}`
  rmSync(draft, { force: true })
  writeFileSync(draft, token, { mode: 0o600, flag: 'wx' })
  renameSync(draft, path)
  const expected = Buffer.from(token)
  return {
    matches(presented) {
      const given = Buffer.from(presented)
      return given.length === expected.length && timingSafeEqual(given, expected)
    },
    remove() {
      // A single worker that took over has left its own.
      if (readIfThere(path) === token) rmSync(path, { force: true })
    },
  }
}

/** For a supervisor of several workers: the token ends with it. */
export const removeCliToken = (dataDir: string): void => rmSync(join(dataDir, fileName), { force: true })

const readIfThere = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
