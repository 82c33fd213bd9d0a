import type { Machine } from './machine.ts'

/** One server-sent event: `event` absent when the block had no such field. */
export interface SseFrame {
  readonly event?: string
  readonly data: string
}

const lineFeed = 0x0a
const carriageReturn = 0x0d

/**
 * Cuts a byte stream into event blocks without parsing them: each output holds one block with its closing blank
 * line, and all outputs joined are the input, byte for byte. LF, CR and CRLF may be mixed, and the stream may be cut
 * anywhere. `end()` returns what is left: an unfinished block, or the second half of a line end.
 * Grammar: WHATWG HTML, "server-sent events", parsing an event stream.
 * @param maxBytes bound of one block; more is an error of the upstream
 */
export const frameSplitter = (maxBytes = 64 * 1024 * 1024): FrameSplitter => {
  let held: Uint8Array[] = []
  let heldBytes = 0
  let lineIsEmpty = true
  let blockHasLines = false
  let afterCarriageReturn = false

  const take = (tail: Uint8Array): Uint8Array => {
    if (held.length === 0) return tail
    held.push(tail)
    const block = Buffer.concat(held)
    held = []
    heldBytes = 0
    return block
  }

  return {
    push(chunk) {
      const blocks: Uint8Array[] = []
      const usesCarriageReturn = chunk.indexOf(carriageReturn) >= 0
      let start = 0
      let position = 0
      while (position < chunk.length) {
        const code = chunk[position]
        if (code === lineFeed && afterCarriageReturn) {
          // Second half of a CRLF: it belongs to the line that has just ended.
          afterCarriageReturn = false
          position++
          continue
        }
        if (code === lineFeed || code === carriageReturn) {
          afterCarriageReturn = code === carriageReturn
          position++
          if (!lineIsEmpty) {
            lineIsEmpty = true
            blockHasLines = true
          } else if (blockHasLines) {
            blockHasLines = false
            if (afterCarriageReturn && chunk[position] === lineFeed) {
              afterCarriageReturn = false
              position++
            }
            blocks.push(take(chunk.subarray(start, position)))
            start = position
          }
          continue
        }
        afterCarriageReturn = false
        lineIsEmpty = false
        position = lineEnd(chunk, position + 1, usesCarriageReturn)
      }
      if (start < chunk.length) {
        held.push(start === 0 ? chunk : chunk.subarray(start))
        heldBytes += chunk.length - start
        if (heldBytes > maxBytes) throw new RangeError(`an event is larger than ${maxBytes} bytes`)
      }
      return blocks
    },
    takeRun(chunk) {
      // Joining again and again what grows and never ends would cost its square.
      if (heldBytes > largestJoin || afterCarriageReturn || chunk.includes(carriageReturn)) return undefined
      const bytes = view(take(chunk))
      lineIsEmpty = true
      blockHasLines = false
      const last = bytes.lastIndexOf('\n\n')
      return last < 0
        ? { run: bytes.subarray(0, 0), rest: bytes }
        : { run: bytes.subarray(0, last + 2), rest: bytes.subarray(last + 2) }
    },
    end() {
      if (heldBytes === 0) return []
      return [take(new Uint8Array(0))]
    },
  }
}

export interface FrameSplitter extends Machine<Uint8Array, Uint8Array> {
  /**
   * All whole blocks of what is held and this chunk as one piece, cut nowhere, and the unfinished rest. Both are to
   * be pushed by the caller, unless the run needs no cutting. Undefined where line ends are not plain line feeds.
   */
  takeRun(chunk: Uint8Array): { readonly run: Buffer; readonly rest: Buffer } | undefined
}

const largestJoin = 64 * 1024

/** How many blocks end between two places of a run of whole blocks. */
export const countBlocks = (run: string, from: number, to: number): number => {
  let count = 0
  for (let at = run.indexOf('\n\n', from); at >= 0 && at < to; at = run.indexOf('\n\n', at + 2)) count++
  return count
}

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Native searches: most of a stream is long data lines. */
const lineEnd = (chunk: Uint8Array, from: number, usesCarriageReturn: boolean): number => {
  const feed = chunk.indexOf(lineFeed, from)
  const end = feed < 0 ? chunk.length : feed
  if (!usesCarriageReturn) return end
  const carriage = chunk.indexOf(carriageReturn, from)
  return carriage < 0 ? end : Math.min(end, carriage)
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * Parses one block. A block without a `data` field gives undefined (comments, a lone `event:`).
 * `id` and `retry` are ignored: no protocol of ours uses them.
 */
export const parseFrame = (block: Uint8Array): SseFrame | undefined => parseFrameText(decoder.decode(block))

const parseFrameText = (text: string): SseFrame | undefined => parseUsual(text) ?? parseAny(text)

/** The events of whole blocks whose lines end in plain line feeds, as a splitter's run has them. */
export const parseRun = (run: Uint8Array): SseFrame[] => {
  const text = decoder.decode(run)
  const frames: SseFrame[] = []
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n\n', at)
    const next = end < 0 ? text.length : end + 2
    const frame = parseFrameText(text.slice(at, next))
    if (frame !== undefined) frames.push(frame)
    at = next
  }
  return frames
}

/** `data: …` in one line, perhaps behind `event: …`, as nearly every event comes; undefined for all other layouts. */
const parseUsual = (text: string): SseFrame | undefined => {
  const isNamed = text.startsWith('event: ')
  const nameEnd = isNamed ? text.indexOf('\n') : -1
  if (!text.startsWith('data: ', nameEnd + 1) || text.includes('\r')) return undefined
  const end = text.indexOf('\n', nameEnd + 1)
  if (end !== text.length - 2 || text.charCodeAt(end + 1) !== lineFeed) return undefined
  const data = text.slice(nameEnd + 7, end)
  return isNamed ? { event: text.slice(7, nameEnd), data } : { data }
}

const parseAny = (text: string): SseFrame | undefined => {
  let event: string | undefined
  let data: string | undefined
  for (const line of text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/)) {
    if (line === '' || line.startsWith(':')) continue
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (field === 'data') data = data === undefined ? value : `${data}\n${value}`
    else if (field === 'event') event = value
  }
  if (data === undefined) return undefined
  return event === undefined ? { data } : { event, data }
}

/**
 * Bytes to events. An unfinished last block is delivered only when its data parses as JSON or is `[DONE]`:
 * several servers leave the last blank line out, and a cut one must not count.
 */
export const sseDecoder = (): Machine<Uint8Array, SseFrame> => {
  const splitter = frameSplitter()
  const parse = (blocks: readonly Uint8Array[]): SseFrame[] => {
    const frames: SseFrame[] = []
    for (const block of blocks) {
      const frame = parseFrame(block)
      if (frame !== undefined) frames.push(frame)
    }
    return frames
  }
  return {
    push: (chunk) => parse(splitter.push(chunk)),
    end: () => parse(splitter.end()).filter((frame) => isComplete(frame.data)),
  }
}

/** Is a last block without its blank line whole? */
export const isComplete = (data: string): boolean => {
  if (data.trim() === '[DONE]') return true
  try {
    JSON.parse(data)
    return true
  } catch {
    return false
  }
}

/**
 * One event as text: LF, one `data:` line, a blank line. Data is JSON in every protocol, so a line break can only stand
 * between two tokens (a model's pretty-printed arguments, a client's schema), where a space means the same. Several
 * `data:` lines would mean it as well, but Google's SDK reads one.
 */
export const formatFrame = (frame: SseFrame): string => {
  const event = frame.event === undefined ? '' : `event: ${frame.event}\n`
  return `${event}data: ${inOneLine(frame.data)}\n\n`
}

const inOneLine = (data: string): string =>
  data.includes('\n') || data.includes('\r') ? data.replaceAll(/\r\n?|\n/g, ' ') : data

const encoder = new TextEncoder()

export const encodeFrame = (frame: SseFrame): Uint8Array => encoder.encode(formatFrame(frame))
