import type { Context } from 'hono'
import { type EntryFilters, filterColumns, isFilterName } from '../ledger/index.ts'
import { keyReach } from './key-access.ts'
import type { AdminEnvironment } from './permit.ts'
import { invalid, timeParameter } from './read-input.ts'

/**
 * Filters of the ledger from a query: each name may be repeated; `from` and `to` bound the time. Who may see one
 * organisation, or one's own, sees nothing of others, whatever the query asks for.
 */
export const readFilters = (
  context: Context<AdminEnvironment>,
  otherNames: readonly string[],
): EntryFilters => {
  const filters: Record<string, readonly string[]> = {}
  for (const [name, values] of Object.entries(context.req.queries())) {
    if (otherNames.includes(name) || name === 'from' || name === 'to') continue
    if (!isFilterName(name)) {
      const known = [...otherNames, 'from', 'to', ...Object.keys(filterColumns)].join(', ')
      throw invalid(name, `unknown parameter ${name.slice(0, 50)}, known are ${known}`)
    }
    filters[name] = values
  }
  const from = timeParameter(context, 'from')
  const to = timeParameter(context, 'to')
  for (const [name, only] of Object.entries(keyReach(context.get('actor')))) {
    const asked = filters[name]
    filters[name] = asked === undefined || asked.includes(only) ? [only] : []
  }
  return { ...filters, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
}
