/** What `/readyz` and `/health` ask; no answer needs an upstream call. */
export interface Health {
  /** `ok`: serves; `draining`: is shutting down; `degraded`: serves, but the ledger lives off its spool. */
  status(): 'ok' | 'degraded' | 'draining'
}

/** Health answers are public, so they are one word. */
export const healthResponse = (path: string, health: Health): Response => {
  if (path === '/livez') return Response.json({ status: 'ok' })
  const status = health.status()
  return Response.json({ status }, { status: status === 'draining' ? 503 : 200 })
}

export const healthPaths: ReadonlySet<string> = new Set(['/livez', '/readyz', '/health'])
