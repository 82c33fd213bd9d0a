import { createRestorer, type PlaceholderMap, type Restorer, restoreDocument } from '../../firewall/index.ts'
import { isJsonObject, type JsonObject } from '../../ir/index.ts'
import { encodeFrame, type Machine, ownDepth, parseFrame, type SseFrame, scanJson } from '../../wire/index.ts'

/** A block that may still change: the end of its words may begin a placeholder. */
interface Entry {
  readonly block: Uint8Array
  readonly delta?: { readonly frame: SseFrame; readonly said: string; text: string }
}

interface Words {
  readonly restorer: Restorer
  /** The last frame of theirs: what is held back goes out in it. */
  last: Entry
}

/**
 * Blocks of a Responses stream with the values of their placeholders. Frames stay as many, in their order and with
 * their numbers, so that a client may leave and go on behind the last one that it saw, also at a stream that begins in
 * the middle. A frame whose last characters may begin a placeholder waits for the next one of the same words.
 */
export const restoredFrames = (map: PlaceholderMap): Machine<Uint8Array, Uint8Array> => {
  const words = new Map<string, Words>()
  let queue: Entry[] = []

  const release = (): readonly Uint8Array[] => {
    const waiting = new Set(
      [...words.values()].flatMap(({ restorer, last }) => (restorer.held > 0 ? [last] : [])),
    )
    const first = waiting.size === 0 ? -1 : queue.findIndex((entry) => waiting.has(entry))
    const ready = first < 0 ? queue : queue.slice(0, first)
    queue = first < 0 ? [] : queue.slice(first)
    return ready.map(written)
  }
  const close = (isOf: (key: string) => boolean): void => {
    for (const [key, { restorer, last }] of words) {
      if (!isOf(key)) continue
      if (last.delta !== undefined) last.delta.text += restorer.end()
      words.delete(key)
    }
  }
  const say = (frame: SseFrame, block: Uint8Array, key: string, said: string): void => {
    const open = words.get(key)
    const restorer = open?.restorer ?? createRestorer(map, key.includes('arguments') ? 'json' : 'text')
    const entry: Entry = { block, delta: { frame, said, text: restorer.push(said) } }
    if (open === undefined) words.set(key, { restorer, last: entry })
    else open.last = entry
    queue.push(entry)
  }

  return {
    push(block) {
      const frame = parseFrame(block)
      const data = frame === undefined ? undefined : parse(frame.data)
      if (frame === undefined || data === undefined) {
        queue.push({ block })
        return release()
      }
      const { type, delta } = data
      const name = typeof type === 'string' ? type : ''
      if (name.endsWith('.delta') && typeof delta === 'string') {
        say(frame, block, keyOf(name.slice(0, -'.delta'.length), data), delta)
      } else {
        if (name.endsWith('.done')) {
          const key = keyOf(name.slice(0, -'.done'.length), data)
          close((one) => one === key)
        }
        if (closing.has(name)) close(() => true)
        const restored = restoreDocument(frame.data, map)
        queue.push({ block: restored === frame.data ? block : encodeFrame({ ...frame, data: restored }) })
      }
      if (queue.length > longestQueue) close(() => true)
      return release()
    },
    end() {
      close(() => true)
      return release()
    },
  }
}

/** Behind these, nothing of any text comes any more. */
const closing: ReadonlySet<string> = new Set([
  'response.completed',
  'response.incomplete',
  'response.failed',
  'error',
])

/** Words of other items may come between; so many do not. */
const longestQueue = 500

/** The words that a frame belongs to. */
const keyOf = (kind: string, data: JsonObject): string =>
  [kind, ...places.map((place) => String(data[place] ?? ''))].join('\n')

const places = ['item_id', 'output_index', 'content_index', 'summary_index']

const parse = (text: string): JsonObject | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

const written = ({ block, delta }: Entry): Uint8Array => {
  if (delta === undefined || delta.text === delta.said) return block
  const bytes = Buffer.from(delta.frame.data)
  const span = scanJson(bytes, nothing, ownDepth).top.get('delta')
  if (span === undefined) return block
  const data = `${bytes.subarray(0, span.start)}${JSON.stringify(delta.text)}${bytes.subarray(span.end)}`
  return encodeFrame({ ...delta.frame, data })
}

const nothing: ReadonlySet<string> = new Set()
