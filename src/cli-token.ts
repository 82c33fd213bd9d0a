import { randomBytes, timingSafeEqual } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The token with which the command line on this machine talks to this server, as long as the server runs. */
export interface CliToken {
  matches(presented: string): boolean
  remove(): void
}

const fileName = 'cli.token'

/** Makes a new one and leaves it in the data folder, readable by its owner only. */
export const createCliToken = (dataDir: string): CliToken => {
  const token = `tgw-cli-${randomBytes(24).toString('hex')}`
  const path = join(dataDir, fileName)
  // An existing file keeps its mode, so it goes first.
  rmSync(path, { force: true })
  writeFileSync(path, token, { mode: 0o600, flag: 'wx' })
  const expected = Buffer.from(token)
  return {
    matches(presented) {
      const given = Buffer.from(presented)
      return given.length === expected.length && timingSafeEqual(given, expected)
    },
    remove() {
      // A worker that took over has left its own.
      if (readIfThere(path) === token) rmSync(path, { force: true })
    },
  }
}

const readIfThere = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
