/**
 * To which origins a connection may still be open from an earlier call. What goes out on one may have reached the
 * provider although nobody there answers a new connection.
 */
export interface Connections {
  /** An answer came from there. */
  used(origin: string): void
  mayBeOpen(origin: string): boolean
}

/** Nobody keeps an idle connection for longer, in milliseconds. */
const longestIdle = 600_000

export const createConnections = (now: () => number): Connections => {
  // Origins are configured, so there are few.
  const lastUse = new Map<string, number>()
  return {
    used(origin) {
      lastUse.set(origin, now())
    },
    mayBeOpen: (origin) => now() - (lastUse.get(origin) ?? Number.NEGATIVE_INFINITY) < longestIdle,
  }
}
