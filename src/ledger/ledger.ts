/**
 * The ledger as the data plane sees it. `open` writes one line to the spool before anything is sent upstream;
 * `close` resolves when the exchange is in the database, or, while that is away, synced in the spool.
 */
import { existsSync } from 'node:fs'
import { GatewayError } from '../errors.ts'
import type { AttemptRow, ClosedRow, OpenedRow } from './entry.ts'
import { createGroupCommit } from './group-commit.ts'
import { batchText, closedLine, openedLine } from './ledger-line.ts'
import { createRecovery } from './recovery.ts'
import { createSpool, type Segment, spoolFolder } from './spool.ts'
import type { LedgerWriter } from './write-store.ts'

export interface Ledger {
  /**
   * Records an exchange and what it reserves, before the upstream hears of it. Synchronous. Called again, it replaces
   * the reservation: the last word is what the exchange costs if nothing closes it. Throws `gateway_storage_unavailable` when the row cannot be written or too much waits.
   */
  readonly open: (row: OpenedRow) => void
  /**
   * Records how an exchange ended, with its upstream calls and the handles that it issued. Resolves when that is
   * durable; with `durability: async` at once, unless too much waits. Also for exchanges that were never opened.
   */
  readonly close: (
    row: ClosedRow,
    attempts: readonly AttemptRow[],
    handles?: readonly unknown[],
  ) => Promise<void>
  /** Takes the lease and adopts what dead instances left. Call once, before the first `open`. */
  readonly start: () => Promise<void>
  /** Prolongs the lease and ends orphans of dead instances. Runs by itself, at a third of the lease. */
  readonly maintain: () => Promise<void>
  /** Waits for what is pending and gives the lease back. What is open then is an orphan. */
  readonly stop: () => Promise<void>
  readonly status: () => LedgerStatus
}

export interface LedgerStatus {
  /** Where a close is made durable now; `stalled`: nowhere, so new exchanges are refused. */
  readonly state: 'database' | 'spool' | 'stalled'
  readonly open: number
  /** Closes (and late opens) that are not durable yet. */
  readonly pending: number
}

export interface LedgerOptions {
  readonly store: LedgerWriter
  readonly dataDir: string
  /** Unique for each start of a process. */
  readonly instance: string
  /** Instances that run in the same data folder now. Default none. */
  readonly siblings?: readonly string[]
  /** `commit` (default): a close resolves when durable. `async`: at once. */
  readonly durability?: 'commit' | 'async'
  /** With this many rows waiting, `open` refuses and every `close` waits. Default 10,000. */
  readonly maxPending?: number
  /** Rows of one transaction. Default 500. */
  readonly maxBatch?: number
  /** An exchange that is still open after this long is written to the database, in milliseconds. Default 250. */
  readonly sweepMs?: number
  /** Pause before a failed write is tried again, in milliseconds. Default 500. */
  readonly retryMs?: number
  /** An instance that is silent for this long is dead, in milliseconds. Default 30,000. */
  readonly leaseMs?: number
  /** Size at which a spool file is finished, in bytes. Default 4 MiB. */
  readonly segmentBytes?: number
  readonly now?: () => number
  /** Told about each failure, for the log. */
  readonly onProblem?: (message: string, error?: unknown) => void
}

interface OpenExchange {
  readonly segment: Segment
  readonly openedAt: number
  /** The line, until the database has it. */
  line: string | undefined
  /** The line is on its way. */
  queued: boolean
}

/** A line on its way to the database. */
interface Write {
  /** The exchange that was open; for a close it is not in the map any more. */
  readonly opened: OpenExchange | undefined
  readonly openedLine: string | undefined
  readonly closedLine: string | undefined
  readonly openedAt: number
  /** Where the closed line is in the spool. */
  segment: Segment | undefined
}

export const createLedger = (options: LedgerOptions): Ledger => {
  const { store, instance, maxPending = 10_000, retryMs = 500, leaseMs = 30_000 } = options
  const { now = Date.now, onProblem = () => {} } = options
  const folder = spoolFolder(options.dataDir, instance)
  const spool = createSpool(folder, options.segmentBytes ?? 4 * 1024 * 1024)
  const exchanges = new Map<string, OpenExchange>()
  const startedAt = now()
  /** What the last heartbeat promised: every later row is recorded as opened at this time or later. */
  let openSince = 0
  let stopped = false
  let sweeping: Timer | undefined
  let beating: Timer | undefined

  const recovery = createRecovery({ spool, store, retryMs, onProblem, onRecovered: () => scheduleSweep() })
  const commits = createGroupCommit<Write>({
    write: async (batch) => {
      const { lines, segments } = prepare(batch)
      const spooled = segments !== null
      const place = await store.append(batchText(lines, segments)).catch((error: unknown) => {
        if (spooled) distrustSpool(batch)
        throw error
      })
      for (const write of batch) settle(write, place)
      if (place === 'spool') recovery.start()
    },
    maxBatch: options.maxBatch ?? 500,
    retryMs,
    onError: (error) => onProblem('the ledger can write neither its database nor its spool', error),
  })

  /** Gives closes that the disk refused another chance; `segments` is null when one is still in no file. */
  const prepare = (batch: readonly Write[]) => {
    const lines: string[] = []
    const segments = new Set<string>()
    let spooled = true
    for (const write of batch) {
      if (write.openedLine !== undefined) lines.push(write.openedLine)
      if (write.closedLine === undefined) continue
      lines.push(write.closedLine)
      write.segment ??= tryToSpool(write.closedLine, write.openedAt)
      if (write.segment === undefined) spooled = false
      else segments.add(write.segment.path)
    }
    return { lines, segments: spooled ? [...segments] : null }
  }

  const tryToSpool = (line: string, openedAt: number): Segment | undefined => {
    try {
      return spool.append(line, openedAt)
    } catch (error) {
      onProblem('a ledger row goes to the database only', error)
      return undefined
    }
  }

  /** The files could not be synced: what they hold may be lost, so the next attempt writes it to a new one. */
  const distrustSpool = (batch: readonly Write[]) => {
    spool.rotate()
    for (const write of batch) {
      if (write.segment !== undefined) spool.release(write.segment)
      write.segment = undefined
    }
  }

  const settle = ({ opened, closedLine, segment }: Write, place: 'database' | 'spool') => {
    if (place === 'spool') {
      if (opened !== undefined) spool.keepForReplay(opened.segment)
      if (segment !== undefined) spool.keepForReplay(segment)
    }
    if (opened !== undefined && closedLine === undefined) {
      if (place === 'database') opened.line = undefined
      opened.queued = false
      return
    }
    if (opened !== undefined) spool.release(opened.segment)
    if (segment !== undefined) spool.release(segment)
  }

  /** Makes exchanges visible in the database that take longer than a moment. */
  const scheduleSweep = () => {
    sweeping ??= setTimeout(sweep, options.sweepMs ?? 250)
  }

  const sweep = () => {
    sweeping = undefined
    if (recovery.running()) return
    for (const opened of exchanges.values()) {
      const { line, openedAt, queued } = opened
      if (line === undefined || queued) continue
      opened.queued = true
      void commits.add({ opened, openedLine: line, closedLine: undefined, openedAt, segment: undefined })
    }
  }

  const beat = async () => {
    const time = now()
    openSince = Math.min(time, spool.since())
    await store.heartbeat({ instance, startedAt, leaseUntil: time + leaseMs, openSince })
  }

  const maintain = async () => {
    await beat()
    await store.sweepOrphans(now())
  }

  return {
    open: (row) => {
      if (stopped) throw new GatewayError('gateway_draining', 'the ledger has stopped')
      if (commits.pending() >= maxPending || commits.stalled()) throw overloaded(commits.pending())
      const openedAt = Math.max(row.at, openSince)
      const line = openedLine(openedAt === row.at ? row : { ...row, at: openedAt })
      const segment = spool.append(line, openedAt)
      const earlier = exchanges.get(row.exchange)
      exchanges.set(row.exchange, { segment, openedAt, line, queued: false })
      if (earlier !== undefined) spool.release(earlier.segment)
      scheduleSweep()
    },
    close: (row, attempts, handles = []) => {
      const opened = exchanges.get(row.exchange)
      exchanges.delete(row.exchange)
      const line = closedLine(row, attempts, handles)
      const openedAt = opened?.openedAt ?? row.openedAt
      const segment = tryToSpool(line, openedAt)
      const full = commits.pending() >= maxPending
      const durable = commits.add({ opened, openedLine: opened?.line, closedLine: line, openedAt, segment })
      return options.durability === 'async' && !full ? Promise.resolve() : durable
    },
    start: async () => {
      if (existsSync(folder)) {
        throw new GatewayError(
          'config_invalid',
          `the instance ${instance} ran before: each start needs a new id`,
        )
      }
      await beat()
      // Before the sweep: what the files know of an exchange is better than its reservation.
      const alive = [instance, ...(options.siblings ?? [])]
      const spoolRoot = spoolFolder(options.dataDir, '')
      const { lines, orphans } = await store.adopt({ spool: spoolRoot, alive, now: now() })
      if (lines > 0) onProblem(`replayed ${lines} ledger lines of an earlier run, ${orphans} orphans`)
      await store.sweepOrphans(now())
      beating = setInterval(
        () => maintain().catch((error) => onProblem('the ledger cannot prolong its lease', error)),
        leaseMs / 3,
      )
    },
    maintain,
    stop: async () => {
      if (stopped) return
      stopped = true
      clearInterval(beating)
      clearTimeout(sweeping)
      sweep()
      await commits.drained()
      await recovery.stop()
      spool.close()
      await store
        .release(instance, now())
        .catch((error) => onProblem('the ledger cannot give its lease back', error))
    },
    status: () => ({
      state: commits.stalled() ? 'stalled' : recovery.running() ? 'spool' : 'database',
      open: exchanges.size,
      pending: commits.pending(),
    }),
  }
}

const overloaded = (pending: number) =>
  new GatewayError(
    'gateway_storage_unavailable',
    `the ledger cannot keep up: ${pending} rows wait to be written`,
    { retryAfter: 1 },
  )
