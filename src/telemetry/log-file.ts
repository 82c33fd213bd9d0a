import { closeSync, fstatSync, mkdirSync, openSync, statSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { dayOf, listLogFiles, logFileName } from './log-file-name.ts'
import type { LogOutput } from './logger.ts'

export interface LogFileOptions {
  /** The folder; made (0700) when missing. */
  readonly dir: string
  /** `server` for the gateway, `cli` for the command line: each its own files. */
  readonly name: 'server' | 'cli'
  /** A file of this size is followed by the next. Bytes, default 64 MiB. */
  readonly maximumBytes?: number
  /** Files of older days are deleted. Default 14. */
  readonly keepDays?: number
  /** More files than this are deleted, oldest first. Default 50. */
  readonly keepFiles?: number
  /** Milliseconds since 1970. */
  readonly now?: () => number
  /** Takes the lines while the file takes none (disk full), after one notice. Default: standard error. */
  readonly fallback?: (lines: string) => void
}

export interface LogFile extends LogOutput {
  close(): void
}

/** How often the open file is compared with the one of its name: deleted, moved away, or grown by another process. */
const checkInterval = 1000
/** How long a file that failed is left alone. */
const retryInterval = 5000
const dayLength = 86_400_000

interface OpenFile {
  readonly descriptor: number
  readonly path: string
  readonly day: string
  readonly part: number
  size: number
  checkedAt: number
}

/**
 * A log on disk (0600), one file a day, more when they grow too large. Several processes may append to the same
 * log. Writes are synchronous: to the page cache, a few microseconds, and never lost at exit.
 */
export const createLogFile = (options: LogFileOptions): LogFile => {
  const now = options.now ?? Date.now
  const fallback = options.fallback ?? ((lines: string) => void process.stderr.write(lines))
  let file: OpenFile | undefined
  let failedAt: number | undefined
  let halfLine = false

  const write = (lines: string): void => {
    const time = now()
    if (failedAt !== undefined && time - failedAt < retryInterval) {
      fallback(lines)
      return
    }
    let rest = Buffer.from(lines)
    try {
      const current = open(time)
      // What failed in the middle of a line must not swallow the next one.
      if (halfLine) writeSync(current.descriptor, '\n')
      halfLine = false
      while (rest.length > 0) {
        const written = writeSync(current.descriptor, rest)
        halfLine = rest[written - 1] !== 10
        rest = rest.subarray(written)
        current.size += written
      }
      if (failedAt !== undefined) recovered(time)
    } catch (error) {
      failed(error, time, rest)
    }
  }

  const open = (time: number): OpenFile => {
    const day = dayOf(time)
    const maximum = options.maximumBytes ?? 64 * 1024 * 1024
    if (file !== undefined && fits(file, day, maximum, time)) return file
    close()
    file = openFor(options, day, time, maximum)
    try {
      deleteOld(options, file, time)
    } catch (error) {
      fallback(notice(time, 'old log file cannot be deleted', options.dir, error))
    }
    return file
  }

  const failed = (error: unknown, time: number, rest: Buffer): void => {
    if (failedAt === undefined)
      fallback(notice(time, 'log file cannot be written, logging to stderr', options.dir, error))
    failedAt = time
    fallback(rest.toString())
    close()
  }
  const recovered = (time: number): void => {
    failedAt = undefined
    fallback(notice(time, 'log file can be written again', options.dir))
  }
  const close = (): void => {
    const descriptor = file?.descriptor
    file = undefined
    if (descriptor !== undefined) closeSync(descriptor)
  }
  return { form: 'json', write, close }
}

/** Is the open file still the one for the next line: same day, not full, not deleted or moved away? */
const fits = (open: OpenFile, day: string, maximum: number, time: number): boolean => {
  if (open.day !== day) return false
  if (time - open.checkedAt >= checkInterval) check(open, time)
  return open.size < maximum
}

/** Brings the size up to date; a file that is no longer the one of its name counts as full. */
const check = (open: OpenFile, time: number): void => {
  open.checkedAt = time
  const held = fstatSync(open.descriptor)
  const named = statSync(open.path, { throwIfNoEntry: false })
  open.size = named?.ino === held.ino ? held.size : Number.POSITIVE_INFINITY
}

const openFor = (options: LogFileOptions, day: string, time: number, maximum: number): OpenFile => {
  mkdirSync(options.dir, { recursive: true, mode: 0o700 })
  let part = listLogFiles(options.dir, options.name).findLast((known) => known.day === day)?.part ?? 0
  for (;;) {
    const path = join(options.dir, logFileName(options.name, day, part))
    const descriptor = openSync(path, 'a', 0o600)
    const { size } = fstatSync(descriptor)
    if (size < maximum) return { descriptor, path, day, part, size, checkedAt: time }
    closeSync(descriptor)
    part += 1
  }
}

const deleteOld = (options: LogFileOptions, current: OpenFile, time: number): void => {
  const files = listLogFiles(options.dir, options.name)
  const firstKept = files.length - (options.keepFiles ?? 50)
  const oldestDay = dayOf(time - (options.keepDays ?? 14) * dayLength)
  files.forEach((known, index) => {
    const path = join(options.dir, known.file)
    if (path !== current.path && (index < firstKept || known.day < oldestDay)) deleteIfThere(path)
  })
}

/** Another process of ours may have deleted it in the same moment. */
const deleteIfThere = (path: string): void => {
  try {
    unlinkSync(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}

const notice = (time: number, message: string, dir: string, error?: unknown): string =>
  `${JSON.stringify({ level: 40, time, pid: process.pid, dir, code: codeOf(error), msg: message })}\n`

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined
