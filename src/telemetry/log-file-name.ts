import { readdirSync } from 'node:fs'

/** One file of a log: `server-2026-11-21.log`, then `server-2026-11-21.1.log`, … The day is UTC. */
export interface LogFileName {
  readonly file: string
  /** `YYYY-MM-DD`. */
  readonly day: string
  /** 0 for the first file of a day. */
  readonly part: number
}

const shape = /^(.+)-(\d{4}-\d{2}-\d{2})(?:\.(\d{1,6}))?\.log$/

export const logFileName = (name: string, day: string, part: number): string =>
  `${name}-${day}${part === 0 ? '' : `.${part}`}.log`

export const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10)

/** The files of one log, oldest first. A missing folder has none. */
export const listLogFiles = (dir: string, name: string): readonly LogFileName[] => {
  const found: LogFileName[] = []
  for (const file of readFolder(dir)) {
    const match = shape.exec(file)
    if (match?.[1] === name && match[2] !== undefined)
      found.push({ file, day: match[2], part: Number(match[3] ?? 0) })
  }
  return found.sort((a, b) => (isLater(a, b) ? 1 : isLater(b, a) ? -1 : 0))
}

/** Was `file` begun after `other`? */
export const isLater = (file: LogFileName, other: LogFileName): boolean =>
  file.day === other.day ? file.part > other.part : file.day > other.day

const readFolder = (dir: string): readonly string[] => {
  try {
    return readdirSync(dir)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
