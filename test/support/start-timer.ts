/**
 * A clock that rings after some milliseconds; tells, when asked, whether it has rung. What ends without waiting for
 * anything ends before it, even where the machine itself stands still: timers and waits stand still together.
 */
export const startTimer = (milliseconds: number): (() => boolean) => {
  let hasRung = false
  const timer = setTimeout(() => {
    hasRung = true
  }, milliseconds)
  return () => {
    clearTimeout(timer)
    return hasRung
  }
}
