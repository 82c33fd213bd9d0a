/** Lines of text over a socket: what comes is cut into whole lines, what goes is kept until the socket takes it. */

/** Cuts blocks of bytes into lines, wherever the blocks were cut. */
export interface LineReader {
  /** The lines that are whole by now. Throws where one is longer than the limit. */
  push(block: Uint8Array): readonly string[]
}

const newline = 10

/** @param longest bytes of one line */
export const createLineReader = (longest: number): LineReader => {
  let held: Buffer[] = []
  let length = 0
  return {
    push(block) {
      const end = block.lastIndexOf(newline)
      // A copy: the block is the socket's own.
      const rest = Buffer.from(block.subarray(end + 1))
      let lines: readonly string[] = []
      if (end >= 0) {
        const whole = Buffer.concat([...held, block.subarray(0, end)])
        lines = whole.toString('utf8').split('\n')
        held = []
        length = 0
      }
      if (rest.byteLength > 0) held.push(rest)
      length += rest.byteLength
      if (length > longest) throw new Error(`a line is longer than ${longest} bytes`)
      return lines
    },
  }
}

/** What a socket of Bun can do, as far as it is needed here. */
export interface Sink {
  /** The number of bytes taken; the socket says when it takes more. Below 0 where it is closed. */
  write(bytes: Uint8Array): number
}

export interface LineWriter {
  /** Throws where more waits than the limit: nobody reads. */
  write(line: string): void
  /** The socket takes more. */
  drain(): void
}

/** @param most bytes that may wait */
export const createLineWriter = (sink: Sink, most: number): LineWriter => {
  let waiting: Buffer[] = []
  let length = 0
  const send = (bytes: Buffer): void => {
    const taken = Math.max(0, sink.write(bytes))
    if (taken === bytes.byteLength) return
    waiting.unshift(bytes.subarray(taken))
    length += bytes.byteLength - taken
  }
  return {
    write(line) {
      const bytes = Buffer.from(`${line}\n`)
      if (waiting.length === 0) return send(bytes)
      waiting.push(bytes)
      length += bytes.byteLength
      if (length > most) throw new Error(`more than ${most} bytes wait for somebody who does not read`)
    },
    drain() {
      if (waiting.length === 0) return
      const all = Buffer.concat(waiting)
      waiting = []
      length = 0
      send(all)
    },
  }
}
