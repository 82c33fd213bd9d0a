import { closeSync, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { isLater, type LogFileName, listLogFiles } from './log-file-name.ts'

export interface TailOptions {
  /** Default `server`. */
  readonly name?: 'server' | 'cli'
  /** How many of the last lines come first. Default 10. */
  readonly lines?: number
  /** Go on with new lines until `signal` aborts. */
  readonly follow?: boolean
  readonly signal?: AbortSignal
  /** One line without its newline. */
  readonly onLine: (line: string) => void
  /** Milliseconds between two looks. Default 250. */
  readonly pollInterval?: number
}

const chunkSize = 64 * 1024
/** Bytes read at once. A file without a newline in so many is no log of ours. */
const maximumRead = 32 * 1024 * 1024

/**
 * The last lines of a log, across its files, oldest first; with `follow` also each new one, also when the log
 * goes on in another file. Returns when there is no more to come. A folder without logs has no lines.
 */
export const tailLog = async (dir: string, options: TailOptions): Promise<void> => {
  const name = options.name ?? 'server'
  const wanted = options.lines ?? 10
  const files = listLogFiles(dir, name)
  const cursor = new Cursor(dir, files.at(-1))
  const last = [...lastLines(cursor.path, wanted, cursor.position)]
  for (const { file } of files.slice(0, -1).reverse()) {
    if (last.length >= wanted) break
    last.unshift(...lastLines(join(dir, file), wanted - last.length))
  }
  for (const line of last) options.onLine(line)
  if (options.follow !== true) return

  while (options.signal?.aborted !== true) {
    // Listed before reading: when a later file was there already, what this read finds is the end of this one.
    const known = listLogFiles(dir, name)
    const lines = cursor.read()
    for (const line of lines) options.onLine(line)
    if (lines.length === 0 && !cursor.advance(known)) await pause(options.pollInterval ?? 250, options.signal)
  }
}

const pause = async (milliseconds: number, signal: AbortSignal | undefined): Promise<void> => {
  try {
    await wait(milliseconds, undefined, signal === undefined ? {} : { signal })
  } catch (error) {
    if (signal?.aborted !== true) throw error
  }
}

/** Where reading stands: a file, and how far its whole lines have been read. */
class Cursor {
  private offset: number
  private identity: string | undefined

  constructor(
    private readonly dir: string,
    private file: LogFileName | undefined,
  ) {
    const found = this.stat()
    this.identity = identityOf(found)
    this.offset = found === undefined ? 0 : endOfLastLine(this.path, found.size)
  }

  get path(): string {
    return join(this.dir, this.file?.file ?? '')
  }

  get position(): number {
    return this.offset
  }

  /** The whole lines that came since, oldest first. */
  read(): readonly string[] {
    const found = this.stat()
    if (found === undefined) return []
    // Made anew under the same name, or emptied: from the start.
    if (identityOf(found) !== this.identity || found.size < this.offset) this.offset = 0
    this.identity = identityOf(found)
    if (found.size === this.offset) return []
    const bytes = readBytes(this.path, this.offset, Math.min(found.size - this.offset, maximumRead))
    const end = bytes.lastIndexOf(10) + 1
    this.offset += end
    return splitLines(bytes.subarray(0, end))
  }

  /** Moves on to the next file, if there is one. */
  advance(files: readonly LogFileName[]): boolean {
    const current = this.file
    const next = current === undefined ? files[0] : files.find((known) => isLater(known, current))
    if (next === undefined) return false
    this.file = next
    this.offset = 0
    this.identity = identityOf(this.stat())
    return true
  }

  private stat(): Stats | undefined {
    return this.file === undefined ? undefined : statSync(this.path, { throwIfNoEntry: false })
  }
}

/** The inode alone will not do: a file system gives that of a deleted file to the next one. */
const identityOf = (found: Stats | undefined): string | undefined =>
  found === undefined ? undefined : `${found.ino} ${found.birthtimeMs}`

const endOfLastLine = (path: string, size: number): number => {
  for (let end = size; end > 0; end -= chunkSize) {
    const start = Math.max(0, end - chunkSize)
    const newline = readBytes(path, start, end - start).lastIndexOf(10)
    if (newline >= 0) return start + newline + 1
  }
  return 0
}

/** The last lines that end before `end`, which defaults to the file's size. */
const lastLines = (path: string, count: number, end = sizeOf(path)): readonly string[] => {
  const chunks: Buffer[] = []
  let newlines = 0
  for (let at = end; at > 0 && newlines <= count && end - at < maximumRead; at -= chunkSize) {
    const start = Math.max(0, at - chunkSize)
    const chunk = readBytes(path, start, at - start)
    for (const byte of chunk) if (byte === 10) newlines += 1
    chunks.unshift(chunk)
  }
  const bytes = Buffer.concat(chunks)
  const lines = splitLines(bytes.subarray(0, bytes.lastIndexOf(10) + 1))
  return lines.slice(Math.max(0, lines.length - count))
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

/** Fewer bytes where the file is shorter; none where it has just been deleted. */
const readBytes = (path: string, start: number, length: number): Buffer => {
  const descriptor = openIfThere(path)
  if (descriptor === undefined) return Buffer.alloc(0)
  try {
    const available = Math.max(0, Math.min(length, fstatSync(descriptor).size - start))
    const bytes = Buffer.alloc(available)
    return bytes.subarray(0, available === 0 ? 0 : readSync(descriptor, bytes, 0, available, start))
  } finally {
    closeSync(descriptor)
  }
}

const openIfThere = (path: string): number | undefined => {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

const splitLines = (bytes: Buffer): readonly string[] =>
  bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
