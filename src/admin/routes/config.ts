import { Hono } from 'hono'
import type { AdminParts } from '../admin-parts.ts'

/** `GET /config`: what applies, secrets masked, with the origin of each value. `POST /config/reload` reads it anew. */
export const configRoutes = ({ config, reload }: AdminParts): Hono =>
  new Hono()
    .get('/config', (context) => context.json({ settings: config() }))
    .post('/config/reload', async (context) => {
      await reload()
      return context.json({ reloaded: true })
    })
