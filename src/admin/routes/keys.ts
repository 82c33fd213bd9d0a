import { Hono } from 'hono'
import { keyChangeSchema, newKeySchema } from '../../accounts/index.ts'
import { GatewayError } from '../../errors.ts'
import type { AdminParts } from '../admin-parts.ts'
import { keyReach, newKeyOwner, reachKey } from '../key-access.ts'
import { checkOwnKeyChange, checkOwnNewKey } from '../own-keys.ts'
import { type AdminEnvironment, permit } from '../permit.ts'
import { limitParameter, readObject } from '../read-input.ts'

/**
 * `GET /keys`, `POST /keys`, `GET|PATCH|DELETE /keys/{id}`, `POST /keys/{id}/rotate`. The secret is in the answer of
 * create and rotate, and nowhere else, ever.
 */
export const keysRoutes = ({ keys }: Pick<AdminParts, 'keys'>): Hono<AdminEnvironment> =>
  new Hono<AdminEnvironment>()
    .get('/keys', permit('keys:read'), async (context) => {
      const limit = limitParameter(context, 1000)
      const after = context.req.query('after')
      const live = context.req.query('live')
      const user = context.req.query('user')
      const list = await keys.list({
        ...(user === undefined ? {} : { user }),
        ...keyReach(context.get('actor')),
        ...(limit === undefined ? {} : { limit }),
        ...(after === undefined ? {} : { after }),
        ...(live === undefined ? {} : { live: live === 'true' }),
      })
      return context.json({ keys: list })
    })
    .post('/keys', permit('keys:write'), async (context) => {
      const body = await readObject(context)
      const actor = context.get('actor')
      checkOwnNewKey(actor, parse(newKeySchema, body))
      // What is checked is passed on as it was given: its defaults depend on who asks.
      const input = { ...body, ...newKeyOwner(actor, body) }
      const { key, secret } = await keys.create(parse(newKeySchema, input))
      return context.json({ ...key, secret: secret.reveal() }, 201)
    })
    .get('/keys/:id', permit('keys:read'), async (context) =>
      context.json(await reachKey(keys, context.get('actor'), context.req.param('id'))),
    )
    .patch('/keys/:id', permit('keys:write'), async (context) => {
      const change = parse(keyChangeSchema, await readObject(context))
      const { id } = await reachKey(keys, context.get('actor'), context.req.param('id'))
      checkOwnKeyChange(context.get('actor'), change)
      return context.json(await keys.update(id, change))
    })
    .delete('/keys/:id', permit('keys:write'), async (context) => {
      const { id } = await reachKey(keys, context.get('actor'), context.req.param('id'))
      return context.json(await keys.revoke(id))
    })
    .post('/keys/:id/rotate', permit('keys:write'), async (context) => {
      const body = await readObject(context)
      const { id } = await reachKey(keys, context.get('actor'), context.req.param('id'))
      const { key, secret } = await keys.rotate(
        id,
        seconds(body, 'overlapSeconds') ?? 0,
        seconds(body, 'expireInSeconds'),
      )
      return context.json({ ...key, secret: secret.reveal() })
    })

const seconds = (body: Record<string, unknown>, name: string): number | undefined => {
  const value = body[name]
  if (value === undefined || typeof value === 'number') return value
  throw new GatewayError('gateway_request_invalid', `${name} must be a number`, { param: name })
}

interface Schema<T> {
  safeParse(
    value: unknown,
  ): { success: true; data: T } | { success: false; error: { issues: readonly Issue[] } }
}

interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

const parse = <T>(schema: Schema<T>, value: unknown): T => {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const param = issue?.path.map(String).join('.') ?? ''
  throw new GatewayError(
    'gateway_request_invalid',
    `${param === '' ? 'body' : param}: ${issue?.message ?? 'wrong'}`,
    { param },
  )
}
