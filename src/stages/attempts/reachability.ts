import type { CircuitBoard, CircuitChange } from './circuits.ts'

/**
 * Which providers a check could not reach with a credential, whatever the model. Shared with other processes where there
 * is a board to share it on.
 */
export interface Reachability {
  isDown(provider: string, credential: string): boolean
  /** @param until when that is no longer known, in milliseconds since 1970 */
  lost(provider: string, credential: string, until: number): void
  found(provider: string, credential: string): void
}

export interface ReachabilityParts {
  readonly now: () => number
  readonly board?: CircuitBoard
  /** Told when this process sees it change. The model of the upstream is `*`. */
  readonly onChange?: (change: CircuitChange) => void
}

/** No provider is named so: what is about upstreams begins with the id of one. */
const prefix = 'reach:'

/** Is that a fact about reachability, among those of the board of circuits? */
export const isAboutReach = (key: string): boolean => key.startsWith(prefix)

export const createReachability = ({ now, board, onChange }: ReachabilityParts): Reachability => {
  const down = new Map<string, number>()
  board?.onChange((key, value) => {
    if (!isAboutReach(key)) return
    if (value === undefined) down.delete(key)
    else down.set(key, Number(value))
  })
  for (const [key, value] of board?.all() ?? []) if (isAboutReach(key)) down.set(key, Number(value))
  const isDown = (key: string): boolean => {
    const until = down.get(key)
    return until !== undefined && until > now()
  }
  return {
    isDown: (provider, credential) => down.size > 0 && isDown(keyOf(provider, credential)),
    lost(provider, credential, until) {
      const key = keyOf(provider, credential)
      const isNew = !isDown(key)
      down.set(key, until)
      board?.put(key, String(until), until - now())
      if (isNew) onChange?.({ upstream: `${provider}/* ${credential}`, state: 'open', openUntil: until })
    },
    found(provider, credential) {
      if (down.size === 0) return
      const key = keyOf(provider, credential)
      const wasDown = isDown(key)
      if (!down.delete(key)) return
      board?.remove(key)
      if (wasDown) onChange?.({ upstream: `${provider}/* ${credential}`, state: 'closed', openUntil: 0 })
    },
  }
}

const keyOf = (provider: string, credential: string): string => `${prefix}${provider} ${credential}`
