import { Hono } from 'hono'
import { Secret } from '../../accounts/index.ts'
import { GatewayError } from '../../errors.ts'
import type { AdminParts } from '../admin-parts.ts'
import { type AdminEnvironment, permit } from '../permit.ts'
import { readObject } from '../read-input.ts'

/** `GET /providers`; `GET|POST /credentials`, `DELETE /credentials/{id}`: sealed keys of providers, never shown. */
export const providersRoutes = ({ providers, credentials }: AdminParts): Hono<AdminEnvironment> =>
  new Hono<AdminEnvironment>()
    .get('/providers', permit('providers:read', 'whole-server'), (context) =>
      context.json({ providers: providers() }),
    )
    .get('/credentials', permit('providers:read', 'whole-server'), async (context) =>
      context.json({ credentials: await credentials.list(context.req.query('provider')) }),
    )
    .post('/credentials', permit('providers:write', 'whole-server'), async (context) => {
      const { provider, label = 'default', secret, origin } = await readObject(context)
      if (typeof provider !== 'string' || typeof label !== 'string' || typeof secret !== 'string') {
        throw new GatewayError('gateway_request_invalid', 'provider, label and secret must be strings')
      }
      const place =
        typeof origin === 'string' ? origin : providers().find((one) => one.id === provider)?.origin
      if (typeof place !== 'string') {
        throw new GatewayError(
          'gateway_request_invalid',
          'origin is needed for a provider that is not configured',
        )
      }
      return context.json(await credentials.put(provider, label, new Secret(secret), place), 201)
    })
    .delete('/credentials/:id', permit('providers:write', 'whole-server'), async (context) => {
      if (await credentials.remove(context.req.param('id'))) return context.json({ removed: true })
      throw new GatewayError('not_found', 'there is no such credential')
    })
