import { Hono } from 'hono'
import { formatUsd } from '../../ir/index.ts'
import type { ShadowCost, ShadowPair } from '../../ledger/index.ts'
import type { AdminParts } from '../admin-parts.ts'
import { type AdminEnvironment, permit } from '../permit.ts'
import { timeParameter } from '../read-input.ts'

/**
 * `GET /shadow/report?from&to&route`: for each rule that copies exchanges to another target, what a switch to it would
 * bring and how sure that is. Costs are decimal strings of USD.
 */
export const shadowRoutes = ({ shadow }: Pick<AdminParts, 'shadow'>): Hono<AdminEnvironment> =>
  new Hono<AdminEnvironment>().get(
    '/shadow/report',
    permit('shadow:read', 'whole-server'),
    async (context) => {
      const from = timeParameter(context, 'from')
      const to = timeParameter(context, 'to')
      const route = context.req.query('route')
      const { pairs, ...report } = await shadow({
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
        ...(route === undefined ? {} : { route }),
      })
      return context.json({ pairs: pairs.map(pairOf), ...report })
    },
  )

const pairOf = ({ cost, ...pair }: ShadowPair) => ({ ...pair, cost: costOf(cost) })

const costOf = ({ copies, primaryNanoUsd, shadowNanoUsd, savedPerThousand }: ShadowCost) => ({
  copies,
  primaryUsd: formatUsd(primaryNanoUsd),
  shadowUsd: formatUsd(shadowNanoUsd),
  savedPerThousandUsd: savedPerThousand && {
    value: formatUsd(savedPerThousand.value),
    low: savedPerThousand.low === null ? null : formatUsd(savedPerThousand.low),
    high: savedPerThousand.high === null ? null : formatUsd(savedPerThousand.high),
  },
})
