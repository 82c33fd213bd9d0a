/** Watches over silence on many streams with one timer, instead of a timer set anew for each chunk. */
export interface Watchdog {
  /** Calls `onSilence` once when `touch` was not called for `limit` milliseconds; 0 means never. */
  watch(limit: number, onSilence: () => void): Watch
  stop(): void
}

export interface Watch {
  touch(): void
  end(): void
}

interface Watched extends Watch {
  lastTouch: number
  readonly limit: number
  readonly onSilence: () => void
}

const idle: Watch = { touch() {}, end() {} }

/** @param interval milliseconds between looks; silence is noticed that much late at worst */
export const createWatchdog = (now: () => number, interval = 250): Watchdog => {
  const watched = new Set<Watched>()
  let timer: ReturnType<typeof setInterval> | undefined
  const look = (): void => {
    const time = now()
    for (const one of watched) {
      if (time - one.lastTouch < one.limit) continue
      watched.delete(one)
      one.onSilence()
    }
    if (watched.size === 0) stop()
  }
  const stop = (): void => {
    clearInterval(timer)
    timer = undefined
  }
  return {
    watch(limit, onSilence) {
      if (limit <= 0) return idle
      const one: Watched = {
        lastTouch: now(),
        limit,
        onSilence,
        touch() {
          one.lastTouch = now()
        },
        end() {
          watched.delete(one)
        },
      }
      watched.add(one)
      timer ??= setInterval(look, Math.min(interval, Math.max(10, limit / 4)))
      return one
    },
    stop,
  }
}
