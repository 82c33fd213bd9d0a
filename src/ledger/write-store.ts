/** The writing half of the ledger's store. Runs in the storage Worker; every method is called across threads. */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { GatewayError } from '../errors.ts'
import { type Database, storageFailure } from '../storage/index.ts'
import { createBatchWriter, type HandleWriter } from './batch-store.ts'
import { parseBatch } from './ledger-line.ts'
import { closeOrphans } from './orphan-store.ts'
import { keepRejected, readSpool, type SpoolPart, spoolFiles, syncFiles } from './spool-file.ts'

export interface LedgerWriter {
  /**
   * Stores a `batchText`. Answers where its lines are safe: in the database, or, when that is away, in the spool
   * files that it names, which are synced then. Throws `gateway_storage_unavailable` when neither takes them.
   */
  readonly append: (batch: string) => Promise<'database' | 'spool'>
  /** Stores every line of a spool file. Throws while the database is away. Answers the number of lines. */
  readonly replay: (path: string) => Promise<number>
  /** Stores what dead instances left in this data folder, ends their open exchanges, and removes their files. */
  readonly adopt: (request: AdoptRequest) => Promise<AdoptReport>
  /** Prolongs the lease of a running instance. */
  readonly heartbeat: (beat: Heartbeat) => Promise<void>
  /** Ends the open exchanges of every instance whose lease ran out. Answers how many this call ended. */
  readonly sweepOrphans: (now: number) => Promise<number>
  /** An instance stops: what it left open is orphaned by the next sweep, without waiting for its lease. */
  readonly release: (instance: string, now: number) => Promise<void>
}

export interface Heartbeat {
  readonly instance: string
  readonly startedAt: number
  readonly leaseUntil: number
  /** Nothing that this instance opened before this time is still open. */
  readonly openSince: number
}

export interface AdoptRequest {
  /** The folder `spool` in a data folder that this process has locked: whoever else wrote there is dead … */
  readonly spool: string
  /** … but for these instances, its own among them. */
  readonly alive: readonly string[]
  readonly now: number
}

export interface AdoptReport {
  readonly lines: number
  readonly orphans: number
}

export interface LedgerWriterOptions {
  readonly writeHandles?: HandleWriter
  readonly now?: () => number
  /** The longest wait for PostgreSQL before the spool takes over, in milliseconds. Default 3,000. */
  readonly deadlineMs?: number
  /** Makes each commit and each sync this much slower, to measure with a slow disk. Default 0. */
  readonly fsyncDelayMs?: number
  /** Told what went wrong where no caller can be told, for the log. */
  readonly onProblem?: (message: string, error?: unknown) => void
}

export const createLedgerWriter = (database: Database, options: LedgerWriterOptions = {}): LedgerWriter => {
  const { now = Date.now, deadlineMs = 3_000, fsyncDelayMs = 0, onProblem = () => {} } = options
  const writeHandles =
    options.writeHandles ??
    (() => Promise.reject(new Error('the ledger got handles and has no writer for them')))
  const write = createBatchWriter(database, { writeHandles, now, deadlineMs, fsyncDelayMs })
  /** Set by a failed append, reset by a replay that succeeds: nobody waits for the database twice. */
  let away = false

  const replay = async (path: string): Promise<number> => {
    let count = 0
    for await (const part of readSpool(path, replayLines, onProblem)) {
      try {
        await write(part.parse(part.lines, true))
      } catch (error) {
        if (isTemporary(error)) throw error
        await replayOneByOne(path, part)
      }
      count += part.lines.length
    }
    away = false
    return count
  }

  /** One line that the database refuses must not hold up the others. */
  const replayOneByOne = async (path: string, part: SpoolPart): Promise<void> => {
    for (const line of part.lines) {
      const batch = part.parse([line], false)
      try {
        await write(batch)
      } catch (error) {
        if (isTemporary(error)) throw error
        const kept = await keepRejected(dirname(dirname(path)), line)
        onProblem(`the database refuses a ledger line: it is kept in ${kept}`, error)
        // What an exchange cost matters more than the handles that came with it.
        if (batch.handles.length > 0) await write({ ...batch, handles: [] }).catch(throwIfTemporary)
      }
    }
  }

  return {
    append: async (text) => {
      const { batch, segments } = parseBatch(text)
      if (!away) {
        try {
          await write(batch)
          return 'database'
        } catch (error) {
          away = isTemporary(error)
          onProblem('the ledger cannot write to the database: the spool takes over', error)
        }
      }
      if (segments === null) {
        throw new GatewayError(
          'gateway_storage_unavailable',
          'neither the database nor the spool takes ledger rows: check the database and the free space',
        )
      }
      if (fsyncDelayMs > 0 && segments.length > 0) Bun.sleepSync(fsyncDelayMs)
      syncFiles(segments)
      return 'spool'
    },
    replay,
    adopt: async ({ spool, alive, now }) => {
      const report = { lines: 0, orphans: 0 }
      for (const instance of deadInstances(spool, alive)) {
        const folder = join(spool, instance)
        for (const path of spoolFiles(folder)) report.lines += await replay(path)
        const known = await database.kysely
          .selectFrom('instances')
          .select(['lease_until', 'open_since'])
          .where('instance', '=', instance)
          .executeTakeFirst()
        report.orphans += await closeOrphans(database.kysely, {
          instance,
          openSince: Number(known?.open_since ?? 0n),
          lastAlive: Math.min(now, Number(known?.lease_until ?? now)),
        })
        await database.kysely.deleteFrom('instances').where('instance', '=', instance).execute()
        rmSync(folder, { recursive: true, force: true })
      }
      return report
    },
    heartbeat: async ({ instance, startedAt, leaseUntil, openSince }) => {
      const lease = { lease_until: leaseUntil, open_since: openSince }
      await database.kysely
        .insertInto('instances')
        .values({ instance, started_at: startedAt, ...lease })
        .onConflict((conflict) => conflict.column('instance').doUpdateSet(lease))
        .execute()
    },
    sweepOrphans: async (now) => {
      const dead = await database.kysely
        .selectFrom('instances')
        .selectAll()
        .where('lease_until', '<', BigInt(now))
        .execute()
      let orphans = 0
      for (const { instance, lease_until, open_since } of dead) {
        const lastAlive = Number(lease_until)
        orphans += await closeOrphans(database.kysely, { instance, openSince: Number(open_since), lastAlive })
        await database.kysely
          .deleteFrom('instances')
          .where('instance', '=', instance)
          // Unless it came back to life meanwhile.
          .where('lease_until', '=', lease_until)
          .execute()
      }
      return orphans
    },
    release: async (instance, now) => {
      await database.kysely
        .updateTable('instances')
        .set({ lease_until: now })
        .where('instance', '=', instance)
        .execute()
    },
  }
}

const replayLines = 250

/** Will the same write succeed later? If not, the row is at fault. */
const isTemporary = (error: unknown): boolean => {
  const failure = storageFailure(error)
  return failure === 'away' || failure === 'full' || failure === 'busy'
}

const throwIfTemporary = (error: unknown): void => {
  if (isTemporary(error)) throw error
}

const deadInstances = (spool: string, alive: readonly string[]): readonly string[] =>
  existsSync(spool)
    ? readdirSync(spool, { withFileTypes: true })
        .filter((item) => item.isDirectory() && !alive.includes(item.name))
        .map((item) => item.name)
    : []
