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

/** A class: an exchange is watched several times. */
class Watched implements Watch {
  lastTouch: number

  constructor(
    readonly limit: number,
    readonly onSilence: () => void,
    private readonly now: () => number,
    private readonly all: Set<Watched>,
  ) {
    this.lastTouch = now()
    all.add(this)
  }

  touch(): void {
    this.lastTouch = this.now()
  }

  end(): void {
    this.all.delete(this)
  }
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
      const one = new Watched(limit, onSilence, now, watched)
      timer ??= setInterval(look, Math.min(interval, Math.max(10, limit / 4)))
      return one
    },
    stop,
  }
}
