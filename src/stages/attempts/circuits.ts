import { type Circuit, type CircuitSettings, createCircuit } from './circuit-breaker.ts'
import { isAboutReach } from './reachability.ts'

/** The circuits of all upstreams, shared with other processes where there is a board to share them on. */
export interface Circuits {
  /** @param upstream provider, model and credential */
  of(upstream: string): Circuit
  /** Those that are not closed, for people. */
  list(): readonly {
    readonly upstream: string
    readonly state: 'open' | 'half-open'
    readonly openUntil: number
  }[]
  /** A connection came about: closes what is open for want of one, at a provider with a credential. */
  reached(provider: string, credential: string): void
  configure(settings: CircuitSettings): void
}

/** Where processes tell each other what they have seen. Facts end by themselves. */
export interface CircuitBoard {
  put(key: string, value: string, ttlMs: number): void
  remove(key: string): void
  all(): ReadonlyMap<string, string>
  onChange(handler: (key: string, value: string | undefined) => void): void
}

export interface CircuitsParts {
  readonly settings: CircuitSettings
  readonly now: () => number
  readonly board?: CircuitBoard
  readonly onChange?: (change: CircuitChange) => void
}

export interface CircuitChange {
  readonly upstream: string
  readonly state: 'open' | 'closed'
  readonly openUntil: number
}

/** Models are named by clients, so upstreams are many. */
const mostCircuits = 4096
/** A fact about an open circuit outlives its time by this, so that the others go on probing with care. */
const afterlife = 30_000

export const createCircuits = (parts: CircuitsParts): Circuits => {
  let { settings } = parts
  const { now, board } = parts
  const circuits = new Map<string, Circuit>()

  const make = (upstream: string): Circuit => {
    if (circuits.size >= mostCircuits) evict(circuits)
    const circuit = createCircuit({
      settings: () => settings,
      now,
      onChange(state, openUntil, isUnreachable) {
        if (state === 'open') {
          board?.put(upstream, factOf(openUntil, isUnreachable), openUntil - now() + afterlife)
        } else board?.remove(upstream)
        parts.onChange?.({ upstream, state, openUntil })
      },
    })
    circuits.set(upstream, circuit)
    const told = board?.all().get(upstream)
    if (told !== undefined) follow(circuit, told)
    return circuit
  }
  board?.onChange((upstream, value) => {
    if (isAboutReach(upstream)) return
    if (value === undefined) circuits.get(upstream)?.heal()
    else follow(circuits.get(upstream) ?? make(upstream), value)
  })

  return {
    of: (upstream) => circuits.get(upstream) ?? make(upstream),
    list: () =>
      [...circuits].flatMap(([upstream, { state, openUntil }]) =>
        state === 'closed' ? [] : [{ upstream, state, openUntil }],
      ),
    reached(provider, credential) {
      for (const [upstream, circuit] of circuits) {
        if (!circuit.isUnreachable) continue
        if (!upstream.startsWith(`${provider}/`) || !upstream.endsWith(` ${credential}`)) continue
        circuit.heal()
        board?.remove(upstream)
        parts.onChange?.({ upstream, state: 'closed', openUntil: 0 })
      }
    },
    configure(next) {
      settings = next
    },
  }
}

/** When it may be tried again, and why it may not before. */
const factOf = (openUntil: number, isUnreachable: boolean): string =>
  isUnreachable ? `${openUntil} unreachable` : String(openUntil)

const follow = (circuit: Circuit, fact: string): void =>
  circuit.follow(Number.parseFloat(fact), fact.endsWith(' unreachable'))

/**
 * The closed ones go first, oldest first: they know nothing that would not be learned again in a moment. In an outage
 * all may be open, for names that clients made up; then the oldest go whatever they know.
 */
const evict = (circuits: Map<string, Circuit>): void => {
  for (const [upstream, circuit] of circuits) {
    if (circuits.size <= mostCircuits / 2) return
    if (circuit.state === 'closed') circuits.delete(upstream)
  }
  for (const upstream of circuits.keys()) {
    if (circuits.size <= mostCircuits / 2) return
    circuits.delete(upstream)
  }
}
