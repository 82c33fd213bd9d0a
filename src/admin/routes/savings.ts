import { Hono } from 'hono'
import { formatUsd } from '../../ir/index.ts'
import { type UsageDimension, type UsageRow, type UsageSums, usageDimensions } from '../../ledger/index.ts'
import type { AdminParts } from '../admin-parts.ts'
import { readFilters } from '../filters.ts'
import { type AdminEnvironment, permit } from '../permit.ts'
import { invalid, limitParameter } from '../read-input.ts'

/**
 * `GET /savings?from&to&by=key|agent|session|…`: what providers' prompt caches saved and cost, and the latest requests
 * of which a provider read less than it had kept. Money is decimal strings of USD.
 */
export const savingsRoutes = ({ reader }: AdminParts): Hono<AdminEnvironment> =>
  new Hono<AdminEnvironment>().get('/savings', permit('usage:read'), async (context) => {
    const by = readDimension(context.req.query('by'))
    const limit = limitParameter(context, 10_000)
    const filters = readFilters(context, ['by', 'limit'])
    const { from, to, ...others } = filters
    const [report, breaks] = await Promise.all([
      reader.usage({
        by: by === undefined ? [] : [by],
        filters: others,
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
        ...(limit === undefined ? {} : { limit }),
      }),
      reader.cacheBreaks(filters, limit),
    ])
    return context.json({
      by: by ?? null,
      total: savings(report.total),
      rows: report.rows.map((row: UsageRow) => ({ group: row.group, ...savings(row) })),
      isCut: report.isCut,
      breaks: breaks.map(({ missedNanoUsd, ...rest }) => ({
        ...rest,
        missedUsd: missedNanoUsd === null ? null : formatUsd(missedNanoUsd),
      })),
    })
  })

/** People call it an agent, the ledger a client. */
const readDimension = (text: string | undefined): UsageDimension | undefined => {
  if (text === undefined) return undefined
  const name = usageDimensions.find((known) => known === (text === 'agent' ? 'client' : text))
  if (name === undefined) throw invalid('by', `by must be one of agent, ${usageDimensions.join(', ')}`)
  return name
}

const savings = (sums: UsageSums) => ({
  requests: sums.requests,
  inputTokens: sums.inputTokens,
  cacheReadTokens: sums.cacheReadTokens,
  cacheWriteTokens: sums.cacheWriteTokens,
  cacheWriteLongTokens: sums.cacheWriteLongTokens,
  costUsd: formatUsd(sums.costNanoUsd),
  savedUsd: formatUsd(sums.promptCacheSavedNanoUsd),
  lostUsd: formatUsd(sums.promptCacheLostNanoUsd),
  netUsd: formatUsd(sums.promptCacheSavedNanoUsd - sums.promptCacheLostNanoUsd),
  missedUsd: formatUsd(sums.promptCacheMissedNanoUsd),
  breaks: sums.cacheBreaks,
  /** Requests whose cost is not known: the money is without them. */
  unpriced: sums.unpriced,
})
