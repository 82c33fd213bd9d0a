import { Hono } from 'hono'
import { GatewayError, toGatewayError } from '../errors.ts'
import type { AdminParts } from './admin-parts.ts'
import { authenticate, bearer, denied } from './authenticate.ts'
import type { AdminEnvironment } from './permit.ts'
import { recordChanges } from './record-changes.ts'
import { auditRoutes } from './routes/audit.ts'
import { auditLogRoutes } from './routes/audit-log.ts'
import { budgetsRoutes } from './routes/budgets.ts'
import { cacheRoutes } from './routes/cache.ts'
import { configRoutes } from './routes/config.ts'
import { credentialsRoutes } from './routes/credentials.ts'
import { entriesRoutes } from './routes/entries.ts'
import { entriesExportRoutes } from './routes/entries-export.ts'
import { firewallRoutes } from './routes/firewall.ts'
import { healthRoutes } from './routes/health.ts'
import { keysRoutes } from './routes/keys.ts'
import { limitsRoutes } from './routes/limits.ts'
import { loginLinkRoutes, publicLoginPaths, publicLoginRoutes } from './routes/login.ts'
import { modelsRoutes } from './routes/models.ts'
import { organisationsRoutes } from './routes/organisations.ts'
import { pricesRoutes } from './routes/prices.ts'
import { providersRoutes } from './routes/providers.ts'
import { routesRoutes } from './routes/routes.ts'
import { savingsRoutes } from './routes/savings.ts'
import { sessionsRoutes } from './routes/sessions.ts'
import { shadowRoutes } from './routes/shadow.ts'
import { usageRoutes } from './routes/usage.ts'
import { usersRoutes } from './routes/users.ts'
import { vaultRoutes } from './routes/vault.ts'

/** What may be asked without any token: a list that a test holds against every route. */
export const publicAdminPaths: readonly string[] = ['/', ...publicLoginPaths]

/** Everything below `/api/v1/`, and `/metrics`. Each route but the public ones wants the admin token or a session. */
export const adminApi = (parts: AdminParts): Hono<AdminEnvironment> => {
  const app = new Hono<AdminEnvironment>()
  app.onError((error) => errorAnswer(toGatewayError(error)))
  app.notFound(() => errorAnswer(new GatewayError('gateway_route_unknown', 'nothing is served here')))

  app.get('/', (context) => context.text('Tollgate, an LLM gateway. Point your agent at this address.\n'))

  app.route('/', publicLoginRoutes(parts))

  app.use('/metrics', async (context, next) => {
    if (!parts.servesMetrics()) return context.notFound()
    const token = bearer(context.req.raw.headers)
    if (token === undefined || (token !== parts.metricsToken() && parts.tokens.find(token) === undefined))
      throw denied()
    return next()
  })
  app.get('/metrics', async (context) =>
    context.body(await parts.metrics.render(), 200, { 'content-type': parts.metrics.contentType }),
  )

  app.use('/api/*', authenticate(parts))
  app.use('/api/*', async (context, next) => {
    const { pathname, search } = new URL(context.req.url)
    if (/%00/.test(search)) throw new GatewayError('gateway_request_invalid', 'a query cannot hold a NUL')
    return isReadable(pathname) ? next() : context.notFound()
  })
  app.use('/api/*', async (context, next) => {
    await next()
    if (context.req.method !== 'GET' && context.res.ok) await parts.onChange()
  })
  app.use(
    '/api/*',
    recordChanges(async (path, headers, env) => app.request(path, { headers }, env), {
      append: (entry) => parts.auditLog.append(entry),
      onProblem: parts.onUnrecorded,
      now: parts.now,
    }),
  )
  app.route('/api/v1', healthRoutes(parts))
  app.route('/api/v1', keysRoutes(parts))
  app.route('/api/v1', usageRoutes(parts))
  app.route('/api/v1', savingsRoutes(parts))
  // Before `/entries/{exchange}`, which would take its name for an id.
  app.route('/api/v1', entriesExportRoutes(parts))
  app.route('/api/v1', entriesRoutes(parts))
  app.route('/api/v1', shadowRoutes(parts))
  app.route('/api/v1', auditRoutes(parts))
  app.route('/api/v1', budgetsRoutes(parts))
  app.route('/api/v1', auditLogRoutes(parts))
  app.route('/api/v1', limitsRoutes(parts))
  app.route('/api/v1', firewallRoutes(parts))
  app.route('/api/v1', cacheRoutes(parts))
  app.route('/api/v1', modelsRoutes(parts))
  app.route('/api/v1', pricesRoutes(parts))
  app.route('/api/v1', providersRoutes(parts))
  app.route('/api/v1', credentialsRoutes(parts))
  app.route('/api/v1', vaultRoutes(parts))
  app.route('/api/v1', routesRoutes(parts))
  app.route('/api/v1', configRoutes(parts))
  app.route('/api/v1', organisationsRoutes(parts))
  app.route('/api/v1', usersRoutes(parts))
  app.route('/api/v1', sessionsRoutes(parts))
  app.route('/api/v1', loginLinkRoutes(parts))
  return app
}

/** No id has a NUL or bytes that are no UTF-8: such a path names nothing, and databases refuse to be asked for it. */
const isReadable = (path: string): boolean => {
  try {
    return !decodeURIComponent(path).includes('\0')
  } catch {
    return false
  }
}

const errorAnswer = (error: GatewayError): Response =>
  Response.json(
    {
      error: {
        code: error.code,
        message: error.message,
        ...(error.param === undefined ? {} : { param: error.param }),
      },
    },
    {
      status: error.row.status,
      headers: {
        'x-tollgate-error': error.code,
        ...(error.retryAfter === undefined ? {} : { 'retry-after': String(error.retryAfter) }),
      },
    },
  )
