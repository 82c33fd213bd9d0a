import type { AdminTokens, Credentials, Logins, Tenants, Users, VirtualKeys } from '../accounts/index.ts'
import type { AuditStore, CanaryPrompt, LedgerReader, LedgerStatus, ShadowStore } from '../ledger/index.ts'
import type { Metrics } from '../telemetry/index.ts'
import type { LoginDesk } from './login-desk.ts'
import type { AdminRoute, RouteExplanation, RouteQuestion } from './route-explanation.ts'

/** What the admin API works with. Answers that follow the configuration are functions: a reload changes them. */
export interface AdminParts {
  readonly tokens: Pick<AdminTokens, 'find'>
  readonly keys: VirtualKeys
  readonly credentials: Credentials
  readonly tenants: Tenants
  readonly users: Users
  readonly logins: Logins
  readonly login: LoginDesk
  readonly reader: Pick<LedgerReader, 'usage' | 'entries' | 'exchange' | 'running'>
  readonly shadow: ShadowStore['report']
  readonly audit: AuditStore['report']
  /** How far back an audit looks, in milliseconds, and how many calls it wants. */
  readonly auditLimits: () => {
    readonly window: number
    readonly minimum: number
    readonly canaries: readonly CanaryPrompt[]
  }
  readonly metrics: Pick<Metrics, 'render' | 'contentType'>
  readonly servesMetrics: () => boolean
  /** A token that may read `/metrics` and nothing else. */
  readonly metricsToken: () => string | undefined
  readonly models: () => readonly AdminModel[]
  readonly providers: () => readonly AdminProvider[]
  readonly routes: () => readonly AdminRoute[]
  /** Throws `gateway_request_invalid` for a key or endpoint that there is not. */
  readonly explainRoute: (question: RouteQuestion) => Promise<RouteExplanation>
  /** The configuration as it applies, secrets masked, with where each value came from. */
  readonly config: () => readonly AdminSetting[]
  /** Reads the configuration anew; throws `config_invalid` and keeps the old one when it is wrong. */
  readonly reload: () => Promise<void>
  readonly status: () => ServerStatus
  readonly now: () => number
}

export interface AdminModel {
  readonly id: string
  readonly provider: string
  readonly operations: readonly string[]
  readonly contextWindow: number | null
  readonly maxOutputTokens: number | null
  /** USD per million tokens as decimal strings; null where unknown. */
  readonly price: { readonly input: string | null; readonly output: string | null } | null
}

export interface AdminProvider {
  readonly id: string
  readonly kind: string
  readonly protocols: readonly string[]
  readonly origin: string | null
  /** Masked. */
  readonly credentials: readonly { readonly id: string; readonly shown: string }[]
  /** Does it have all that it needs to be called? */
  readonly usable: boolean
  readonly streamUsage: string
}

export interface AdminSetting {
  readonly path: string
  readonly value: unknown
  readonly origin: string
}

export interface ServerStatus {
  readonly status: 'ok' | 'degraded' | 'draining'
  readonly version: string
  readonly startedAt: number
  readonly listeners: readonly string[]
  readonly openExchanges: number
  readonly ledger: LedgerStatus
  readonly database: string
  /** `alone` without Redis; `away` while it cannot be reached. */
  readonly redis: 'alone' | 'connected' | 'away'
  readonly configFiles: readonly string[]
}
