import type { Holder, Quota } from '../state/index.ts'

/** Milliseconds for which a slot is held; then a process that died holds it no longer. */
export const holding = 60_000
/** How often all that are held are prolonged. */
const every = holding / 4
/** So many in one call. */
const most = 500

/** Keeps the slots of open exchanges held: one timer for all of them, none while there are none. */
export interface SlotKeeper {
  hold(quota: Quota, holders: readonly Holder[]): void
  release(quota: Quota, holders: readonly Holder[]): void
  readonly held: number
  close(): void
}

export const createSlotKeeper = (): SlotKeeper => {
  const open = new Map<Quota, Map<string, Holder>>()
  let timer: ReturnType<typeof setInterval> | undefined

  const keep = (): void => {
    for (const [quota, holders] of open) {
      const all = [...holders.values()]
      for (let at = 0; at < all.length; at += most) {
        // Whoever cannot be reached now is asked again; what ended meanwhile stays ended.
        quota.keep(all.slice(at, at + most), holding).catch(() => undefined)
      }
    }
  }
  const stop = (): void => {
    clearInterval(timer)
    timer = undefined
  }
  return {
    hold(quota, holders) {
      const held = open.get(quota) ?? new Map<string, Holder>()
      open.set(quota, held)
      for (const one of holders) held.set(nameOf(one), one)
      if (timer === undefined && held.size > 0) {
        timer = setInterval(keep, every)
        timer.unref()
      }
    },
    release(quota, holders) {
      const held = open.get(quota)
      for (const one of holders) held?.delete(nameOf(one))
      if (held?.size === 0) open.delete(quota)
      if (open.size === 0) stop()
    },
    get held() {
      let sum = 0
      for (const holders of open.values()) sum += holders.size
      return sum
    },
    close: stop,
  }
}

const nameOf = ({ key, holder }: Holder): string => `${key}\n${holder}`
