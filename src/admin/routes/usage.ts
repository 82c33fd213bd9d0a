import { Hono } from 'hono'
import { formatUsd } from '../../ir/index.ts'
import { type UsageDimension, type UsageRow, type UsageSums, usageDimensions } from '../../ledger/index.ts'
import type { AdminParts } from '../admin-parts.ts'
import { readFilters } from '../filters.ts'
import { type AdminEnvironment, permit } from '../permit.ts'
import { invalid, limitParameter } from '../read-input.ts'

/** `GET /usage?from&to&by=`: sums of the ledger, grouped by one dimension. Costs are decimal strings of USD. */
export const usageRoutes = ({ reader }: AdminParts): Hono<AdminEnvironment> =>
  new Hono<AdminEnvironment>().get('/usage', permit('usage:read'), async (context) => {
    const by = context.req.query('by')
    if (by !== undefined && !isDimension(by))
      throw invalid('by', `by must be one of ${usageDimensions.join(', ')}`)
    const limit = limitParameter(context, 1000)
    const { from, to, ...filters } = readFilters(context, ['by', 'limit'])
    const report = await reader.usage({
      filters,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(by === undefined ? {} : { by }),
      ...(limit === undefined ? {} : { limit }),
    })
    return context.json({ total: sums(report.total), rows: report.rows.map(row) })
  })

const isDimension = (text: string): text is UsageDimension => usageDimensions.some((known) => known === text)

const row = ({ group, ...rest }: UsageRow) => ({ group, ...sums(rest) })

const sums = ({ costNanoUsd, ...counts }: UsageSums) => ({ ...counts, costUsd: formatUsd(costNanoUsd) })
