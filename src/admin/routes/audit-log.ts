import { Hono } from 'hono'
import type { AuditEntry } from '../../accounts/index.ts'
import type { AdminParts } from '../admin-parts.ts'
import { type AdminEnvironment, permit } from '../permit.ts'
import { invalid, limitParameter, timeParameter } from '../read-input.ts'

/**
 * `GET /audit-log?from&to&actor&action&target&before&limit`: changes that administrators made, newest first.
 * `GET /audit-log/verify?expect=number:hash`: whether the log is as it was written.
 */
export const auditLogRoutes = ({ auditLog }: Pick<AdminParts, 'auditLog'>): Hono<AdminEnvironment> =>
  new Hono<AdminEnvironment>()
    .get('/audit-log', permit('audit-log:read'), async (context) => {
      const limit = limitParameter(context, 1_000) ?? 100
      const from = timeParameter(context, 'from')
      const to = timeParameter(context, 'to')
      const before = context.req.query('before')
      if (before !== undefined && !/^\d{1,15}$/.test(before))
        throw invalid('before', 'before must be the number of an entry')
      const { organisation } = context.get('actor')
      const texts = (['actor', 'action', 'target'] as const).flatMap((name) => {
        const value = context.req.query(name)
        return value === undefined ? [] : [[name, value] as const]
      })
      const entries = await auditLog.list({
        limit: limit + 1,
        ...Object.fromEntries(texts),
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
        ...(before === undefined ? {} : { before: Number(before) }),
        ...(organisation === null ? {} : { organisation }),
      })
      const page = entries.slice(0, limit)
      return context.json({
        entries: page.map(shown),
        next: entries.length > limit ? (page.at(-1)?.number ?? null) : null,
      })
    })
    .get('/audit-log/verify', permit('audit-log:read'), async (context) => {
      const expect = context.req.query('expect')
      const [, number, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(expect ?? '') ?? []
      if (expect !== undefined && (number === undefined || hash === undefined))
        throw invalid('expect', 'expect must be the number and the hash of an entry, as in 12:3fa9…')
      return context.json(
        await auditLog.verify(
          number === undefined || hash === undefined ? undefined : { number: Number(number), hash },
        ),
      )
    })

const shown = ({ before, after, ...entry }: AuditEntry) => ({
  ...entry,
  before: before === null ? null : JSON.parse(before),
  after: after === null ? null : JSON.parse(after),
})
