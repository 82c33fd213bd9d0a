/**
 * Ways in which providers and proxies write the same events, and cut them into reads. Named after the cases of the
 * corpus (`extra/sse-framing-cases.json`), which show each of them with two or three events.
 */
import type { SseFrame } from '../../src/wire/index.ts'
import type { Seeded } from './seeded.ts'

export interface FramingStyle {
  readonly name: string
  /** The reads in which the events come. */
  readonly reads: (frames: readonly SseFrame[], random: Seeded) => readonly Uint8Array[]
}

interface Writing {
  readonly lineEnd?: string
  /** In front of everything. */
  readonly head?: string
  /** Whole blocks, each in front of an event. */
  readonly before?: string
  /** Lines inside of each event. */
  readonly inside?: readonly string[]
  readonly dataLines?: (data: string) => readonly string[]
  readonly tail?: string
}

const written = (frames: readonly SseFrame[], writing: Writing): string => {
  const { lineEnd = '\n', head = '', before = '', inside = [], tail = '' } = writing
  const dataLines = writing.dataLines ?? ((data) => [`data: ${data}`])
  const blocks = frames.map(({ event, data }) => {
    const lines = [...inside, ...(event === undefined ? [] : [`event: ${event}`]), ...dataLines(data)]
    return `${before}${[...lines, '', ''].join('\n')}`
  })
  return `${head}${blocks.join('')}${tail}`.replaceAll('\n', lineEnd)
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

const isJson = (data: string): boolean => data.startsWith('{')

/** Written so, and cut anywhere. */
const style = (name: string, writing: Writing): FramingStyle => ({
  name,
  reads: (frames, random) => random.cut(bytesOf(written(frames, writing)), 300),
})

/** The usual writing, cut behind every byte that the test names. */
const cutBehind = (
  name: string,
  isLast: (byte: number, next: number) => boolean,
  lineEnd = '\n',
): FramingStyle => ({
  name,
  reads(frames) {
    const bytes = bytesOf(written(frames, { lineEnd }))
    const reads: Uint8Array[] = []
    let from = 0
    for (let at = 0; at < bytes.length; at++) {
      if (!isLast(bytes[at] ?? 0, bytes[at + 1] ?? 0)) continue
      reads.push(bytes.subarray(from, at + 1))
      from = at + 1
    }
    return [...reads, bytes.subarray(from)]
  },
})

const isContinuation = (byte: number): boolean => byte >= 0x80 && byte < 0xc0

export const framingStyles: readonly FramingStyle[] = [
  style('lf', {}),
  style('crlf', { lineEnd: '\r\n' }),
  style('cr-only', { lineEnd: '\r' }),
  cutBehind('crlf-split-between-cr-and-lf', (byte) => byte === 0x0d, '\r\n'),
  style('bom', { head: '\u{feff}' }),
  style('comments-and-retry', { before: ': a comment\n\nretry: 3000\n\n', inside: [': another', 'id: 7'] }),
  style('no-space-after-colon', { dataLines: (data) => [`data:${data}`] }),
  style('two-spaces', { dataLines: (data) => [isJson(data) ? `data:  ${data}` : `data: ${data}`] }),
  style('multi-line-data', {
    dataLines: (data) => (isJson(data) ? ['data: {', `data: ${data.slice(1)}`] : [`data: ${data}`]),
  }),
  style('event-without-data', { before: 'event: nothing\n\n' }),
  {
    name: 'no-final-blank-line',
    reads: (frames, random) => random.cut(bytesOf(written(frames, {}).trimEnd()), 300),
  },
  style('done-sentinel', { tail: 'data: [DONE]\n\n' }),
  style('padded-json', { dataLines: (data) => [isJson(data) ? `data: ${data}  ` : `data: ${data}`] }),
  style('field-without-colon', { inside: ['nonsense'] }),
  cutBehind('utf8-split-in-4-byte-char-1', (byte, next) => byte >= 0xc0 && isContinuation(next)),
  cutBehind('utf8-split-in-4-byte-char-2', (byte, next) => isContinuation(byte) && isContinuation(next)),
  cutBehind('utf8-split-in-4-byte-char-3', (byte, next) => byte >= 0x80 && !isContinuation(next)),
  cutBehind('one-byte-chunks', () => true),
  { name: 'two-events-one-chunk', reads: (frames) => [bytesOf(written(frames, {}))] },
  // Between the two letters "da".
  cutBehind('split-in-field-name', (byte, next) => byte === 0x64 && next === 0x61),
  style('very-long-line', { head: `: ${'x'.repeat(200_000)}\n\n` }),
  style('json-escaped-newline-in-data', { inside: [': \\n data: nothing'] }),
  style('u2028-in-data', { inside: [': \u{2028}data: nothing'] }),
  style('nel-in-data', { inside: [': \u{85}data: nothing'] }),
]
