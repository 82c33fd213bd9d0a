import { Hono } from 'hono'
import type { AdminParts } from '../admin-parts.ts'

/** `GET /health`: what runs, since when, and how the ledger fares. No upstream is asked. */
export const healthRoutes = (parts: AdminParts): Hono =>
  new Hono().get('/health', (context) => context.json(parts.status()))
