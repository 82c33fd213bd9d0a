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
  | { readonly type: 'prompt_cache_broken'; readonly data: PromptCacheBroken }

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
  'prompt_cache_broken',
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

/** A provider read less from its prompt cache than it had kept of a conversation. */
export interface PromptCacheBroken {
  readonly provider: string
  readonly model: string
  readonly organisation: string
  readonly key: string
  readonly session: string | null
  /**
   * `client` or `gateway`: who changed what had been sent before; `unmarked`: the request said no longer where to
   * cache; `provider`: nothing changed.
   */
  readonly cause: 'client' | 'gateway' | 'unmarked' | 'provider'
  readonly expectedTokens: number
  readonly readTokens: number
  /** Of the first byte that changed in the request as the provider got it, and its place in words of the protocol. */
  readonly offset: number | null
  readonly path: string | null
}
