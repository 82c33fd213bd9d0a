import type { Holder, Quota } from '../state/index.ts'

/** Milliseconds for which a slot is held; then a process that died holds it no longer. */
export const holding = 60_000
/** How often all that are held are prolonged. */
const every = holding / 4
/** So many in one call. */
const most = 500

/** Keeps the slots of open exchanges held: one timer for all of them, none while there are none. */
export interface SlotKeeper {
  hold(quota: Quota, holder: Holder): void
  /** @param holder the same object */
  release(quota: Quota, holder: Holder): void
  readonly held: number
  close(): void
}

export const createSlotKeeper = (): SlotKeeper => {
  const open = new Map<Quota, Set<Holder>>()
  let timer: ReturnType<typeof setInterval> | undefined

  const keep = (): void => {
    let isIdle = true
    for (const [quota, holders] of open) {
      const all = [...holders]
      if (all.length > 0) isIdle = false
      for (let at = 0; at < all.length; at += most) {
        // Whoever cannot be reached now is asked again; what ended meanwhile stays ended.
        quota.keep(all.slice(at, at + most), holding).catch(() => undefined)
      }
    }
    // Not as soon as the last one ends: the next begins in a moment.
    if (isIdle) stop()
  }
  const stop = (): void => {
    clearInterval(timer)
    timer = undefined
  }
  return {
    hold(quota, holder) {
      const held = open.get(quota)
      if (held === undefined) open.set(quota, new Set([holder]))
      else held.add(holder)
      if (timer !== undefined) return
      timer = setInterval(keep, every)
      timer.unref()
    },
    release: (quota, holder) => void open.get(quota)?.delete(holder),
    get held() {
      let sum = 0
      for (const holders of open.values()) sum += holders.size
      return sum
    },
    close: stop,
  }
}
