import { type Context, Hono } from 'hono'
import { mayDo, permissions } from '../../accounts/index.ts'
import { GatewayError } from '../../errors.ts'
import type { AdminParts } from '../admin-parts.ts'
import { type Actor, type AdminEnvironment, permit } from '../permit.ts'
import { checkChangeable } from '../reach.ts'
import { limitParameter } from '../read-input.ts'
import { sessionCookie } from '../session-cookie.ts'

type Parts = Pick<AdminParts, 'users' | 'logins'>

/**
 * `GET /me`: who asks, and what they may. `GET /sessions?user&all`: the asker's own sessions, with `users:read` those
 * of a user or of all. `DELETE /sessions/{id}`: ends an own one (`current`: the one that asks), with `users:write` that
 * of somebody whose role is not above. `DELETE /sessions?user=`: all of a user.
 */
export const sessionsRoutes = ({ users, logins }: Parts): Hono<AdminEnvironment> =>
  new Hono<AdminEnvironment>()
    .get('/me', permit('self:read'), async (context) => {
      const actor = context.get('actor')
      const session = context.get('session')
      return context.json({
        ...actor,
        permissions: permissions.filter((permission) => mayDo(actor.role, permission)),
        user: actor.type === 'user' ? await users.get(actor, actor.id) : null,
        session: session?.id ?? null,
        csrfToken: session?.csrfToken ?? null,
      })
    })
    .get('/sessions', permit('self:read'), async (context) => {
      const actor = context.get('actor')
      const limit = limitParameter(context, 1000)
      const user = context.req.query('user') ?? (isAll(context, actor) ? undefined : actor.id)
      if (user !== actor.id) checkMay(actor, 'users:read')
      if (user !== undefined && user !== actor.id) await users.get(actor, user)
      const sessions = await logins.list({
        ...(actor.organisation === null ? {} : { organisation: actor.organisation }),
        ...(user === undefined ? {} : { user }),
        ...(limit === undefined ? {} : { limit }),
      })
      const current = context.get('session')?.id
      return context.json({ sessions: sessions.map((one) => ({ ...one, isCurrent: one.id === current })) })
    })
    .delete('/sessions', permit('self:write'), async (context) => {
      const actor = context.get('actor')
      const user = context.req.query('user') ?? actor.id
      if (user !== actor.id) {
        checkMay(actor, 'users:write')
        checkChangeable(actor, await users.get(actor, user))
      }
      return context.json({ revoked: await logins.revokeAll(user) })
    })
    .delete('/sessions/:id', permit('self:write'), async (context) => {
      const actor = context.get('actor')
      const current = context.get('session')?.id
      const named = context.req.param('id')
      const id = named === 'current' && current !== undefined ? current : named
      const session = await logins.get(id)
      if (session === undefined) throw unknownSession()
      if (session.user !== actor.id) {
        // Who may not end it is not told that it is there.
        if (!mayDo(actor.role, 'users:write')) throw unknownSession()
        const owner = await users.get(actor, session.user).catch(() => undefined)
        if (owner === undefined) throw unknownSession()
        checkChangeable(actor, owner)
      }
      await logins.revoke(id)
      if (id === current)
        context.header('set-cookie', sessionCookie('', context.env?.isSecure === true, 0), { append: true })
      return context.json({ revoked: 1 })
    })

const isAll = (context: Context<AdminEnvironment>, actor: Actor): boolean =>
  actor.type !== 'user' || context.req.query('all') === 'true'

const checkMay = (actor: Actor, permission: 'users:read' | 'users:write'): void => {
  if (mayDo(actor.role, permission)) return
  throw new GatewayError(
    'gateway_permission_denied',
    `sessions of others need the permission ${permission}, which the role ${actor.role} does not have`,
  )
}

const unknownSession = (): GatewayError => new GatewayError('not_found', 'there is no such session')
