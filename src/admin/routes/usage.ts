import { Hono } from 'hono'
import { formatUsd } from '../../ir/index.ts'
import {
  isTimeZone,
  type UsageDimension,
  type UsageRow,
  type UsageSums,
  usageDimensions,
} from '../../ledger/index.ts'
import type { AdminParts } from '../admin-parts.ts'
import { readFilters } from '../filters.ts'
import { type AdminEnvironment, permit } from '../permit.ts'
import { invalid, limitParameter, timeParameter } from '../read-input.ts'

/**
 * `GET /usage/upstream?provider&from&to`: what the upstream calls of one provider used, by UTC day and model, to be
 * held against its bill.
 * `GET /usage?from&to&by=&timeZone=`: sums of the ledger, grouped by one dimension or by two (`by=day,model`). Costs
 * are decimal strings of USD.
 */
export const usageRoutes = ({ reader }: AdminParts): Hono<AdminEnvironment> =>
  new Hono<AdminEnvironment>()
    .get('/usage/upstream', permit('usage:read'), async (context) => {
      const provider = context.req.query('provider')
      if (provider === undefined) throw invalid('provider', 'provider is needed: the id of one')
      const from = timeParameter(context, 'from')
      const to = timeParameter(context, 'to')
      const { organisation } = context.get('actor')
      const rows = await reader.upstreamUsage({
        provider,
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
        ...(organisation === null ? {} : { organisation }),
      })
      return context.json({
        rows: rows.map(({ costNanoUsd, ...rest }) => ({ ...rest, costUsd: formatUsd(costNanoUsd) })),
      })
    })
    .get('/usage', permit('usage:read'), async (context) => {
      const by = readDimensions(context.req.query('by'))
      const timeZone = context.req.query('timeZone')
      if (timeZone !== undefined && !isTimeZone(timeZone))
        throw invalid('timeZone', 'timeZone must be a name such as Europe/Berlin')
      const limit = limitParameter(context, 10_000)
      const { from, to, ...filters } = readFilters(context, ['by', 'limit', 'timeZone'])
      const report = await reader.usage({
        ...{ by, filters },
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
        ...(timeZone === undefined ? {} : { timeZone }),
        ...(limit === undefined ? {} : { limit }),
      })
      return context.json({
        by,
        total: sums(report.total),
        rows: report.rows.map((one) => row(by, one)),
        isCut: report.isCut,
      })
    })

const readDimensions = (text: string | undefined): readonly UsageDimension[] => {
  if (text === undefined) return []
  const names = text.split(',')
  if (names.length <= 2 && new Set(names).size === names.length && names.every(isDimension)) return names
  throw invalid('by', `by must be one or two different ones of ${usageDimensions.join(', ')}`)
}

const isDimension = (text: string): text is UsageDimension => usageDimensions.some((known) => known === text)

const row = (by: readonly UsageDimension[], { group, groups, ...rest }: UsageRow) => ({
  group,
  groups: Object.fromEntries(by.map((name, place) => [name, groups[place] ?? null])),
  ...sums(rest),
})

/** What caches saved is in the report of savings. */
const sums = ({
  costNanoUsd,
  promptCacheSavedNanoUsd: _saved,
  promptCacheLostNanoUsd: _lost,
  promptCacheMissedNanoUsd: _missed,
  cacheBreaks: _breaks,
  ...counts
}: UsageSums) => ({ ...counts, costUsd: formatUsd(costNanoUsd) })
