import type { HookEvent } from './hooks/index.ts'
import type { AuditReport, AuditStore, SeriesAudit, SeriesChange } from './ledger/index.ts'
import type { Logger, MetricRegistry } from './telemetry/index.ts'

export interface DriftCheckParts {
  readonly report: AuditStore['report']
  readonly announce: AuditStore['announce']
  readonly emit: (event: HookEvent) => void
  readonly registry: MetricRegistry
  readonly logger: Pick<Logger, 'warn'>
  /** As configured now; durations in milliseconds. */
  readonly settings: () => {
    readonly check_every: number
    readonly window: number
    readonly minimum: number
  }
  readonly now: () => number
}

/** Looks now and then whether upstreams still answer as they did. */
export interface DriftCheck {
  /** Checks where it is time to, and resolves when that is done. */
  tick(): Promise<void>
  start(): void
  stop(): void
}

/** How often settings and clock are looked at, at most; also the wait before the first check. In milliseconds. */
const longestTick = 60_000

export const createDriftCheck = ({
  report,
  announce,
  emit,
  registry,
  logger,
  settings,
  now,
}: DriftCheckParts): DriftCheck => {
  const gauge = registry.gauge({
    name: 'tollgate_upstream_drift',
    help: '1 where an upstream answers otherwise than it did within the window of the audit.',
    labels: ['provider', 'model', 'series'],
  })
  /** Upstreams that had enough calls at the last check. */
  let shown = new Set<string>()
  let checkedAt: number | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  const show = (findings: readonly Finding[]): void => {
    const gone = shown
    shown = new Set()
    for (const {
      provider,
      model,
      name: series,
      audit: { verdict },
    } of findings) {
      const name = JSON.stringify([provider, model, series])
      if (verdict === 'too few' && !gone.has(name)) continue
      gauge(provider, model, series).set(verdict === 'drift' ? 1 : 0)
      shown.add(name)
      gone.delete(name)
    }
    for (const name of gone) gauge(...labelsOf(name)).set(0)
  }
  const tell = async ({ provider, model, name: series, audit }: Finding): Promise<void> => {
    const { pValue, change } = audit
    if (change === null || pValue === null || change.meaning === 'better') return
    const isNew = await announce({ provider, model, series, changedAt: change.at, announcedAt: now() })
    if (!isNew) return
    const { at, ...rest } = change
    emit({ type: 'drift', data: { provider, model, series, changedAt: at, ...rest, pValue } })
    logger.warn('an upstream answers otherwise than it did', { provider, model, series, ...fieldsOf(change) })
  }
  const tick = async (): Promise<void> => {
    const { check_every: every, window, minimum } = settings()
    const time = now()
    if (every === 0) {
      // Somebody else looks now, or nobody: an old finding must not stand for ever.
      show([])
      return
    }
    if (checkedAt !== undefined && time - checkedAt < every) return
    checkedAt = time
    try {
      const findings = findingsOf(await report({ from: time - window, minimum }))
      show(findings)
      for (const finding of findings) await tell(finding)
    } catch (error) {
      logger.warn('the check for drift failed', { error: error instanceof Error ? error.message : undefined })
    }
  }
  const wait = (): void => {
    const { check_every: every } = settings()
    const delay = every === 0 ? longestTick : Math.min(every, longestTick)
    timer = setTimeout(() => {
      void tick().finally(() => {
        if (timer !== undefined) wait()
      })
    }, delay)
    timer.unref()
  }
  return {
    tick,
    start: wait,
    stop() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}

/** What became of one series of an upstream, or of one of its canaries: each has a name of its own there. */
interface Finding {
  readonly provider: string
  readonly model: string
  readonly name: string
  readonly audit: SeriesAudit
}

const findingsOf = ({ upstreams, canaries }: AuditReport): readonly Finding[] => [
  ...upstreams.flatMap(({ provider, model, series }) =>
    series.map((audit) => ({ provider, model, name: audit.series, audit })),
  ),
  ...canaries.map(({ provider, model, canary, series }) => ({
    provider,
    model,
    name: `${series.series} ${canary}`,
    audit: series,
  })),
]

const labelsOf = (name: string): readonly string[] => {
  const labels: unknown = JSON.parse(name)
  return Array.isArray(labels) ? labels.map(String) : []
}

const fieldsOf = ({ at, direction, meaning, effect }: SeriesChange) => ({
  since: new Date(at).toISOString(),
  direction,
  meaning,
  effect: Number(effect.toFixed(3)),
})
