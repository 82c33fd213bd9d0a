import { type ReservedSQL, SQL } from 'bun'
import { DeadlineError } from './storage-failure.ts'

export interface PostgresResult {
  /** One object per row; every int8 is a bigint. */
  readonly rows: readonly unknown[]
  /** Rows written, or rows returned when nothing was written. */
  readonly count: number
  readonly command: string | null
}

/** One connection, ours until released. After a missed deadline it is closed and every further query fails. */
export interface PostgresConnection {
  readonly query: (text: string, parameters?: readonly unknown[]) => Promise<PostgresResult>
  readonly release: () => Promise<void>
}

export interface PostgresPool {
  readonly connect: (deadlineMs?: number) => Promise<PostgresConnection>
  readonly close: () => Promise<void>
}

export interface PostgresSettings {
  /** Each query, and each wait for a connection, ends after this long. Bun's client has no limit of its own. */
  readonly deadlineMs: number
  readonly connections: number
  readonly readOnly: boolean
}

export const openPostgresPool = (url: string, settings: PostgresSettings): PostgresPool => {
  const sql = new SQL(url, {
    max: settings.connections,
    bigint: true,
    connectionTimeout: Math.max(1, Math.ceil(settings.deadlineMs / 1000)),
    connection: {
      application_name: 'tollgate',
      ...(settings.readOnly ? { default_transaction_read_only: 'on' } : {}),
    },
  })
  return {
    connect: async (deadlineMs = settings.deadlineMs) => {
      const controller = new AbortController()
      const timer = setTimeout(() => controller.abort(new DeadlineError(deadlineMs)), deadlineMs)
      try {
        return boundConnection(await sql.reserve({ signal: controller.signal }), deadlineMs)
      } finally {
        clearTimeout(timer)
      }
    },
    close: () => sql.close({ timeout: 1 }),
  }
}

const boundConnection = (reserved: ReservedSQL, deadlineMs: number): PostgresConnection => {
  let usable = true
  const giveUp = () => {
    usable = false
    // Closing is the only way to stop waiting: a frozen server never answers a cancel request either.
    reserved.close({ timeout: 0 }).catch(() => {})
  }
  return {
    query: async (text, parameters = []) => {
      if (!usable) throw new DeadlineError(deadlineMs)
      let timer: Timer | undefined
      const deadline = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          giveUp()
          reject(new DeadlineError(deadlineMs))
        }, deadlineMs)
      })
      try {
        const rows = await Promise.race([reserved.unsafe(text, [...parameters]), deadline])
        return { rows, count: rows.count, command: rows.command }
      } finally {
        clearTimeout(timer)
      }
    },
    release: async () => {
      if (usable) await reserved.release()
      usable = false
    },
  }
}
