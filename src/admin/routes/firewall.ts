import { Hono } from 'hono'
import { z } from 'zod'
import type { AdminParts } from '../admin-parts.ts'
import { type AdminEnvironment, permit } from '../permit.ts'
import { invalid, readObject, timeParameter } from '../read-input.ts'

const trial = z.strictObject({
  text: z.string(),
  role: z.enum(['user', 'assistant', 'system', 'tool']).default('user'),
  direction: z.enum(['input', 'output']).default('input'),
  key: z.string().max(100).optional(),
})

/**
 * `POST /firewall/test` with `text`, and perhaps `role`, `direction` and `key`: what the firewall would do with it.
 * `GET /firewall/report?from&to&by=key`: what it found, added up from the ledger.
 */
export const firewallRoutes = ({ tryFirewall, reader }: AdminParts): Hono<AdminEnvironment> =>
  new Hono<AdminEnvironment>()
    .post('/firewall/test', permit('firewall:read'), async (context) => {
      const read = trial.safeParse(await readObject(context))
      if (!read.success) {
        const [issue] = read.error.issues
        throw invalid(issue?.path.join('.') ?? '', issue?.message ?? 'the body is not understood')
      }
      const { organisation } = context.get('actor')
      const { text, role, direction, key } = read.data
      return context.json(await tryFirewall({ text, role, direction, key, organisation }))
    })
    .get('/firewall/report', permit('firewall:read'), async (context) => {
      const by = context.req.query('by')
      if (by !== undefined && by !== 'key') throw invalid('by', 'by can only be key')
      const from = timeParameter(context, 'from')
      const to = timeParameter(context, 'to')
      const { organisation } = context.get('actor')
      const rows = await reader.firewall({
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
        ...(organisation === null ? {} : { organisation }),
        byKey: by === 'key',
      })
      return context.json({ rows })
    })
