import type {
  AdminTokens,
  AuditLogStore,
  Logins,
  RotatedMasterKey,
  Secret,
  Tenants,
  Users,
  VirtualKeys,
} from '../accounts/index.ts'
import type { BudgetBook, ListedBudget, Standing } from '../budgets/index.ts'
import type { AnswerPlace, CacheStats, StoredAnswer } from '../cache/index.ts'
import type { AuditStore, CanaryPrompt, LedgerReader, LedgerStatus, ShadowStore } from '../ledger/index.ts'
import type { AdminPrices } from '../prices/index.ts'
import type { Metrics } from '../telemetry/index.ts'
import type { CredentialDesk } from './credential-desk.ts'
import type { FirewallQuestion, FirewallTrial } from './firewall-trial.ts'
import type { LimitsQuestion, LimitsReport } from './limits-report.ts'
import type { LoginDesk } from './login-desk.ts'
import type { ChangeRecorder } from './record-changes.ts'
import type { AdminRoute, RouteExplanation, RouteQuestion } from './route-explanation.ts'

/** What the admin API works with. Answers that follow the configuration are functions: a reload changes them. */
export interface AdminParts {
  readonly tokens: Pick<AdminTokens, 'find'>
  readonly keys: VirtualKeys
  readonly budgets: AdminBudgets
  readonly credentials: CredentialDesk
  /** Another master key: the given one, or a random one. */
  readonly rotateVault: (next: Secret | undefined) => Promise<RotatedMasterKey>
  readonly reader: Pick<
    LedgerReader,
    'usage' | 'upstreamUsage' | 'firewall' | 'cacheBreaks' | 'entries' | 'exchange' | 'running'
  >
  readonly tenants: Tenants
  readonly users: Users
  readonly logins: Logins
  readonly login: LoginDesk
  readonly shadow: ShadowStore['report']
  readonly audit: AuditStore['report']
  readonly auditLog: AuditLogStore
  /** Told about a change that the audit log could not take. */
  readonly onUnrecorded: ChangeRecorder['onProblem']
  /** How far back an audit looks, in milliseconds, and how many calls it wants. */
  readonly auditLimits: () => {
    readonly window: number
    readonly minimum: number
    readonly canaries: readonly CanaryPrompt[]
  }
  readonly prices: AdminPrices
  readonly metrics: Pick<Metrics, 'render' | 'contentType'>
  readonly servesMetrics: () => boolean
  /** A token that may read `/metrics` and nothing else. */
  readonly metricsToken: () => string | undefined
  readonly models: () => readonly AdminModel[]
  readonly providers: () => readonly AdminProvider[]
  readonly routes: () => readonly AdminRoute[]
  /** Throws `gateway_request_invalid` for a key or endpoint that there is not. */
  readonly explainRoute: (question: RouteQuestion) => Promise<RouteExplanation>
  readonly limits: (question: LimitsQuestion) => Promise<LimitsReport>
  /** Throws `not_found` for a key that there is not. */
  readonly tryFirewall: (question: FirewallQuestion) => Promise<FirewallTrial>
  readonly cache: AdminCache
  /** The configuration as it applies, secrets masked, with where each value came from. */
  readonly config: () => readonly AdminSetting[]
  /**
   * Reads the configuration anew and tells which settings changed, secrets masked. Throws `config_invalid` and keeps
   * the old one when it is wrong.
   */
  readonly reload: () => Promise<readonly AdminSettingChange[]>
  readonly status: () => Promise<ServerStatus>
  /** Something was changed: resolves when all workers of this machine count with it. */
  readonly onChange: () => Promise<void>
  readonly now: () => number
}

export interface AdminBudgets {
  /** @param organisation only what holds there; null for all */
  list(
    organisation: string | null,
  ): Promise<readonly { readonly budget: ListedBudget; readonly standings: readonly Standing[] }[]>
  /** Throws `not_found`. */
  standingOfKey(id: string, organisation: string | null): Promise<readonly Standing[]>
  readonly create: BudgetBook['create']
  readonly update: BudgetBook['update']
  readonly remove: BudgetBook['remove']
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
  /** What the last check with each credential said; null where nobody looks. Times in milliseconds (since 1970). */
  readonly health:
    | readonly {
        readonly credential: string
        readonly result: 'ok' | 'failed' | 'timeout' | 'unreachable'
        readonly checkedAt: number
        readonly latencyMs: number
        /** In a row. */
        readonly failures: number
        /** Nothing is asked there until a check succeeds. */
        readonly isDown: boolean
      }[]
    | null
}

export interface AdminSetting {
  readonly path: string
  readonly value: unknown
  readonly origin: string
}

export interface AdminSettingChange {
  readonly path: string
  readonly before: unknown
  readonly after: unknown
}

export interface ServerStatus {
  readonly status: 'ok' | 'degraded' | 'draining'
  readonly version: string
  readonly startedAt: number
  readonly listeners: readonly string[]
  /** Of all workers together, as is the ledger. */
  readonly openExchanges: number
  readonly ledger: LedgerStatus
  readonly workers: readonly {
    readonly number: number
    readonly pid: number
    readonly startedAt: number
    readonly restarts: number
    readonly status: ServerStatus['status']
    readonly openExchanges: number
    readonly ledger: LedgerStatus
  }[]
  readonly database: string
  /** `alone` without Redis; `away` while it cannot be reached. */
  readonly redis: 'alone' | 'connected' | 'away'
  readonly configFiles: readonly string[]
}

export interface AdminCache {
  /** Of all workers of this machine. */
  stats(): Promise<CacheStats>
  /** What is kept there; a store that is away knows nothing. */
  peek(place: AnswerPlace): Promise<StoredAnswer | undefined>
  /** Of an organisation, or of all; resolves to how many answers were there. */
  purge(organisation: string | undefined): Promise<number>
}
