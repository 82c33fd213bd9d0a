import { Hono } from 'hono'
import type { AdminParts } from '../admin-parts.ts'
import { type AdminEnvironment, permit } from '../permit.ts'
import { invalid } from '../read-input.ts'

const parameters = ['key', 'provider', 'model']

/** `GET /limits?key&provider&model`: the limits, and how they stand for a key, a provider or a model. */
export const limitsRoutes = ({ limits }: AdminParts): Hono<AdminEnvironment> =>
  new Hono<AdminEnvironment>().get('/limits', permit('limits:read'), async (context) => {
    for (const name of Object.keys(context.req.queries())) {
      if (!parameters.includes(name))
        throw invalid(name, `unknown parameter ${name.slice(0, 50)}, known are ${parameters.join(', ')}`)
    }
    const said = (name: string): string | undefined => context.req.query(name) || undefined
    const { organisation } = context.get('actor')
    return context.json(
      await limits({ key: said('key'), provider: said('provider'), model: said('model'), organisation }),
    )
  })
