import type { Standing, Zone } from './budgets/index.ts'
import type { HookEvent } from './hooks/index.ts'
import { formatUsd } from './ir/index.ts'
import type { State } from './state/index.ts'
import type { MetricRegistry } from './telemetry/index.ts'

export interface ZoneNoticesParts {
  /** Where processes agree which of them tells. */
  readonly state: Pick<State, 'increment'>
  readonly emit: (event: HookEvent) => void
  readonly registry: MetricRegistry
  readonly now: () => number
}

/** Counters whose zone is remembered; the one that was seen longest ago is forgotten. */
const mostKnown = 50_000
/** A budget that never resets may be told of again after a day. */
const retold = 86_400_000

/** Tells hooks, once for all processes, when a budget comes into another zone. */
export const createZoneNotices = ({ state, emit, registry, now }: ZoneNoticesParts) => {
  const known = new Map<string, Zone>()
  const changes = registry.counter({
    name: 'tollgate_budget_zone_changes_total',
    help: 'Budgets that came into another zone.',
    labels: ['level', 'zone'],
  })

  const tell = async (name: string, { budget, subject, spent, resetsAt, zone }: Standing): Promise<void> => {
    changes(budget.level, zone).add(1)
    const ttl = resetsAt === null ? retold : Math.max(60_000, resetsAt - now())
    const isFirst = await state.increment(`zone/${name}/${zone}`, 1, ttl).catch(() => 1)
    if (isFirst !== 1) return
    const text = budget.unit === 'usd' ? formatUsd : String
    emit({
      type: 'budget_zone',
      data: {
        level: budget.level,
        subject,
        period: typeof budget.period === 'object' ? `${budget.period.rolling} ms` : budget.period,
        unit: budget.unit,
        zone,
        spent: text(spent),
        limit: text(budget.limit),
      },
    })
  }

  return {
    /** Called with how budgets stand, whenever that is known. */
    see(standings: readonly Standing[]): void {
      for (const standing of standings) {
        const { budget, subject, resetsAt, zone } = standing
        const name = `${budget.id}/${subject ?? ''}/${resetsAt ?? ''}`
        const before = known.get(name) ?? 'green'
        if (before === zone) continue
        known.delete(name)
        known.set(name, zone)
        if (known.size > mostKnown) for (const oldest of known.keys()) if (known.delete(oldest)) break
        void tell(name, standing)
      }
    },
  }
}
