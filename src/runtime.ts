import {
  type CredentialState,
  type Credentials,
  defaultOrganisation,
  type KeyRing,
  systemIdentity,
} from './accounts/index.ts'
import type { BudgetBook, Purse } from './budgets/index.ts'
import type { AnswerCache } from './cache/index.ts'
import { toCachePolicy } from './cache/settings.ts'
import {
  type Catalog,
  createCatalog,
  modelFamilies,
  toMarginRules,
  toPriceOverrides,
} from './catalog/index.ts'
import type { ServedForms } from './compress/index.ts'
import type { FetchMedia } from './egress/index.ts'
import { type Away, createFirewall, type Firewall, type LoopOptions } from './firewall/index.ts'
import { gateway } from './gateway.ts'
import type { HookEvent } from './hooks/index.ts'
import type { Ledger, ShadowStore } from './ledger/index.ts'
import type { Limits, LimitsConfiguration } from './limits/index.ts'
import { toLimitRule, toProviderLimits } from './limits/settings.ts'
import type { Exchange, Handler, Watchdog } from './pipeline/index.ts'
import type { PriceBook } from './prices/index.ts'
import type { CacheBook, CacheWatch } from './prompt-cache/index.ts'
import { watchMemory } from './prompt-cache/settings.ts'
import { type ListedModel, protocols } from './protocols/index.ts'
import { type ProviderSettings, timeoutsFor, usableProviders } from './providers/index.ts'
import type {
  HandleRegistry,
  PlaceholderRegistry,
  ReasoningRegistry,
  Sessions,
  StateKeysOf,
} from './sessions/index.ts'
import type { Settings } from './settings.ts'
import { similarAnswers } from './similar-answers.ts'
import {
  type CircuitSettings,
  type CredentialPool,
  createCredentialPool,
  type RetrySettings,
  type UpstreamHealth,
} from './stages/attempts/index.ts'
import type { CountChecks, CountTokensParts } from './stages/count-tokens/index.ts'
import type { HealthCheck } from './stages/health-checks/index.ts'
import { createRouteTable, isExactName, type RouteTable } from './stages/match/index.ts'
import type { CacheBroken } from './stages/prompt-cache/index.ts'
import type { OutputSlices } from './stages/reserve/index.ts'
import { toRouteRule } from './stages/route-settings.ts'
import type { BackgroundJobs } from './stages/sessions/index.ts'
import type { ShadowCopies } from './stages/shadow/index.ts'
import type { State } from './state/index.ts'
import type { Logger, Metrics, Tracer } from './telemetry/index.ts'
import type { LearningCounter } from './translation/index.ts'
import { openUpstreams, type Upstreams } from './upstreams.ts'
import { version } from './version.ts'

/** What lives as long as the process, whatever the configuration says. */
export interface Foundation {
  readonly logger: Logger
  readonly metrics: Metrics
  readonly tracer: Tracer
  readonly keys: KeyRing
  readonly credentials: Credentials
  readonly handles: HandleRegistry
  readonly placeholders: PlaceholderRegistry
  readonly stateKeys: StateKeysOf
  /** An organisation's key for placeholders. */
  readonly placeholderKey: (organisation: string) => Uint8Array
  readonly reasoning: ReasoningRegistry
  readonly sessions: Sessions
  readonly jobs: BackgroundJobs
  readonly cache: AnswerCache
  readonly shadows: ShadowCopies
  readonly shadowStore: ShadowStore
  readonly fetchMedia: FetchMedia
  /** Tells hooks; returns at once and never throws. */
  readonly emit: (event: HookEvent) => void
  readonly ledger: Ledger
  readonly tokenCounter: LearningCounter
  readonly compareCall: CountTokensParts['compareCall']
  readonly countChecks: CountChecks
  readonly budgetBook: BudgetBook
  readonly purse: Purse
  readonly slices: OutputSlices
  /** Conversations outlive a reload, and so does what is known of them. */
  readonly servedForms: ServedForms
  /** Imported prices outlive a reload. */
  readonly prices: PriceBook
  readonly cacheBook: CacheBook
  /** Conversations outlive a reload. */
  readonly cacheWatch: CacheWatch
  readonly onCacheBreak: (broken: CacheBroken) => void
  readonly health: UpstreamHealth
  readonly limits: Limits
  /** Shared with other processes where there is a Redis. */
  readonly state: State
  /** Streams outlive a reload, and so does what watches them. */
  readonly watchdog: Watchdog
  readonly instance: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly now: () => number
}

/** Everything that follows from one reading of the configuration. A reload makes a new one and swaps the reference. */
export interface Runtime {
  readonly settings: Settings
  readonly handle: Handler<Exchange>
  readonly upstreams: Upstreams
  readonly catalog: Catalog
  readonly routes: RouteTable
  /** Of the providers that are looked after. */
  readonly healthChecks: readonly HealthCheck[]
  /** Every model that can be named. */
  readonly models: readonly ListedModel[]
  readonly pool: CredentialPool
  readonly firewall: Firewall
}

/**
 * Builds the gateway that the settings describe. Throws `config_invalid`; then the old runtime goes on.
 *
 * @param before with the same settings, where only the vault's credentials changed: what it learned of the others counts
 */
export const createRuntime = async (
  settings: Settings,
  foundation: Foundation,
  before?: Runtime,
): Promise<Runtime> => {
  const { now } = foundation
  const catalog = createCatalog({
    overrides: toPriceOverrides(settings.prices),
    margins: toMarginRules(settings.margins),
    imported: foundation.prices.imported,
  })
  const sealed = await foundation.credentials.list()
  const configured = usableProviders(
    settings.providers,
    foundation.env,
    new Set(sealed.map(({ provider }) => provider)),
  )
  const upstreams = await openUpstreams({
    settings: configured,
    credentials: foundation.credentials,
    sealed,
    onMissing: before === undefined ? 'refuse' : 'skip',
    onProblem: (message) => foundation.logger.error('a credential cannot be used', { reason: message }),
    catalog,
    protocols: Object.values(protocols),
    now,
  })
  const routes = createRouteTable({
    routes: settings.routes.map(toRouteRule),
    aliases: settings.aliases,
    families: settings.family_aliases === 'on' ? modelFamilies() : [],
    providers: upstreams.providers,
    ...(settings.default_fallback === undefined ? {} : { fallback: settings.default_fallback }),
  })
  const models = listModels(settings, upstreams)
  const pool = createCredentialPool(upstreams.credentials, now, before?.pool.memory())
  foundation.health.circuits.configure(circuitSettings(settings))
  foundation.budgetBook.configure(settings.budgets)
  foundation.limits.configure(limitsConfiguration(settings, configured))
  const cacheSettings = settings.prompt_cache
  foundation.cacheWatch.limit(watchMemory(cacheSettings))
  // What sidecars said of texts counts as long as the settings do.
  const firewall = before?.firewall ?? createFirewall(settings.firewall, { onAway: tellAway(foundation) })
  const handle: Handler<Exchange> = gateway({
    ...foundation,
    accessLog: settings.telemetry.log.access,
    anonymous: settings.auth === 'off' ? systemIdentity('auth-off', localTenant) : undefined,
    maxNesting: settings.listen.max_nesting,
    firewall,
    loopOptions: loopOptions(settings),
    promptCache: {
      marks: cacheSettings.marks,
      marksOf: (provider) => configured[provider]?.prompt_cache,
      ttl: cacheSettings.ttl,
      book: foundation.cacheBook,
      watch: cacheSettings.alarm === 'on' ? foundation.cacheWatch : undefined,
      onBreak: foundation.onCacheBreak,
    },
    onLoop: foundation.metrics.loop,
    onFinding: ({ detector, type, direction, action }) =>
      foundation.metrics.firewallFinding(detector, type, direction, action),
    cachePolicy: toCachePolicy(settings.cache),
    similar: similarAnswers({
      settings: settings.cache.similar,
      cache: foundation.cache,
      run: (exchange) => handle(exchange),
      provider: (id) => upstreams.providers.get(id),
      ...{ catalog, now, random: Math.random },
    }),
    compression: settings.compress,
    onCompressed: ({ blocks, bytesBefore, bytesAfter }) =>
      foundation.metrics.compressed(blocks, bytesBefore, bytesAfter),
    countShare: settings.audit.count_share,
    keepsAnswers: settings.sessions.store === 'on',
    onUnreadable(error) {
      foundation.metrics.placeholderProblem()
      foundation.logger.warn('placeholders of an earlier turn cannot be read, they stay in the answer', {
        error: error instanceof Error ? error.name : undefined,
      })
    },
    conversations: settings.sessions.conversations,
    hasUpstream: ({ protocol, operation, incoming }) =>
      routes.anyModel(protocol.id, operation, incoming.pinnedProvider).length > 0,
    run: (exchange) => handle(exchange),
    routes,
    pool,
    workMode: settings.work_mode,
    retry: retrySettings(settings),
    random: Math.random,
    budgets: { table: foundation.budgetBook.table, purse: foundation.purse },
    onRefusedCredential(provider, credential) {
      markCredential(foundation, upstreams, credential, 'rejected')
      foundation.emit({ type: 'credential_refused', data: { provider, credential } })
    },
    onAcceptedCredential: (_provider, credential) => markCredential(foundation, upstreams, credential, 'ok'),
    onHedge: foundation.metrics.hedge,
    hasQueue: (provider) => configured[provider]?.limits?.queue !== undefined,
    catalog,
    timeouts(provider, policy) {
      const own = timeoutsFor(settings.timeouts, configured[provider]?.timeouts)
      return { connect: own.connect, firstByte: own.first_byte, idle: own.idle, total: own.total, ...policy }
    },
    userAgent: `tollgate/${version}`,
    onLoss: (source, target, { feature }) => foundation.metrics.translationWarning(source, target, feature),
    watchesGrammar: everySoOften(grammarSample),
    pauses: () => settings.continue_paused,
    onViolation: (protocol, rule) => foundation.metrics.violation(protocol, rule),
    models: () => models,
    onBilled: foundation.prices.noteBilled,
  })
  const healthChecks = healthChecksOf(configured, upstreams)
  return { settings, handle, upstreams, catalog, routes, models, pool, healthChecks, firewall }
}

/** Every fault is counted; the log hears of each sidecar once a minute. */
const tellAway = ({ metrics, logger, now }: Foundation): ((away: Away) => void) => {
  const told = new Map<string, number>()
  return ({ sidecar, reason, isBlocking }) => {
    metrics.sidecarFault(sidecar, reason)
    if (now() - (told.get(sidecar) ?? Number.NEGATIVE_INFINITY) < 60_000) return
    told.set(sidecar, now())
    logger.warn('a sidecar of the firewall gives no usable answer', {
      sidecar,
      reason,
      consequence: isBlocking ? 'what it has to look at is held back' : 'texts go on without it',
    })
  }
}

/** For people who look at the list; the pool does not go by it. */
const markCredential = (
  { credentials, logger }: Foundation,
  { held }: Upstreams,
  id: string,
  state: CredentialState,
): void => {
  const info = held.get(id)
  if (info === undefined) return
  credentials.setState(info, state).catch((error: unknown) => {
    logger.warn('the state of a credential could not be written', {
      credential: id,
      error: error instanceof Error ? error.message : undefined,
    })
  })
}

const healthChecksOf = (
  configured: Readonly<Record<string, ProviderSettings>>,
  { providers, credentials }: Upstreams,
): readonly HealthCheck[] =>
  [...providers.values()].flatMap((provider) => {
    const check = configured[provider.id]?.health_check
    // What answers without HTTP is always there.
    if (check === undefined || provider.send !== undefined) return []
    return [{ provider, credentials: credentials.get(provider.id) ?? [], ...check }]
  })

const retrySettings = ({ retry }: Settings): RetrySettings => ({
  tries: retry.tries,
  backoff: retry.backoff,
  longestWait: retry.longest_wait,
  deadline: retry.deadline,
  budget: retry.budget,
})

const limitsConfiguration = (settings: Settings, providers: Settings['providers']): LimitsConfiguration => ({
  rules: settings.limits.map(toLimitRule),
  providers: Object.fromEntries(
    Object.entries(providers).flatMap(([id, { limits }]) =>
      limits === undefined ? [] : [[id, toProviderLimits(limits)]],
    ),
  ),
  runaway: settings.limits_runaway === 'off' ? null : settings.limits_runaway,
  whenAway: settings.limits_when_away,
  longestWait: settings.limits_longest_wait,
})

const loopOptions = ({ firewall: { loops } }: Settings): LoopOptions | undefined =>
  loops.warn_after + loops.stop_after === 0
    ? undefined
    : { warnAt: loops.warn_after, stopAt: loops.stop_after, exempt: loops.exempt }

const circuitSettings = ({ circuits }: Settings): CircuitSettings => ({
  failures: circuits.failures,
  errorRate: circuits.error_rate,
  minimum: circuits.minimum,
  window: circuits.window,
  openFor: circuits.open_for,
  longestOpen: circuits.longest_open,
})

/** Of so many streams, one is held against its protocol's grammar. */
const grammarSample = 64

/** True on the first call and on every nth after it. */
const everySoOften = (n: number): (() => boolean) => {
  let calls = 0
  return () => calls++ % n === 0
}

const localTenant = { organisation: defaultOrganisation, team: null, user: null, key: null }

/** Providers' names, what rules name exactly, and aliases, each once. */
const listModels = (settings: Settings, upstreams: Upstreams): readonly ListedModel[] => {
  const models = new Map<string, ListedModel>()
  for (const provider of upstreams.providers.values()) {
    for (const model of provider.listedModels()) if (!models.has(model.id)) models.set(model.id, model)
  }
  for (const { match, targets } of settings.routes) {
    const [first] = targets
    if (first === undefined || !upstreams.providers.has(first.provider)) continue
    for (const id of match.filter(isExactName)) {
      if (!models.has(id)) models.set(id, { id, provider: first.provider, operations: ['generate'] })
    }
  }
  for (const [alias, target] of Object.entries(settings.aliases)) {
    const known = models.get(target)
    models.set(alias, { ...(known ?? { provider: 'alias', operations: ['generate'] }), id: alias })
  }
  return [...models.values()]
}
