import { Hono } from 'hono'
import type { AdminParts } from '../admin-parts.ts'

/** `GET /models`: everything that can be named, with prices. */
export const modelsRoutes = ({ models }: AdminParts): Hono =>
  new Hono().get('/models', (context) => context.json({ models: models() }))
