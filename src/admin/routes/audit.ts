import { Hono } from 'hono'
import type { AdminParts } from '../admin-parts.ts'
import { timeParameter } from '../read-input.ts'

/**
 * `GET /audit?from&to&provider&model`: what upstreams did in a period, the
 * `audit.window` of the settings where no time is named, and which of them changed within it.
 */
export const auditRoutes = ({
  audit,
  auditLimits,
  now,
}: Pick<AdminParts, 'audit' | 'auditLimits' | 'now'>): Hono =>
  new Hono().get('/audit', async (context) => {
    const { window, minimum } = auditLimits()
    const to = timeParameter(context, 'to')
    const from = timeParameter(context, 'from') ?? (to ?? now()) - window
    const provider = context.req.query('provider')
    const model = context.req.query('model')
    const report = await audit({
      from,
      minimum,
      ...(to === undefined ? {} : { to }),
      ...(provider === undefined ? {} : { provider }),
      ...(model === undefined ? {} : { model }),
    })
    return context.json({ from, to: to ?? null, ...report })
  })
