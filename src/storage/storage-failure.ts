/**
 * What went wrong in a database, in words that a caller can act on.
 * - `away`: cannot be reached, did not answer in time, or was lost on the way. The outcome of a write is unknown.
 * - `full`: no space is left, or the disk fails.
 * - `busy`: another process held the write lock for too long.
 * - `unique`: a row with this key exists already.
 * - `other`: a defect, such as a wrong statement or a value that the database refuses.
 */
export type StorageFailure = 'away' | 'full' | 'busy' | 'unique' | 'other'

/** Names the failure behind anything that a database call threw. */
export const storageFailure = (error: unknown): StorageFailure => {
  if (!(error instanceof Error)) return 'other'
  const code = text(error, 'code')
  if (code.startsWith('SQLITE_')) return sqliteFailure(code)
  return postgresFailure(code, text(error, 'errno'))
}

/** A query did not finish within its deadline. Its connection is closed: whether it took effect is unknown. */
export class DeadlineError extends Error {
  readonly code = 'TOLLGATE_DEADLINE'

  constructor(milliseconds: number) {
    super(`the database did not answer within ${milliseconds} ms`)
    this.name = 'DeadlineError'
  }
}

const sqliteFailure = (code: string): StorageFailure => {
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return 'busy'
  if (code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY') return 'unique'
  if (code === 'SQLITE_FULL' || code.startsWith('SQLITE_IOERR') || code.startsWith('SQLITE_READONLY'))
    return 'full'
  if (code.startsWith('SQLITE_CANTOPEN')) return 'away'
  return 'other'
}

/** `sqlState` is PostgreSQL's five-character code: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const postgresFailure = (code: string, sqlState: string): StorageFailure => {
  if (code === 'TOLLGATE_DEADLINE') return 'away'
  if (sqlState === '23505') return 'unique'
  if (sqlState === '53100' || sqlState === '58030') return 'full'
  // 08 connection, 57P shutting down or crashed, 57014 cancelled, 53 out of resources, 25006 read-only standby.
  if (/^(08|57P|57014|53|25006)/.test(sqlState)) return 'away'
  // 40001 serialization failure, 40P01 deadlock, 55P03 lock not available.
  if (sqlState === '40001' || sqlState === '40P01' || sqlState === '55P03') return 'busy'
  if (/^ERR_POSTGRES_(CONNECTION|QUERY_CANCELLED|IDLE|LIFETIME|UNSAFE_TRANSACTION)/.test(code)) return 'away'
  return /^(ECONN|ENOTFOUND|EPIPE|ETIMEDOUT|EHOST|ENETUNREACH|ABORT_ERR|FailedToOpenSocket)/.test(code)
    ? 'away'
    : 'other'
}

const text = (error: Error, field: string): string => {
  const value: unknown = Reflect.get(error, field)
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
