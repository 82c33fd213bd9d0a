import type { LogOutput } from './logger.ts'

export interface StderrOptions {
  /** Bytes that may wait for a slow reader; what comes on top is dropped and counted. Default 1 MiB. */
  readonly maximumPending?: number
  /** `auto`: for people on a terminal, JSON otherwise. Colours only on a terminal without `NO_COLOR`. */
  readonly form?: 'auto' | 'json' | 'human'
}

/**
 * Standard error as a log output. A reader that stops reading (a stuck pipe) stops neither the event loop nor
 * memory: `fs.writeSync` would block there, so Bun's sink is used, whose writes wait in the background.
 */
export const createStderrOutput = (options: StderrOptions = {}): LogOutput => {
  const maximum = options.maximumPending ?? 1024 * 1024
  const sink = Bun.stderr.writer()
  let pending = 0
  let dropped = 0
  let gone = false

  const send = (lines: string): void => {
    try {
      sink.write(lines)
      const flushed = sink.flush()
      if (typeof flushed === 'number') return
      pending += Buffer.byteLength(lines)
      flushed.then(drained, lost)
    } catch {
      lost()
    }
  }
  const drained = (): void => {
    pending = 0
    if (dropped === 0) return
    const count = dropped
    dropped = 0
    const notice = { level: 40, time: Date.now(), pid: process.pid, dropped: count, msg: 'log lines dropped' }
    send(`${JSON.stringify(notice)}\n`)
  }
  // The reader has closed its end: nobody can be told any more.
  const lost = (): void => {
    gone = true
  }

  return {
    form: formOf(options.form ?? 'auto'),
    write(lines) {
      if (gone) return
      if (pending > 0 && pending + lines.length > maximum) dropped += countLines(lines)
      else send(lines)
    },
  }
}

const formOf = (form: 'auto' | 'json' | 'human'): 'json' | 'human' | 'human-colour' => {
  const terminal = process.stderr.isTTY === true
  if (form === 'json' || (form === 'auto' && !terminal)) return 'json'
  return terminal && (process.env['NO_COLOR'] ?? '') === '' ? 'human-colour' : 'human'
}

const countLines = (lines: string): number => {
  let count = 0
  for (let at = lines.indexOf('\n'); at >= 0; at = lines.indexOf('\n', at + 1)) count += 1
  return count
}
