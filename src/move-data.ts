/** Everything that a stopped server holds, moved between databases or into a folder. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from './errors.ts'
import { databaseUrl, type Settings } from './settings.ts'
import {
  copyDatabase,
  type Database,
  exportToFolder,
  importFromFolder,
  openDatabase,
  type TableSummary,
} from './storage/index.ts'
import { acquireLock } from './supervisor/index.ts'

export interface MoveOptions {
  /** Whose data folder must not be in use, and whose database is meant where none is named. */
  readonly settings: Settings
  /** The operator says that nobody uses the databases: the data folder is not locked. */
  readonly unlocked?: boolean
}

export interface MoveResult {
  readonly tables: readonly TableSummary[]
}

export const dataMoves = {
  /** Throws `conflict` while a server runs in the data folder, or for a folder with something in it. */
  exportData: (options: MoveOptions, from: string | undefined, folder: string): Promise<MoveResult> =>
    alone(options, () =>
      withDatabase(sourceUrl(from ?? databaseUrl(options.settings)), (database) =>
        exportToFolder(database, folder),
      ),
    ),
  importData: (
    options: MoveOptions,
    folder: string,
    to: string | undefined,
    replace: boolean,
  ): Promise<MoveResult> =>
    alone(options, () =>
      withDatabase(to ?? databaseUrl(options.settings), async (database) => ({
        tables: await importFromFolder(database, folder, { replace }),
      })),
    ),
  copyData: (options: MoveOptions, from: string, to: string, replace: boolean): Promise<MoveResult> => {
    if (from === to)
      throw new GatewayError('gateway_request_invalid', '--from and --to name the same database')
    return alone(options, () =>
      withDatabase(sourceUrl(from), (source) =>
        withDatabase(to, async (target) => ({ tables: await copyDatabase(source, target, { replace }) })),
      ),
    )
  },
}

const alone = async <T>({ settings, unlocked = false }: MoveOptions, work: () => Promise<T>): Promise<T> => {
  if (unlocked) return work()
  const lock = await acquireLock(settings.data_dir)
  try {
    refuseSpool(settings.data_dir)
    return await work()
  } finally {
    lock.release()
  }
}

const withDatabase = async <T>(url: string, work: (database: Database) => Promise<T>): Promise<T> => {
  const database = await openDatabase(url, { deadlineMs: statementMs })
  try {
    return await work(database)
  } finally {
    await database.close()
  }
}

/** A page of rows, or sorting a large table, takes a while on a slow disk. */
const statementMs = 10 * 60_000

/** SQLite would make a file that is not there. */
const sourceUrl = (url: string): string => {
  if (url.startsWith('sqlite:') && !existsSync(url.slice('sqlite:'.length)))
    throw new GatewayError('not_found', `there is no database ${url.slice('sqlite:'.length)}`)
  return url
}

/** Rows of the ledger that did not reach the database yet would stay behind. */
const refuseSpool = (dataDir: string): void => {
  const spool = join(dataDir, 'spool')
  const left = existsSync(spool)
    ? readdirSync(spool, { recursive: true, withFileTypes: true }).filter((item) => item.isFile())
    : []
  if (left.length > 0)
    throw new GatewayError(
      'conflict',
      `${spool} holds rows of the ledger that the database has not: start the server with its old database once, and stop it with \`tgw stop\``,
    )
}
