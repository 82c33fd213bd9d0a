import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** The folder with recorded traffic and tools that lies beside a checkout; undefined where it does not. */
export const sharedFolder = (): string | undefined => {
  const folder = process.env['TGW_SHARED'] ?? resolve(import.meta.dir, '../../../shared')
  return existsSync(join(folder, 'corpus')) ? folder : undefined
}

/** Says loudly what a run leaves out. */
export const announceSkip = (what: string, why: string): void => {
  console.warn(`SKIPPED: ${what} (${why})`)
}
