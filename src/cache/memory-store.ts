import type { AnswerPlace, AnswerStore, StoreSize } from './answer-store.ts'

export interface MemoryStoreOptions {
  /** Bytes of all answers together, with what it takes to find them; read anew with each answer that is kept. */
  readonly most: () => number
  readonly now: () => number
}

interface Held {
  readonly organisation: string
  readonly text: Buffer
  readonly size: number
  readonly until: number
}

/** What an entry takes beside its text, about. */
const overhead = 300

/** In the memory of one process. The answer that nobody has asked for the longest time goes first. */
export const memoryStore = ({ most, now }: MemoryStoreOptions): AnswerStore => {
  // A map keeps its keys in the order in which they were set: the first is the oldest.
  const held = new Map<string, Held>()
  let bytes = 0
  let evicted = 0

  const remove = (key: string, one: Held): void => {
    held.delete(key)
    bytes -= one.size
  }
  const shrink = (room: number): void => {
    for (const [key, one] of held) {
      if (bytes + room <= most()) return
      if (one.until > now()) evicted++
      remove(key, one)
    }
  }

  return {
    async get(place) {
      const key = keyOf(place)
      const found = held.get(key)
      if (found === undefined) return undefined
      held.delete(key)
      if (found.until <= now()) {
        bytes -= found.size
        return undefined
      }
      held.set(key, found)
      return found.text.toString('utf8')
    },
    async set(place, text, ttl) {
      const key = keyOf(place)
      const before = held.get(key)
      if (before !== undefined) remove(key, before)
      const copy = Buffer.from(text, 'utf8')
      const size = copy.byteLength + overhead
      if (size > most()) return
      shrink(size)
      held.set(key, { organisation: place.organisation, text: copy, size, until: now() + ttl })
      bytes += size
    },
    async clear(organisation) {
      let count = 0
      for (const [key, one] of held) {
        if (organisation !== undefined && one.organisation !== organisation) continue
        if (one.until > now()) count++
        remove(key, one)
      }
      return count
    },
    size: (): StoreSize => ({ entries: held.size, bytes, evicted }),
  }
}

const keyOf = ({ organisation, hash }: AnswerPlace): string => `${hash} ${organisation}`
