import { Hono } from 'hono'
import type { AdminParts } from '../admin-parts.ts'
import { type AdminEnvironment, permit } from '../permit.ts'

/** `GET /config`: what applies, secrets masked, with the origin of each value. `POST /config/reload` reads it anew. */
export const configRoutes = ({ config, reload }: AdminParts): Hono<AdminEnvironment> =>
  new Hono<AdminEnvironment>()
    .get('/config', permit('config:read', 'whole-server'), (context) => context.json({ settings: config() }))
    .post('/config/reload', permit('config:write', 'whole-server'), async (context) => {
      context.get('change')({ target: '/config', after: await reload() })
      return context.json({ reloaded: true })
    })
