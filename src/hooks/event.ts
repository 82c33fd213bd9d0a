/**
 * What hooks tell. Times are milliseconds since 1970, money is a decimal string of US dollars. No member ever holds a
 * secret, a prompt or an answer: events leave the gateway.
 */
export type HookEvent =
  | { readonly type: 'budget_zone'; readonly data: BudgetZone }
  | { readonly type: 'circuit_open'; readonly data: Upstream & { readonly openUntil: number } }
  | { readonly type: 'circuit_closed'; readonly data: Upstream }
  | { readonly type: 'drift'; readonly data: Drift }
  | { readonly type: 'key_created'; readonly data: KeyNamed }
  | { readonly type: 'key_revoked'; readonly data: KeyNamed }
  | { readonly type: 'user_provisioned'; readonly data: UserNamed }
  | { readonly type: 'credential_refused'; readonly data: CredentialNamed }

export type HookEventType = HookEvent['type']

export const hookEventTypes = [
  'budget_zone',
  'circuit_open',
  'circuit_closed',
  'drift',
  'key_created',
  'key_revoked',
  'user_provisioned',
  'credential_refused',
] as const satisfies readonly HookEventType[]

/** A budget came into another zone. */
export interface BudgetZone {
  /** `global`, `organisation`, `team`, `user`, `key`, … */
  readonly level: string
  /** Id of whom it is for; null where it is for all. */
  readonly subject: string | null
  readonly period: string
  readonly zone: 'green' | 'amber' | 'red'
  /** `usd`: amounts are decimal strings of US dollars; else whole numbers of tokens. */
  readonly unit: 'usd' | 'tokens'
  readonly spent: string
  readonly limit: string
}

/** Provider, model and id of the credential. */
export interface Upstream {
  readonly upstream: string
  readonly provider: string
}

/** An upstream answers otherwise than it did (`tgw audit`). */
export interface Drift {
  readonly provider: string
  readonly model: string
  readonly series: string
  readonly direction: string
  readonly meaning: string
  readonly changedAt: number
  readonly before: DriftSide
  readonly after: DriftSide
  /** How much larger or more frequent later values are, -1 to 1, or how much of a mix changed, 0 to 1. */
  readonly effect: number
  readonly pValue: number
}

export interface DriftSide {
  readonly count: number
  readonly median: number | null
  readonly share: number | null
  readonly names: Readonly<Record<string, number>> | null
}

export interface KeyNamed {
  readonly key: string
  readonly name: string
  readonly organisation: string
  readonly team: string | null
  readonly user: string | null
}

export interface UserNamed {
  readonly user: string
  readonly organisation: string
  readonly team: string | null
  /** What made the user: `api`, `csv`, `first-start`, `scim`, `oidc`, … */
  readonly source: string
}

export interface CredentialNamed {
  readonly provider: string
  readonly credential: string
}
