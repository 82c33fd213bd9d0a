import { type JsonObject, parseJson, type StreamEvent } from '../../ir/index.ts'
import { type ChunkShape, shapeExtension } from './chunk-shape.ts'

type PlainField = 'content' | 'reasoning_content'

/** A chunk that says nothing but a slice of text. */
export interface PlainDelta {
  readonly choice: number
  readonly field: PlainField
  readonly text: string
  /** The chunk's shape, ready to be told. */
  readonly shape: StreamEvent
}

/**
 * Chunks of one stream differ in their text alone, and in OpenAI's padding. So once such a chunk was read in full, the
 * ones that begin and end like it need no parse, and have the same shape.
 */
export interface PlainDeltas {
  /**
   * @param data a chunk whose only event was a slice of `field`, in one choice
   * @param text the slice
   */
  learn(data: string, field: PlainField, text: string, shape: ChunkShape): void
  read(data: string): PlainDelta | undefined
}

interface Learned {
  readonly field: PlainField
  readonly choice: number
  readonly head: string
  /** Up to the value of the padding, where there is one. */
  readonly tail: string
  readonly isPadded: boolean
  readonly shape: ChunkShape
  readonly event: StreamEvent
}

export const plainDeltas = (): PlainDeltas => {
  const learned = new Map<PlainField, Learned>()
  let last: Learned | undefined
  return {
    learn(data, field, text, shape) {
      const open = openingQuote(data, field)
      const [choice] = shape.choices
      if (open === undefined || choice === undefined || shape.choices.length > 1) return
      const close = closingQuote(data, open + 1)
      // Half a character of the chunk before makes it another text.
      if (parseJson(data.slice(open, close + 1)) !== text) return
      const behind = data.slice(close)
      const padding = paddingOf(behind)
      last = {
        field,
        choice,
        head: data.slice(0, open + 1),
        tail: padding ?? behind,
        isPadded: padding !== undefined,
        shape,
        event: shapeEvent(shape),
      }
      learned.set(field, last)
    },
    read(data) {
      const found = last !== undefined && data.startsWith(last.head) ? last : other(learned, data)
      if (found === undefined) return undefined
      last = found
      const { head, tail, isPadded, choice, field } = found
      const close = closingQuote(data, head.length)
      if (!data.startsWith(tail, close)) return undefined
      const shape = isPadded
        ? padded(found, data.slice(close + tail.length, -paddingEnd.length), data)
        : data.length === close + tail.length
          ? found.event
          : undefined
      if (shape === undefined) return undefined
      const text: unknown = parseJson(data.slice(head.length - 1, close + 1))
      return typeof text === 'string' ? { choice, field, text, shape } : undefined
    },
  }
}

const other = (learned: ReadonlyMap<PlainField, Learned>, data: string): Learned | undefined => {
  for (const one of learned.values()) if (data.startsWith(one.head)) return one
  return undefined
}

const shapeEvent = (shape: ChunkShape): StreamEvent => ({
  type: 'extension',
  extensions: shapeExtension(shape),
})

/** Where the string of the first member of this name opens: a quote in a JSON string is escaped, so none imitates it. */
const openingQuote = (data: string, field: string): number | undefined => {
  const marker = `"${field}"`
  const name = data.indexOf(marker)
  const open = name < 0 ? -1 : data.indexOf('"', name + marker.length)
  return open < 0 || data.slice(name + marker.length, open).trim() !== ':' ? undefined : open
}

const paddingStart = '"obfuscation":"'
const paddingEnd = '"}'

/** What stands before the value of the padding, which must be the chunk's last member. */
const paddingOf = (behind: string): string | undefined => {
  const start = behind.lastIndexOf(paddingStart)
  return start < 0 || !behind.endsWith(paddingEnd) ? undefined : behind.slice(0, start + paddingStart.length)
}

const padded = ({ shape }: Learned, padding: string, data: string): StreamEvent | undefined => {
  if (!data.endsWith(paddingEnd) || /["\\]/.test(padding)) return undefined
  const rest: JsonObject = { ...shape.rest, obfuscation: padding }
  return shapeEvent({ ...shape, rest })
}

const closingQuote = (text: string, from: number): number => {
  let at = text.indexOf('"', from)
  while (at >= 0 && isEscaped(text, at, from)) at = text.indexOf('"', at + 1)
  return at < 0 ? text.length : at
}

/** An odd number of backslashes in front, as far as the string reaches back. */
const isEscaped = (text: string, at: number, from: number): boolean => {
  let slashes = 0
  while (at - slashes > from && text.charCodeAt(at - slashes - 1) === 0x5c) slashes++
  return slashes % 2 === 1
}
