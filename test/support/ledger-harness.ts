/** A ledger on a real database, with its store within reach. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createLedger,
  createLedgerStore,
  type Ledger,
  type LedgerOptions,
  type LedgerStore,
  type LedgerWriterOptions,
} from '../../src/ledger/index.ts'
import { type Database, type DatabaseOptions, openDatabase } from '../../src/storage/index.ts'

export interface LedgerHarness {
  readonly database: Database
  readonly store: LedgerStore
  readonly ledger: Ledger
  readonly dataDir: string
  readonly problems: string[]
  /** Names of the spool files of this ledger's instance. */
  readonly spoolFiles: () => readonly string[]
  readonly close: () => Promise<void>
}

export interface HarnessOptions {
  readonly url: string
  readonly dataDir?: string
  readonly ledger?: Partial<LedgerOptions>
  readonly store?: LedgerWriterOptions
  readonly database?: DatabaseOptions
  /** Stands between the ledger and its store. */
  readonly wrap?: (store: LedgerStore) => LedgerStore
}

export const startLedger = async (options: HarnessOptions): Promise<LedgerHarness> => {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'tollgate-ledger-'))
  const problems: string[] = []
  const onProblem = (message: string, error?: unknown) => {
    problems.push(error === undefined ? message : `${message}: ${error}`)
  }
  const database = await openDatabase(options.url, options.database)
  const store = createLedgerStore(database, { onProblem, ...options.store })
  const instance = options.ledger?.instance ?? 'instance-1'
  const ledger = createLedger({
    store: options.wrap?.(store) ?? store,
    dataDir,
    instance,
    retryMs: 20,
    now: () => 1_000,
    onProblem,
    ...options.ledger,
  })
  await ledger.start()
  const folder = join(dataDir, 'spool', instance)
  return {
    database,
    store,
    ledger,
    dataDir,
    problems,
    spoolFiles: () => {
      try {
        return readdirSync(folder)
      } catch {
        return []
      }
    },
    close: async () => {
      await ledger.stop()
      await database.close()
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** Looks again until it is true. Fails after `milliseconds`. */
export const until = async (
  isTrue: () => boolean | Promise<boolean>,
  milliseconds = 10_000,
): Promise<void> => {
  const deadline = performance.now() + milliseconds
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`still not true after ${milliseconds} ms: ${isTrue}`)
    await Bun.sleep(5)
  }
}

export interface LedgerCounts {
  readonly opened: number
  readonly attempts: number
  readonly closed: number
  readonly orphaned: number
  readonly corrections: number
}

/** Rows of each table. */
export const countRows = async ({ kysely }: Database): Promise<LedgerCounts> => {
  const count = async (
    table: 'exchange_opened' | 'exchange_attempts' | 'exchange_closed' | 'exchange_corrections',
  ) => {
    const row = await kysely
      .selectFrom(table)
      .select((builder) => builder.fn.countAll<bigint>().as('count'))
      .executeTakeFirstOrThrow()
    return Number(row.count)
  }
  const orphans = await kysely
    .selectFrom('exchange_closed')
    .select((builder) => builder.fn.countAll<bigint>().as('count'))
    .where('outcome', '=', 'orphaned')
    .executeTakeFirstOrThrow()
  return {
    opened: await count('exchange_opened'),
    attempts: await count('exchange_attempts'),
    closed: await count('exchange_closed'),
    orphaned: Number(orphans.count),
    corrections: await count('exchange_corrections'),
  }
}
