import { Hono } from 'hono'
import { canaryId } from '../../ledger/index.ts'
import type { AdminParts } from '../admin-parts.ts'
import { type AdminEnvironment, permit } from '../permit.ts'
import { timeParameter } from '../read-input.ts'

/**
 * `GET /audit?from&to&provider&model`: what upstreams did in a period, the
 * `audit.window` of the settings where no time is named, which of them changed within it, and how canaries did.
 */
export const auditRoutes = ({
  audit,
  auditLimits,
  now,
}: Pick<AdminParts, 'audit' | 'auditLimits' | 'now'>): Hono<AdminEnvironment> =>
  new Hono<AdminEnvironment>().get('/audit', permit('drift:read', 'whole-server'), async (context) => {
    const { window, minimum, canaries } = auditLimits()
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
    const prompts = new Map(canaries.map((canary) => [canaryId(canary), canary.prompt]))
    return context.json({
      from,
      to: to ?? null,
      ...report,
      // Words of prompts are in the configuration only: one that is no longer there has none.
      canaries: report.canaries.map((one) => ({ ...one, prompt: prompts.get(one.canary) ?? null })),
    })
  })
