import { z } from 'zod'
import type { State } from './state.ts'

/**
 * Facts that every process knows by itself and tells the others. Reading never waits. A change is with the others at
 * once (of many of one key in a row, the last), within a second when a message was lost, and when Redis is back after it
 * was away: each goes on alone with what it knows, and then they merge. Of two facts with one key the later counts.
 */
export interface Board {
  /** @param ttl when the fact ends by itself, in milliseconds from now */
  put(key: string, value: string, ttl: number): void
  remove(key: string): void
  /** A copy: what holds now. */
  all(): ReadonlyMap<string, string>
  /**
   * Told what others have changed: the new value, or undefined for a fact that they removed. What this process changes,
   * and what ends by itself, it is not told. Returns what ends it.
   */
  onChange(handler: (key: string, value: string | undefined) => void): () => void
  /** Repairs what messages have missed; it happens every second anyway. Never rejects. */
  resync(): Promise<void>
  close(): void
}

export interface BoardParts {
  readonly state: State
  /** Processes that share a board give it the same name. */
  readonly name: string
  /** This process. */
  readonly node: string
  /** Milliseconds since 1970. The clocks of machines may differ. */
  readonly now: () => number
  /** How often lost messages are looked for, in milliseconds; default 1000. 0: only when asked. */
  readonly resyncEvery?: number
}

interface Fact {
  /** Null for one that was removed. */
  readonly value: string | null
  /** The later one counts; between equals, the node. Near the writer's clock, and later than all it knew. */
  readonly stamp: number
  readonly node: string
  readonly until: number
  /** A fact that is over is remembered while somebody may still hold the one before it. */
  readonly keepUntil: number
}

/**
 * How long a word is remembered at least, in milliseconds, be it over or a removal: whoever was cut off may not have told
 * the one before it, which holds for longer.
 */
const shortestMemory = 60_000
/** Of the counter of changes; when it begins anew, everything is compared once more. */
const counterTtl = 86_400_000

/** Times as what is left, since clocks differ: how long to keep it, and how much sooner it ends. */
const told = z.tuple([z.string(), z.string().nullable(), z.number(), z.string(), z.number(), z.number()])

export const createBoard = ({ state, name, node, now, resyncEvery = 1_000 }: BoardParts): Board => {
  const facts = new Map<string, Fact>()
  const handlers = new Set<(key: string, value: string | undefined) => void>()
  const folder = `board/${name}/`
  const counter = `board-changes/${name}`
  let clock = 0
  /** Changes as counted at the last comparison, and messages heard since: unequal to the count, one was lost. */
  let base = 0
  let heard = 0
  let isStale = true
  let isClosed = false
  let running: Promise<void> | undefined
  /** Of the keys that are being told, those whose fact has changed since. */
  const changed = new Set<string>()
  const sending = new Map<string, Promise<void>>()

  const tick = (): number => {
    clock = Math.max(now(), clock + 1)
    return clock
  }
  const shown = (fact: Fact | undefined): string | undefined =>
    fact === undefined || fact.value === null || fact.until <= now() ? undefined : fact.value

  const send = async (key: string): Promise<void> => {
    const fact = facts.get(key)
    if (fact === undefined || isClosed) return
    const keep = fact.keepUntil - now()
    if (keep <= 0) return
    const { value, stamp } = fact
    const text = JSON.stringify([key, value, stamp, fact.node, keep, fact.keepUntil - fact.until])
    try {
      // Sent in this order without waiting, and done so: whoever sees the count can read the fact.
      await Promise.all([
        state.set(folder + key, text, keep),
        state.increment(counter, 1, counterTtl),
        state.publish(folder, text),
      ])
    } catch {
      // Away; told when it is back.
      isStale = true
    }
  }
  /** Of each key one message is under way, and the newest follows it: else corrections would multiply. */
  const spread = (key: string): Promise<void> => {
    const under = sending.get(key)
    if (under !== undefined) {
      changed.add(key)
      return under
    }
    const sent = (async () => {
      do {
        changed.delete(key)
        await send(key)
      } while (changed.has(key))
      sending.delete(key)
    })()
    sending.set(key, sent)
    return sent
  }

  const write = (key: string, value: string | null, ttl: number): void => {
    const time = now()
    const until = time + ttl
    const keepUntil = Math.max(until, time + shortestMemory, facts.get(key)?.keepUntil ?? 0)
    const fact: Fact = { value, stamp: tick(), node, until, keepUntil }
    facts.set(key, fact)
    void spread(key)
  }

  /** @returns the key, and the stamp and node of what was said */
  const merge = (text: string, keep?: number): readonly [string, Fact] | undefined => {
    const parsed = told.safeParse(parseJson(text))
    if (!parsed.success) return undefined
    const [key, value, stamp, author, keepThen, lead] = parsed.data
    const keepUntil = now() + (keep ?? keepThen)
    const heardFact: Fact = { value, stamp, node: author, until: keepUntil - lead, keepUntil }
    const known = facts.get(key)
    clock = Math.max(clock, stamp)
    if (known !== undefined && !isLater(heardFact, known)) return [key, heardFact]
    const before = shown(known)
    facts.set(key, { ...heardFact, keepUntil: Math.max(keepUntil, known?.keepUntil ?? 0) })
    const after = shown(heardFact)
    if (before !== after) for (const handler of handlers) handler(key, after)
    return [key, heardFact]
  }

  const forget = (): void => {
    const time = now()
    for (const [key, { keepUntil }] of facts) if (keepUntil <= time) facts.delete(key)
  }

  const compare = async (): Promise<void> => {
    forget()
    const count = Number((await state.get(counter)) ?? 0)
    if (!isStale && count === base + heard) return
    isStale = false
    base = count
    heard = 0
    const stored = new Map<string, Fact>()
    for (const { value, ttl } of (await state.entries(folder)).values()) {
      const said = merge(value, ttl)
      if (said !== undefined) stored.set(...said)
    }
    const missing = [...facts].filter(([key, fact]) => {
      const there = stored.get(key)
      return there === undefined || isLater(fact, there)
    })
    await Promise.all(missing.map(([key]) => spread(key)))
  }
  const resync = (): Promise<void> => {
    if (isClosed) return Promise.resolve()
    running ??= compare()
      .catch(() => {
        isStale = true
      })
      .finally(() => {
        running = undefined
      })
    return running
  }

  const unsubscribe = state.subscribe(folder, (text) => {
    heard++
    const said = merge(text)
    if (said === undefined) return
    const [key, fact] = said
    const known = facts.get(key)
    if (known === undefined || !isLater(known, fact)) return
    // Two wrote at the same time, and the earlier one may lie in the store now: both put the later one back.
    if (known.node === node || fact.node === node) void spread(key)
  })
  const unwatch = state.onStatus((status) => {
    if (status !== 'connected') return
    isStale = true
    void resync()
  })
  const timer = resyncEvery === 0 ? undefined : setInterval(resync, resyncEvery)
  timer?.unref()
  void resync()

  return {
    put: write,
    remove: (key) => write(key, null, 0),
    all: () =>
      new Map(
        [...facts].flatMap(([key, fact]) => {
          const value = shown(fact)
          return value === undefined ? [] : [[key, value] as const]
        }),
      ),
    onChange(handler) {
      handlers.add(handler)
      return () => void handlers.delete(handler)
    },
    resync,
    close() {
      isClosed = true
      clearInterval(timer)
      unsubscribe()
      unwatch()
    },
  }
}

const isLater = (one: Fact, other: Fact): boolean =>
  one.stamp > other.stamp || (one.stamp === other.stamp && one.node > other.node)

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
