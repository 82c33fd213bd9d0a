import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { createAccountChanges } from './account-changes.ts'
import { adminApi } from './admin/index.ts'
import { adminBudgets } from './admin-budgets.ts'
import { tryFirewall } from './admin-firewall.ts'
import { adminLimits } from './admin-limits.ts'
import { adminModels, adminProviders } from './admin-views.ts'
import { announceFirstStart } from './announce-first-start.ts'
import { announceKeys } from './announce-keys.ts'
import { announceUsers, userProvisioned } from './announce-users.ts'
import { createAnswerCaching } from './answer-caching.ts'
import { joinStats, packStats } from './answer-stats.ts'
import { budgetQuota } from './budget-quota.ts'
import { createBudgetBook, createPurse } from './budgets/index.ts'
import { createCacheNotices } from './cache-notices.ts'
import { type ChangedSetting, changedSettings, settingsEntry } from './changed-settings.ts'
import { createCliToken } from './cli-token.ts'
import { createServedForms } from './compress/index.ts'
import { isConfigError, type LoadedConfig, listPaths, watchFiles } from './config/index.ts'
import { createDriftCheck } from './drift-check.ts'
import { createMediaFetcher, type FetchMedia } from './egress/index.ts'
import { GatewayError } from './errors.ts'
import { adminRoutes, explainRoute } from './explain-route.ts'
import { createHooks } from './hooks/index.ts'
import { createTurns } from './in-turn.ts'
import { keepRollups } from './keep-rollups.ts'
import { createLedger } from './ledger/index.ts'
import { createGatewayCount, createLimits } from './limits/index.ts'
import { adminUrl, assertFree, type Listening, openListeners } from './listeners.ts'
import { logOutputs } from './log-outputs.ts'
import { createLoginDesk } from './login-desk.ts'
import { sendMail } from './mail/index.ts'
import { openAccounts } from './open-accounts.ts'
import { openMachineState, openState } from './open-state.ts'
import { createWatchdog } from './pipeline/index.ts'
import { adminPrices, createPriceBook, createPriceFetcher } from './prices/index.ts'
import { CacheWatch, createCacheBook } from './prompt-cache/index.ts'
import { protocols } from './protocols/index.ts'
import { createRetention } from './retention.ts'
import { createRuntime, type Foundation, type Runtime } from './runtime.ts'
import { serveCredentials } from './serve-credentials.ts'
import {
  createHandleRegistry,
  createPlaceholderRegistry,
  createReasoningRegistry,
  createSessions,
} from './sessions/index.ts'
import { databaseUrl, restartNeeded, type Settings } from './settings.ts'
import { type CircuitChange, createUpstreamHealth } from './stages/attempts/index.ts'
import { askCanary, createCanaries } from './stages/canary/index.ts'
import { createCountChecks } from './stages/count-tokens/index.ts'
import { createHealthChecks } from './stages/health-checks/index.ts'
import { createOutputSlices } from './stages/reserve/index.ts'
import { createBackgroundJobs } from './stages/sessions/index.ts'
import { createShadowCopies } from './stages/shadow/index.ts'
import { createCountWorker } from './start-count-worker.ts'
import { startStorage } from './start-storage.ts'
import { createBoard } from './state/index.ts'
import { attachToSupervisor } from './supervisor/index.ts'
import { createTeam } from './team.ts'
import { createLogger, createMetrics, createTracer, mergeExpositions } from './telemetry/index.ts'
import { createLearningCounter } from './translation/index.ts'
import { version } from './version.ts'
import { createWorkerStatus } from './worker-status.ts'
import { createZoneNotices } from './zone-notices.ts'

export interface ServeOptions {
  /** Reads the configuration anew each time. Throws `config_invalid`. */
  readonly load: () => LoadedConfig<Settings>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Fetches pictures and the like that clients name by an address; default from public addresses only. */
  readonly fetchMedia?: FetchMedia
}

/** How often changes that other processes made to keys are looked for, in milliseconds. */
const keyPoll = 2_000
/** How long a worker that was relieved waits for the last of its streams, in milliseconds. */
const longestStream = 3_600_000
/** How often expired handles are dropped and key usage is written, in milliseconds. */
const housekeeping = 30_000

/**
 * The worker: opens storage, vault, ledger and listeners in this order, and closes them in the other. Resolves when it
 * serves. Everything that a reload may change hangs on one `runtime` reference.
 */
export const serve = async ({
  load,
  env,
  fetchMedia = createMediaFetcher(),
}: ServeOptions): Promise<{ readonly listening: Listening; stop(): Promise<void> }> => {
  let config = load()
  const { settings } = config
  const dataDir = settings.data_dir
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const now = Date.now
  const startedAt = now()
  const instance = randomUUID()

  // The link is needed early, so that a failure to start is told; what it drains exists later.
  const drained = Promise.withResolvers<(isRelieved: boolean) => Promise<void>>()
  const link = attachToSupervisor({
    onDrain: async () => (await drained.promise)(false),
    onRetire: async () => (await drained.promise)(true),
    onReload: () => void reloadFrom('SIGHUP'),
  })
  const isTeam = link.teamSize > 1

  const { outputs, close: closeLogs } = logOutputs(settings, 'server', env)
  const bindings = isTeam ? { worker: link.number } : {}
  const logger = createLogger({ level: settings.telemetry.log.level, outputs, bindings })
  for (const warning of config.warnings)
    logger.warn(warning.message, { file: warning.file, line: warning.line })
  const machine = await openMachineState(env, logger)
  const team = createTeam({ link, machine, instance })

  const url = databaseUrl(settings)
  const storage = await startStorage(
    { url, ...benchDelay(env) },
    {
      onProblem: (message, error) => logger.error(message, { error }),
      onDeath(error) {
        logger.fatal('the storage worker died, ending so that the supervisor starts anew', {
          error: error.message,
        })
        process.exit(1)
      },
    },
  )
  const { writer } = storage
  const reports = async () => (await storage.reader()).ledger
  const accounts = await openAccounts(settings, writer, now, {
    login: () => config.settings.login,
    // Whoever does not hear it finds out by looking, every few seconds.
    onKeyChange: () => void state.publish('key-changes', instance).catch(() => undefined),
  })
  const { tokens, credentials, tenants, logins } = accounts

  const metrics = createMetrics({
    version,
    workerRestarts: link.restarts,
    ...(isTeam ? { worker: link.number } : {}),
  })
  const { tracing } = settings.telemetry
  const tracer = await createTracer({
    endpoint: tracing.endpoint,
    headers: tracing.headers,
    serviceName: tracing.service_name,
    sampleRatio: tracing.sample_ratio,
    version,
    onNotice: (message, fields) => logger.warn(message, fields),
  })
  const ledger = createLedger({
    store: writer.ledger,
    dataDir,
    instance,
    siblings: link.relieved?.instances ?? [],
    durability: settings.ledger.durability === 'async' ? 'async' : 'commit',
    maxPending: settings.ledger.max_pending,
    onProblem: (message, error) =>
      logger.warn(message, { error: error instanceof Error ? error.message : undefined }),
  })
  await ledger.start()
  const handles = createHandleRegistry(writer.handles)
  const warn = (message: string, error: unknown): void =>
    logger.warn(message, { error: error instanceof Error ? error.message : undefined })
  const reasoning = createReasoningRegistry(writer.reasoning, accounts.stateKeys, { onProblem: warn })
  const placeholders = createPlaceholderRegistry(writer.placeholders, accounts.stateKeys, {
    limits: () => config.settings.sessions,
    onProblem(message, error) {
      metrics.placeholderProblem()
      warn(message, error)
    },
  })
  const sessions = createSessions(writer, accounts.stateKeys, {
    limits: () => config.settings.sessions,
    outputOf: (response) => protocols['openai-responses'].sessions?.outputOf(response) ?? [],
  })
  const jobs = createBackgroundJobs(sessions, warn)
  const prices = createPriceBook({ store: writer.prices, onProblem: warn, now })
  await prices.reload()
  const shadows = createShadowCopies({
    store: writer.shadow,
    registry: metrics.registry,
    onProblem: warn,
    now,
  })
  const countWorker = createCountWorker()
  const countChecks = createCountChecks({
    store: writer.countChecks,
    registry: metrics.registry,
    onProblem: warn,
  })
  const hooks = createHooks(settings.hooks, { logger, registry: metrics.registry, path: env['PATH'], now })
  const watchdog = createWatchdog(now)
  const state = openState(settings, { logger, registry: metrics.registry, machine })
  const answers = createAnswerCaching({
    state,
    keyOf: (organisation) => accounts.stateKeys(organisation).answers,
    nameKeyOf: (organisation) => accounts.stateKeys(organisation).answerNames,
    settings: () => config.settings,
    logger,
    registry: metrics.registry,
    now,
  })
  team.answer('cache-stats', async () => packStats(await answers.cache.stats()))
  const cacheStats = async () =>
    joinStats(
      await answers.cache.stats(),
      (await team.ask('cache-stats')).map(({ text }) => text),
    )
  const changes = createAccountChanges({
    team,
    beyond: state === machine ? undefined : state,
    reload: () => readChanged(),
  })
  state.subscribe('key-changes', (from) => {
    if (from !== instance) accounts.reload().catch(() => undefined)
  })
  const gateways = createBoard({ state, name: 'gateways', node: instance, now })
  const limits = createLimits({
    state,
    gateways: createGatewayCount(gateways, instance, state),
    logger,
    registry: metrics.registry,
    now,
  })
  const circuits = createBoard({ state, name: 'circuits', node: instance, now })
  const onCircuit = ({ upstream, state, openUntil }: CircuitChange): void => {
    const provider = upstream.slice(0, upstream.indexOf('/'))
    metrics.circuit(provider, state)
    if (state === 'open') {
      logger.warn('an upstream fails and is left alone', { upstream, ms: openUntil - now() })
      hooks.emit({ type: 'circuit_open', data: { upstream, provider, openUntil } })
    } else {
      logger.info('an upstream works again', { upstream })
      hooks.emit({ type: 'circuit_closed', data: { upstream, provider } })
    }
  }
  const budgetBook = createBudgetBook({ store: writer.budgets, now, onProblem: warn })
  await budgetBook.reload()
  const zones = createZoneNotices({ state, emit: hooks.emit, registry: metrics.registry, now })
  const purse = createPurse({
    quota: budgetQuota({
      ...{ state, logger, registry: metrics.registry, now },
      settings: () => config.settings,
      spent: writer.spent,
    }),
    spent: { spent: async (query) => (await storage.reader()).spent.spent(query) },
    now,
    onStandings: zones.see,
    onProblem: warn,
  })
  const foundation: Foundation = {
    logger,
    metrics,
    tracer,
    keys: accounts.keys,
    credentials,
    handles,
    placeholders,
    stateKeys: accounts.stateKeys,
    placeholderKey: accounts.placeholderKey,
    tokenCounter: createLearningCounter(),
    compareCall: countWorker.compare,
    countChecks,
    servedForms: createServedForms({ shared: state, now: Date.now }),
    budgetBook,
    purse,
    slices: createOutputSlices(),
    health: createUpstreamHealth({ now, board: circuits, onCircuit }),
    limits,
    state,
    watchdog,
    reasoning,
    sessions,
    jobs,
    cache: answers.cache,
    shadows,
    shadowStore: writer.shadow,
    prices,
    cacheBook: createCacheBook(),
    cacheWatch: new CacheWatch({ memory: settings.prompt_cache.memory, now }),
    onCacheBreak: createCacheNotices({ logger, emit: hooks.emit, registry: metrics.registry, now }),
    fetchMedia,
    emit: hooks.emit,
    ledger,
    instance,
    env,
    now,
  }
  let runtime: Runtime = await createRuntime(settings, foundation)
  const healthChecks = createHealthChecks({
    checks: () => runtime.healthChecks,
    health: foundation.health,
    registry: metrics.registry,
    logger,
    now,
    random: Math.random,
  })

  /** Files that a refused configuration is wrong in: it may be mended there. */
  let refused: readonly string[] = []
  const rebuilding = createTurns()
  const reload = (): Promise<readonly ChangedSetting[]> => rebuilding(readAnew)
  const readAnew = async (): Promise<readonly ChangedSetting[]> => {
    let next: LoadedConfig<Settings>
    try {
      next = load()
      runtime = await createRuntime(next.settings, foundation)
    } catch (error) {
      refused = isConfigError(error) ? error.problems.flatMap(({ file }) => file ?? []) : []
      logger.error('the new configuration is refused, the old one goes on', { reason: reasonOf(error) })
      throw error
    }
    const ignored = restartNeeded(config.settings, next.settings)
    if (ignored.length > 0) logger.warn('these settings change only at a restart', { settings: ignored })
    for (const warning of next.warnings)
      logger.warn(warning.message, { file: warning.file, line: warning.line })
    const changes = changedSettings(config, next)
    config = next
    refused = []
    hooks.configure(next.settings.hooks)
    logger.setLevel(next.settings.telemetry.log.level)
    logger.info('configuration reloaded', { files: next.files })
    return changes
  }
  /** Nobody asked over the admin API, so nobody else records it. */
  const reloadFrom = async (source: string): Promise<void> => {
    const changes = await reload().catch(() => [])
    // All workers read it, one writes it down.
    if (changes.length === 0 || !team.leads()) return
    await writer.auditLog
      .append(settingsEntry(source, changes, now()))
      .catch((error: unknown) => warn('changed settings are not in the audit log', error))
  }
  const vaultDoor = serveCredentials({
    credentials,
    runtime: () => runtime,
    rebuild: () =>
      rebuilding(async () => {
        runtime = await createRuntime(runtime.settings, foundation, runtime)
        logger.info('credentials changed', { providers: [...runtime.upstreams.providers.keys()] })
      }),
    env,
    now,
  })
  /** What other processes changed. */
  const readChanged = async (): Promise<void> => {
    await Promise.all([accounts.reload(), budgetBook.reload(), prices.reload(), vaultDoor.check()])
  }
  team.answer('reload', async () => {
    await reload()
    return ''
  })
  const reloadAll = async (): Promise<readonly ChangedSetting[]> => {
    const changes = await reload()
    await team.ask('reload')
    return changes
  }
  const renderMetrics = async (): Promise<string> => {
    metrics.ledgerPending.set(ledger.status().pending)
    return metrics.render()
  }
  team.answer('metrics', renderMetrics)
  const workerStatus = createWorkerStatus(team, () => ({
    number: link.number,
    pid: process.pid,
    startedAt,
    restarts: link.restarts,
    status: status(),
    openExchanges: listening.traffic.exchanges,
    ledger: ledger.status(),
  }))

  const cliToken = await createCliToken(dataDir, machine)
  if (link.supervised && link.relieved === undefined) assertFree(settings)
  const listening = openListeners(
    settings,
    {
      logger,
      health: { status: () => status() },
      runtime: () => runtime,
      admin: adminApi({
        tokens: {
          find: (presented) =>
            cliToken.matches(presented) ? { id: 'cli', name: 'command line' } : tokens.find(presented),
        },
        keys: announceKeys(accounts.virtualKeys, hooks.emit),
        budgets: adminBudgets({ book: budgetBook, purse, keys: accounts.virtualKeys, now }),
        credentials: vaultDoor.desk,
        rotateVault: async (next) => {
          const rotated = await accounts.rotateMasterKey(next)
          logger.info('the master key was rotated', { ...rotated })
          return rotated
        },
        tenants,
        users: announceUsers(accounts.users, hooks.emit),
        logins,
        login: createLoginDesk({
          logins,
          organisationName: async (id) =>
            (await tenants.listOrganisations()).find((one) => one.id === id)?.name ?? id,
          quota: state.quota,
          settings: () => ({
            smtp: config.settings.smtp,
            url: config.settings.login.url,
            listening: adminUrl(listening),
          }),
          send: sendMail,
          logger,
        }),
        reader: {
          usage: async (query) => (await reports()).usage(query),
          upstreamUsage: async (query) => (await reports()).upstreamUsage(query),
          firewall: async (query) => (await reports()).firewall(query),
          cacheBreaks: async (filters, limit) => (await reports()).cacheBreaks(filters, limit),
          entries: async (query) => (await reports()).entries(query),
          exchange: async (exchange) => (await reports()).exchange(exchange),
          running: async (at, limit) => (await reports()).running(at, limit),
        },
        shadow: async (query) => (await storage.reader()).shadow.report(query),
        audit: async (query) => (await storage.reader()).audit.report(query),
        auditLimits: () => runtime.settings.audit,
        prices: adminPrices({
          book: prices,
          store: async () => (await storage.reader()).prices,
          fetchPrices: createPriceFetcher(() => runtime.settings.price_source),
          source: () => runtime.settings.price_source,
          catalog: () => runtime.catalog,
          providers: () => [...runtime.upstreams.providers.keys()],
          named: (id) =>
            runtime.settings.prices.flatMap(({ match, provider }) =>
              provider === id && !match.includes('*') ? [match] : [],
            ),
          now,
        }),
        auditLog: {
          append: writer.auditLog.append,
          list: async (query) => (await storage.reader()).auditLog.list(query),
          verify: async (expected) => (await storage.reader()).auditLog.verify(expected),
        },
        onUnrecorded: (message, { action, target, actorId }, error) =>
          logger.error(message, { action, target, actor: actorId, error: reasonOf(error) }),
        metrics: {
          contentType: metrics.contentType,
          async render() {
            const [own, others] = await Promise.all([renderMetrics(), team.ask('metrics')])
            return mergeExpositions([own, ...others.map(({ text }) => text)])
          },
        },
        servesMetrics: () => runtime.settings.telemetry.metrics.enabled,
        metricsToken: () => runtime.settings.telemetry.metrics.token,
        models: () => adminModels(runtime, now()),
        providers: () => adminProviders(runtime, healthChecks),
        routes: () => adminRoutes(runtime),
        explainRoute: (question) => explainRoute(runtime, accounts.virtualKeys, question),
        limits: (question) => adminLimits({ limits, keys: accounts.virtualKeys, runtime }, question),
        tryFirewall: (question) =>
          tryFirewall(
            { keys: accounts.virtualKeys, runtime, placeholderKey: accounts.placeholderKey },
            question,
          ),
        cache: {
          stats: cacheStats,
          peek: (place) => answers.cache.find(place),
          async purge(organisation) {
            const before = await cacheStats()
            const own = await answers.purge(organisation)
            const after = await cacheStats()
            // Other workers of this machine have a memory of their own.
            return Math.max(own, (before.size?.entries ?? 0) - (after.size?.entries ?? 0))
          },
        },
        config: () => listPaths(config).map((one) => ({ ...one, origin: originText(one.origin) })),
        reload: reloadAll,
        onChange: changes.announce,
        status: async () => ({
          ...(await workerStatus()),
          version,
          startedAt,
          listeners: listening.urls,
          database: url.startsWith('postgres') ? 'postgres' : 'sqlite',
          redis: settings.redis.url === undefined ? 'alone' : state.status(),
          configFiles: config.files,
        }),
        now,
      }),
    },
    { isShared: link.supervised, ports: link.relieved?.ports ?? {} },
  )
  const status = (): 'ok' | 'degraded' | 'draining' =>
    listening.traffic.draining ? 'draining' : ledger.status().state === 'database' ? 'ok' : 'degraded'

  const retention = createRetention({
    shadow: writer.shadow,
    audit: writer.audit,
    canaries: writer.canaries,
    countChecks: writer.countChecks,
    settings: () => runtime.settings,
    now,
  })
  const timers = [
    setInterval(() => {
      readChanged().catch(() => undefined)
    }, keyPoll),
    setInterval(() => {
      const purges = team.leads()
        ? [handles, placeholders, reasoning, sessions, logins, retention].map((kept) => kept.purge())
        : []
      Promise.all([accounts.flush(), shadows.flush(), ...purges]).catch(() => undefined)
    }, housekeeping),
  ]
  const driftCheck = createDriftCheck({
    report: async (query) => (await storage.reader()).audit.report(query),
    announce: (change) => writer.audit.announce(change),
    emit: hooks.emit,
    registry: metrics.registry,
    logger,
    settings: () => (team.leads() ? runtime.settings.audit : { ...runtime.settings.audit, check_every: 0 }),
    now,
  })
  driftCheck.start()
  const rollups = keepRollups(storage, { now, logger })
  healthChecks.start()
  const canaries = createCanaries({
    canaries: () => (team.leads() ? runtime.settings.audit.canaries : []),
    ask: (prompt, signal) =>
      askCanary(
        {
          run: runtime.handle,
          provider: (id) => runtime.upstreams.providers.get(id),
          catalog: runtime.catalog,
          protocols,
          now,
        },
        prompt,
        signal,
      ),
    store: writer.canaries,
    registry: metrics.registry,
    logger,
    now,
    random: Math.random,
  })
  canaries.start()
  const unwatch = watchFiles(
    () => ({ files: [...config.candidates, ...refused], folders: config.folders }),
    () => void reloadFrom('files'),
  )

  let stopping: Promise<void> | undefined
  /** Resolves when a stop was asked for that cannot wait. */
  const urgent = Promise.withResolvers<void>()
  /** @param isRelieved another worker serves, so that what runs may take its time */
  const stop = (isRelieved: boolean): Promise<void> => {
    if (!isRelieved) urgent.resolve()
    stopping ??= end(isRelieved)
    return stopping
  }
  const end = async (isRelieved: boolean): Promise<void> => {
    unwatch()
    if (!isTeam) cliToken.remove()
    for (const timer of timers) clearInterval(timer)
    driftCheck.stop()
    rollups.stop()
    healthChecks.stop()
    const { shutdown_timeout: patience } = runtime.settings
    const impatience = urgent.promise.then(() => Bun.sleep(patience))
    const deadline = isRelieved ? Promise.race([Bun.sleep(longestStream), impatience]) : impatience
    await Promise.all([
      listening.drain(deadline, isRelieved),
      jobs.drain(deadline),
      shadows.stop(),
      countChecks.stop(),
      canaries.stop(),
    ])
    countWorker.stop()
    await Promise.race([purse.stop(), Bun.sleep(2_000)])
    await hooks.stop()
    await accounts.flush().catch(() => undefined)
    await Promise.race([prices.flush(), Bun.sleep(2_000)])
    await Promise.race([reasoning.flush(), Bun.sleep(2_000)])
    // While nothing takes its rows, it would wait for ever; what is in the spool is adopted by the next start.
    await Promise.race([ledger.stop(), Bun.sleep(10_000)])
    await tracer.shutdown()
    watchdog.stop()
    limits.close()
    gateways.close()
    circuits.close()
    changes.close()
    answers.close()
    team.close()
    state.close()
    machine.close()
    metrics.close()
    await storage.stop()
    logger.info('stopped')
    logger.flush()
    closeLogs()
  }
  drained.resolve(stop)

  const { fresh, rootAdmin } = accounts
  if (rootAdmin !== undefined) hooks.emit(userProvisioned(rootAdmin, 'first-start'))
  if (fresh !== undefined) {
    await announceFirstStart({
      fresh,
      url: listening.baseUrl,
      dataDir,
      terminal: process.stdout.isTTY === true,
      logger,
    })
  }
  logger.info('serving', {
    version,
    listeners: listening.urls,
    database: url.startsWith('postgres') ? 'postgres' : 'sqlite',
  })
  link.ready({ host: settings.listen.host, ports: listening.ports, instance })
  return { listening, stop: () => stop(false) }
}

/** The bench makes commits slower, to see what a slow disk would do. */
const benchDelay = (env: ServeOptions['env']): { readonly fsyncDelayMs?: number } =>
  env['TOLLGATE_FSYNC_DELAY_MS'] === undefined ? {} : { fsyncDelayMs: Number(env['TOLLGATE_FSYNC_DELAY_MS']) }

const reasonOf = (error: unknown): string =>
  error instanceof GatewayError ? error.message : error instanceof Error ? error.name : 'unknown'

const originText = (origin: string | { readonly file: string; readonly line: number }): string =>
  typeof origin === 'string' ? origin : `${origin.file}:${origin.line}`
