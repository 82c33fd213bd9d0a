/**
 * The ledger's own journal on disk: files of JSON lines, appended by the main thread before anything is sent
 * upstream. A write survives the death of the process; the storage Worker makes it survive power loss when the
 * database is away.
 */
import { closeSync, ftruncateSync, mkdirSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../errors.ts'
import { headerLine } from './ledger-line.ts'

/** One file of the spool. It is deleted when nothing in it is needed any more. */
export interface Segment {
  readonly path: string
}

export interface Spool {
  /**
   * Appends a line about an exchange that was opened at `openedAt`, and holds the segment. Throws
   * `gateway_storage_unavailable` when the disk refuses.
   */
  readonly append: (line: string, openedAt: number) => Segment
  /** One hold less. A finished segment that nobody holds is deleted. */
  readonly release: (segment: Segment) => void
  /** The segment has lines that are acknowledged and not in the database: keep it until they are replayed. */
  readonly keepForReplay: (segment: Segment) => void
  /** The oldest segment that waits for a replay, held for the caller; it no longer counts as waiting. */
  readonly takeForReplay: () => Segment | undefined
  readonly waitsForReplay: () => boolean
  /** Later lines go to a new segment: the current one may be damaged. */
  readonly rotate: () => void
  /** When the oldest exchange was opened that a segment tells of: nothing older is still open. */
  readonly since: () => number
  /** Closes the current file; removes the folder when nothing is left in it. */
  readonly close: () => void
}

interface SegmentState {
  /** When the oldest exchange in it was opened. */
  since: number
  /** Bytes written. */
  size: number
  holds: number
  waitsForReplay: boolean
}

export const spoolFolder = (dataDir: string, instance: string): string => join(dataDir, 'spool', instance)

export const createSpool = (folder: string, segmentBytes: number): Spool => {
  const segments = new Map<Segment, SegmentState>()
  let current: { readonly segment: Segment; readonly state: SegmentState; readonly file: number } | undefined
  let lastNumber = 0

  const start = () => {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    lastNumber += 1
    const segment = { path: join(folder, `${String(lastNumber).padStart(10, '0')}.jsonl`) }
    const state = { since: Number.POSITIVE_INFINITY, size: 0, holds: 0, waitsForReplay: false }
    // `ax`: never continue a file of an earlier run.
    current = { segment, state, file: openSync(segment.path, 'ax', 0o600) }
    segments.set(segment, state)
    write(current, `${headerLine()}\n`)
    return current
  }

  const rotate = () => {
    if (current === undefined) return
    const { segment, state, file } = current
    current = undefined
    closeSync(file)
    removeIfDone(segment, state)
  }

  const removeIfDone = (segment: Segment, state: SegmentState) => {
    if (state.holds > 0 || state.waitsForReplay || segment === current?.segment) return
    segments.delete(segment)
    rmSync(segment.path, { force: true })
  }

  return {
    append: (line, openedAt) => {
      try {
        if (current !== undefined && current.state.size >= segmentBytes) rotate()
        const { segment, state, file } = current ?? start()
        write({ state, file }, `${line}\n`)
        state.holds += 1
        state.since = Math.min(state.since, openedAt)
        return segment
      } catch (error) {
        rotate()
        throw new GatewayError(
          'gateway_storage_unavailable',
          'the ledger cannot write its spool: check the free space of the data folder',
          { cause: error },
        )
      }
    },
    release: (segment) => {
      const state = segments.get(segment)
      if (state === undefined) return
      state.holds -= 1
      removeIfDone(segment, state)
    },
    keepForReplay: (segment) => {
      const state = segments.get(segment)
      if (state !== undefined) state.waitsForReplay = true
    },
    takeForReplay: () => {
      for (const [segment, state] of segments) {
        if (!state.waitsForReplay) continue
        state.waitsForReplay = false
        state.holds += 1
        return segment
      }
      return undefined
    },
    waitsForReplay: () => segments.values().some((state) => state.waitsForReplay),
    rotate,
    since: () => Math.min(...segments.values().map((state) => state.since)),
    close: () => {
      rotate()
      if (segments.size === 0 && lastNumber > 0) rmdirSync(folder)
    },
  }
}

const write = ({ state, file }: { readonly state: SegmentState; readonly file: number }, text: string) => {
  const length = Buffer.byteLength(text)
  const written = writeSync(file, text)
  if (written < length) {
    // A disk that fills up takes a part of the line. Cut it off, or the next line would continue it.
    ftruncateSync(file, state.size)
    throw new Error(`the disk took ${written} of ${length} bytes`)
  }
  state.size += written
}
