import { type Context, Hono } from 'hono'
import type { AdminParts } from '../admin-parts.ts'
import { type AdminEnvironment, permit } from '../permit.ts'
import { invalid, timeParameter } from '../read-input.ts'
import type { RouteQuestion } from '../route-explanation.ts'

/**
 * `GET /routes`: the rules in their order.
 * `GET /routes/explain?model&endpoint&provider&port&key&header&session&input_tokens&tools&images&at`: which of them would
 * decide about such a request, and why. `header` is `name=value` and may be repeated.
 */
export const routesRoutes = ({ routes, explainRoute, now }: AdminParts): Hono<AdminEnvironment> =>
  new Hono<AdminEnvironment>()
    .get('/routes', permit('routes:read', 'whole-server'), (context) => context.json({ routes: routes() }))
    .get('/routes/explain', permit('routes:read', 'whole-server'), async (context) =>
      context.json(await explainRoute(questionIn(context, now))),
    )

const parameters = [
  'model',
  'endpoint',
  'provider',
  'port',
  'key',
  'header',
  'session',
  'input_tokens',
  'tools',
  'images',
  'at',
]

const questionIn = (context: Context, now: () => number): RouteQuestion => {
  for (const name of Object.keys(context.req.queries())) {
    if (!parameters.includes(name))
      throw invalid(name, `unknown parameter ${name.slice(0, 50)}, known are ${parameters.join(', ')}`)
  }
  const said = (name: string): string | undefined => context.req.query(name) || undefined
  const model = said('model')
  if (model === undefined) throw invalid('model', 'model is missing: name the model to ask about')
  return {
    model,
    provider: said('provider'),
    endpoint: said('endpoint'),
    port: said('port'),
    key: said('key'),
    headers: headersIn(context.req.queries('header') ?? []),
    session: said('session'),
    inputTokens: countIn(said('input_tokens')),
    tools: flagIn(context, 'tools'),
    images: flagIn(context, 'images'),
    at: timeParameter(context, 'at') ?? now(),
  }
}

const headersIn = (given: readonly string[]): Headers => {
  const headers = new Headers()
  for (const one of given) {
    const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+)=([\t\x20-\x7e\x80-\xff]*)$/.exec(one) ?? []
    if (name === undefined || value === undefined)
      throw invalid('header', 'header must be written as `name=value`')
    headers.append(name, value)
  }
  return headers
}

const countIn = (text: string | undefined): number => {
  const count = Number(text ?? 0)
  if (Number.isSafeInteger(count) && count >= 0) return count
  throw invalid('input_tokens', 'input_tokens must be a whole number from 0')
}

const flagIn = (context: Context, name: string): boolean => {
  const text = context.req.query(name)
  if (text === undefined || text === 'false') return false
  if (text === 'true' || text === '') return true
  throw invalid(name, `${name} must be true or false`)
}
