import { flushAtExit } from './flush-at-exit.ts'
import { humanLine } from './human-line.ts'
import { type LogFields, serialiseFields, serialiseText } from './log-line.ts'

/** Pino's numbers. */
export const logLevels = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60 } as const

export type LogLevel = keyof typeof logLevels

/** Where lines go. `write` gets one or more whole lines, each ending in a newline, and must not throw. */
export interface LogOutput {
  /** `human` output is for a terminal; all else gets JSON. */
  readonly form?: 'json' | 'human' | 'human-colour'
  write(lines: string): void
  /** Hands over synchronously what it still holds; called at exit and after a fatal line. */
  flush?(): void
}

export interface LoggerOptions {
  /** The least level that is written. Default `info`. */
  readonly level?: LogLevel
  readonly outputs: readonly LogOutput[]
  readonly bindings?: LogFields
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/**
 * Writes lines in pino's shape: `{"level":30,"time":…,"pid":…,…,"msg":"…"}`. Fields may hold anything: secrets
 * are masked (redact.ts), sizes are bounded, and nothing throws. Never pass a body, not even at `trace`.
 */
export interface Logger {
  trace(message: string, fields?: LogFields): void
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** As `error`, and flushes at once: the process is about to end. */
  fatal(message: string, fields?: LogFields): void
  /** A logger whose lines also carry these fields; shares level and outputs. */
  child(bindings: LogFields): Logger
  isEnabled(level: LogLevel): boolean
  /** Changes the level of this logger and of all its relatives. */
  setLevel(level: LogLevel): void
  /** Writes now what was logged in this tick. */
  flush(): void
}

/** A buffer this full is written without waiting for the end of the tick. Characters. */
const bufferLimit = 64 * 1024

/** Lines are collected for the rest of the tick and written together: one system call, not one a line. */
export const createLogger = (options: LoggerOptions): Logger => {
  const now = options.now ?? Date.now
  const buffer = createLineBuffer(options.outputs)
  let threshold: number = logLevels[options.level ?? 'info']

  const build = (fixed: string): Logger => {
    const log = (level: number, message: string, fields: LogFields | undefined): void => {
      if (level < threshold) return
      const written = fields === undefined ? '' : serialiseFields(fields)
      buffer.add(`{"level":${level},"time":${now()}${fixed}${written},"msg":${serialiseText(message)}}\n`)
    }
    return {
      trace: (message, fields) => log(10, message, fields),
      debug: (message, fields) => log(20, message, fields),
      info: (message, fields) => log(30, message, fields),
      warn: (message, fields) => log(40, message, fields),
      error: (message, fields) => log(50, message, fields),
      fatal: (message, fields) => {
        log(60, message, fields)
        buffer.flush()
      },
      child: (bindings) => build(fixed + serialiseFields(bindings)),
      isEnabled: (level) => logLevels[level] >= threshold,
      setLevel: (level) => {
        threshold = logLevels[level]
      },
      flush: buffer.flush,
    }
  }
  return build(`,"pid":${process.pid}${serialiseFields(options.bindings ?? {})}`)
}

const createLineBuffer = (outputs: readonly LogOutput[]) => {
  let held = ''
  let scheduled = false

  const hand = (): void => {
    scheduled = false
    if (held === '') return
    const lines = held
    held = ''
    for (const output of outputs) output.write(inForm(lines, output.form ?? 'json'))
  }
  const flush = (): void => {
    hand()
    for (const output of outputs) output.flush?.()
  }
  flushAtExit(flush)

  return {
    add(line: string): void {
      held += line
      if (held.length >= bufferLimit) hand()
      else if (!scheduled) {
        scheduled = true
        setImmediate(hand)
      }
    },
    flush,
  }
}

const inForm = (lines: string, form: NonNullable<LogOutput['form']>): string => {
  if (form === 'json') return lines
  const colour = form === 'human-colour'
  return lines
    .split('\n')
    .map((line) => (line === '' ? '' : humanLine(line, { colour })))
    .join('\n')
}
