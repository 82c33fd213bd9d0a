import { Hono } from 'hono'
import { defaultOrganisation, Secret } from '../../accounts/index.ts'
import { GatewayError } from '../../errors.ts'
import type { AdminParts } from '../admin-parts.ts'
import type { TakeOptions, TestedCredential } from '../credential-desk.ts'
import { type Actor, type AdminEnvironment, permit } from '../permit.ts'
import { readObject } from '../read-input.ts'

/**
 * `GET|POST /credentials`, `DELETE /credentials/{id}`, `POST /credentials/{id}/test`, `POST /credentials/{id}/rotate`:
 * sealed keys of providers, never shown. They belong to the operator: an administrator of one organisation among others
 * has none.
 */
export const credentialsRoutes = ({ credentials }: Pick<AdminParts, 'credentials'>): Hono<AdminEnvironment> =>
  new Hono<AdminEnvironment>()
    .get('/credentials', permit('providers:read'), async (context) =>
      context.json({
        credentials: isOperator(context.get('actor'))
          ? await credentials.list(context.req.query('provider'))
          : [],
      }),
    )
    .post('/credentials', permit('providers:write'), async (context) => {
      assertOperator(context.get('actor'))
      const body = await readObject(context)
      const origin = body['origin']
      const added = await credentials.add({
        provider: text(body, 'provider'),
        label: body['label'] === undefined ? 'default' : text(body, 'label'),
        secret: new Secret(text(body, 'secret')),
        origin: origin === undefined || origin === null ? undefined : text(body, 'origin'),
        replace: flag(body, 'replace', false),
        ...takeOptions(body),
      })
      return context.json(shown(added), 201)
    })
    .delete('/credentials/:id', permit('providers:write'), async (context) => {
      assertOperator(context.get('actor'))
      const credential = await credentials.remove(
        context.req.param('id'),
        context.req.query('force') === 'true',
      )
      return context.json({ ...credential, removed: true })
    })
    .post('/credentials/:id/test', permit('providers:write'), async (context) => {
      assertOperator(context.get('actor'))
      return context.json(shown(await credentials.test(context.req.param('id'))))
    })
    .post('/credentials/:id/rotate', permit('providers:write'), async (context) => {
      assertOperator(context.get('actor'))
      const body = await readObject(context)
      const secret = new Secret(text(body, 'secret'))
      return context.json(shown(await credentials.rotate(context.req.param('id'), secret, takeOptions(body))))
    })

const shown = ({ credential, test }: TestedCredential) => ({ ...credential, test })

const isOperator = ({ organisation }: Actor): boolean =>
  organisation === null || organisation === defaultOrganisation

const assertOperator = (actor: Actor): void => {
  if (isOperator(actor)) return
  throw new GatewayError(
    'gateway_permission_denied',
    `the credentials of providers belong to the organisation ${defaultOrganisation}`,
  )
}

const takeOptions = (body: Record<string, unknown>): TakeOptions => ({
  test: flag(body, 'test', true),
  force: flag(body, 'force', false),
})

const text = (body: Record<string, unknown>, name: string): string => {
  const value = body[name]
  if (typeof value === 'string') return value
  throw new GatewayError('gateway_request_invalid', `${name} must be a string`, { param: name })
}

const flag = (body: Record<string, unknown>, name: string, usual: boolean): boolean => {
  const value = body[name] ?? usual
  if (typeof value === 'boolean') return value
  throw new GatewayError('gateway_request_invalid', `${name} must be true or false`, { param: name })
}
