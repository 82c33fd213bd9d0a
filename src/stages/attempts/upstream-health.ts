import type { CircuitSettings } from './circuit-breaker.ts'
import { type CircuitBoard, type CircuitChange, type Circuits, createCircuits } from './circuits.ts'
import { type Connections, createConnections } from './connections.ts'
import { createLatencyBook, type LatencyBook } from './latency-book.ts'
import { createReachability, type Reachability } from './reachability.ts'
import { createRetryBudget, type RetryBudget } from './retry-budget.ts'
import { createSessionTargets, type SessionTargets } from './session-targets.ts'
import { createStrategies } from './strategies/index.ts'

/** What has been learned of upstreams. It lives as long as the process, whatever the configuration says. */
export interface UpstreamHealth {
  readonly circuits: Circuits
  readonly reach: Reachability
  readonly connections: Connections
  readonly latencies: LatencyBook
  readonly loads: Loads
  readonly sessions: SessionTargets
  readonly budget: RetryBudget
  readonly strategies: ReturnType<typeof createStrategies>
}

/** Calls under way, by upstream. */
export interface Loads {
  of(upstream: string): number
  /** One more. Call what it returns when it is over. */
  begin(upstream: string): () => void
}

export interface UpstreamHealthParts {
  readonly now: () => number
  readonly board?: CircuitBoard
  readonly onCircuit?: (change: CircuitChange) => void
}

/** Nothing is known yet. Settings of the circuits follow with the first configuration. */
export const createUpstreamHealth = ({ now, board, onCircuit }: UpstreamHealthParts): UpstreamHealth => ({
  circuits: createCircuits({
    settings: initialCircuits,
    now,
    ...(board === undefined ? {} : { board }),
    ...(onCircuit === undefined ? {} : { onChange: onCircuit }),
  }),
  reach: createReachability({
    now,
    ...(board === undefined ? {} : { board }),
    ...(onCircuit === undefined ? {} : { onChange: onCircuit }),
  }),
  connections: createConnections(now),
  latencies: createLatencyBook(now),
  loads: createLoads(),
  sessions: createSessionTargets(now),
  budget: createRetryBudget(now),
  strategies: createStrategies(),
})

const initialCircuits: CircuitSettings = {
  failures: 5,
  errorRate: 0.5,
  minimum: 20,
  window: 30_000,
  openFor: 1000,
  longestOpen: 30_000,
}

const createLoads = (): Loads => {
  const loads = new Map<string, number>()
  return {
    of: (upstream) => loads.get(upstream) ?? 0,
    begin(upstream) {
      loads.set(upstream, (loads.get(upstream) ?? 0) + 1)
      let isOver = false
      return () => {
        if (isOver) return
        isOver = true
        const left = (loads.get(upstream) ?? 1) - 1
        if (left === 0) loads.delete(upstream)
        else loads.set(upstream, left)
      }
    },
  }
}
