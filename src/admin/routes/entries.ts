import { Hono } from 'hono'
import { GatewayError } from '../../errors.ts'
import { formatUsd } from '../../ir/index.ts'
import type { AttemptRow, Entry, OpenedRow } from '../../ledger/index.ts'
import type { AdminParts } from '../admin-parts.ts'
import { readFilters } from '../filters.ts'
import { type AdminEnvironment, permit } from '../permit.ts'
import { isReached } from '../reach.ts'
import { limitParameter } from '../read-input.ts'

/** `GET /entries` pages the ledger, newest first; `GET /entries/{exchange}` shows one with its attempts. */
export const entriesRoutes = ({ reader, now }: AdminParts): Hono<AdminEnvironment> =>
  new Hono<AdminEnvironment>()
    .get('/entries', permit('usage:read'), async (context) => {
      const limit = limitParameter(context, 1000)
      const cursor = context.req.query('cursor')
      const filters = readFilters(context, ['cursor', 'limit'])
      const page = await reader.entries({
        filters,
        ...(limit === undefined ? {} : { limit }),
        ...(cursor === undefined ? {} : { cursor }),
      })
      return context.json({ entries: page.entries.map(entry), next: page.next })
    })
    .get('/entries/running', permit('usage:read'), async (context) =>
      context.json({
        entries: (await reader.running(now(), 1000))
          .filter(({ tenant }) => isReached(context.get('actor'), tenant))
          .map(opened),
      }),
    )
    .get('/entries/:exchange', permit('usage:read'), async (context) => {
      const record = await reader.exchange(context.req.param('exchange'))
      const row = record?.entry ?? record?.opened ?? null
      if (record === undefined || row === null || !isReached(context.get('actor'), row.tenant))
        throw new GatewayError('not_found', 'there is no such exchange')
      return context.json({
        opened: record.opened === null ? null : opened(record.opened),
        attempts: record.attempts.map(attempt),
        entry: record.entry === null ? null : entry(record.entry),
      })
    })

const usd = (nano: bigint | null): string | null => (nano === null ? null : formatUsd(nano))

const entry = ({ costNanoUsd, cacheSavedNanoUsd, ...rest }: Entry) => ({
  ...rest,
  costUsd: usd(costNanoUsd),
  cacheSavedUsd: usd(cacheSavedNanoUsd),
})
const attempt = ({ costNanoUsd, providerCostNanoUsd = null, ...rest }: AttemptRow) => ({
  ...rest,
  costUsd: usd(costNanoUsd),
  providerCostUsd: usd(providerCostNanoUsd ?? costNanoUsd),
})
const opened = ({ reservedNanoUsd, ...rest }: OpenedRow) => ({ ...rest, reservedUsd: usd(reservedNanoUsd) })
