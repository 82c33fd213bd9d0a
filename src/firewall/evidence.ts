import type { Found } from './screen.ts'

/** Findings of one rule with one outcome, as the ledger keeps them. Never a value. */
export interface FirewallEvidence {
  readonly detector: string
  readonly type: string
  readonly rule: string
  readonly direction: Found['direction']
  readonly action: Found['action']
  readonly count: number
  /** The highest of them, 0 to 1. */
  readonly confidence: number
  /** Where the first of them stood: a JSON path of the request or the answer. */
  readonly at: string
}

/** A request with more kinds than that is told by its first ones. */
const mostGroups = 40

/** One group for each rule, direction and action, in the order in which they were found. */
export const evidenceOf = (found: readonly Found[]): readonly FirewallEvidence[] => {
  const groups = new Map<string, FirewallEvidence>()
  for (const { detector, type, rule, direction, action, confidence, at } of found) {
    const key = [detector, type, rule, direction, action].join(' ')
    const before = groups.get(key)
    if (before === undefined && groups.size === mostGroups) continue
    groups.set(key, {
      ...{ detector, type, rule, direction, action },
      count: (before?.count ?? 0) + 1,
      confidence: Math.max(before?.confidence ?? 0, confidence),
      at: before?.at ?? at.slice(0, 200),
    })
  }
  return [...groups.values()]
}

/**
 * The header `x-tollgate-firewall`, a list of RFC 9651: `secrets;redacted=2, personal;reported=1`. Undefined for
 * nothing found.
 */
export const firewallHeader = (found: readonly Found[]): string | undefined => {
  if (found.length === 0) return undefined
  const counts = new Map<string, Map<Found['action'], number>>()
  for (const { detector, action } of found) {
    const actions = counts.get(detector) ?? new Map<Found['action'], number>()
    counts.set(detector, actions.set(action, (actions.get(action) ?? 0) + 1))
  }
  return [...counts]
    .map(([detector, actions]) =>
      [detector, ...[...actions].map(([action, n]) => `${action}=${n}`)].join(';'),
    )
    .join(', ')
}
