import type { Watch, Watchdog } from '../../pipeline/index.ts'

/** A bound on silence that does not hold all the time. */
export interface IdleWatch extends Watch {
  /** Silence is no fault for now: something with bounds of its own is under way. */
  lift(): void
  /** It is again, from now on. */
  begin(): void
}

/** @param limit milliseconds, 0 for no bound */
export const idleWatch = (watchdog: Watchdog, limit: number, onSilence: () => void): IdleWatch => {
  let watch = watchdog.watch(limit, onSilence)
  let isOver = false
  return {
    touch: () => watch.touch(),
    lift: () => watch.end(),
    begin() {
      watch.end()
      if (!isOver) watch = watchdog.watch(limit, onSilence)
    },
    end() {
      isOver = true
      watch.end()
    },
  }
}
