import { Hono } from 'hono'
import type { AdminParts } from '../admin-parts.ts'
import { type AdminEnvironment, permit } from '../permit.ts'

/** `GET /health`: what runs, since when, and how the ledger fares. No upstream is asked. */
export const healthRoutes = (parts: AdminParts): Hono<AdminEnvironment> =>
  new Hono<AdminEnvironment>().get('/health', permit('server:read', 'whole-server'), async (context) =>
    context.json(await parts.status()),
  )
