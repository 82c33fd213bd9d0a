import { Hono } from 'hono'
import type { AdminParts } from '../admin-parts.ts'
import { type AdminEnvironment, permit } from '../permit.ts'

/** `GET /models`: everything that can be named, with prices. */
export const modelsRoutes = ({ models }: AdminParts): Hono<AdminEnvironment> =>
  new Hono<AdminEnvironment>().get('/models', permit('models:read'), (context) =>
    context.json({ models: models() }),
  )
