import { createMiddleware } from 'hono/factory'
import type { SignedIn } from '../accounts/index.ts'
import { GatewayError } from '../errors.ts'
import type { AdminParts } from './admin-parts.ts'
import type { Actor, AdminEnvironment } from './permit.ts'
import { assertCsrfToken, assertSameOrigin } from './same-origin.ts'
import { sessionTokenIn } from './session-cookie.ts'

type Parts = Pick<AdminParts, 'tokens' | 'logins' | 'login'>

/**
 * Finds out who asks: the holder of an admin token, of the command line's token, or of a session. Whatever changes
 * something by session is held against forgery. Throws `gateway_admin_token_invalid`, `gateway_session_invalid` or
 * `gateway_csrf_denied`.
 */
export const authenticate = ({ tokens, logins, login }: Parts) =>
  createMiddleware<AdminEnvironment>(async (context, next) => {
    const { headers, method } = context.req.raw
    const token = bearer(headers)
    const cookie = sessionTokenIn(headers, context.env?.isSecure === true)
    if (token !== undefined || cookie === undefined) {
      const found = token === undefined ? undefined : tokens.find(token)
      if (found === undefined) throw denied()
      // Tokens are the operator's own: they may do everything, everywhere.
      context.set('actor', {
        ...{ type: found.id === 'cli' ? 'cli' : 'token', id: found.id, name: found.name },
        ...{ role: 'owner', organisation: null },
      })
    } else {
      const found = await logins.authenticate(cookie)
      if (found === undefined)
        throw new GatewayError('gateway_session_invalid', 'the session has ended: sign in again')
      const csrfToken = logins.csrfToken(cookie)
      if (method !== 'GET' && method !== 'HEAD') {
        assertSameOrigin(context, login.url())
        assertCsrfToken(context, csrfToken)
      }
      context.set('actor', actorOf(found))
      const { id, organisation } = found.session
      context.set('session', { id, organisation, csrfToken })
    }
    await next()
    context.header('cache-control', 'no-store')
  })

const actorOf = ({ user }: SignedIn): Actor => ({
  ...{ type: 'user', id: user.id, name: user.name, role: user.role },
  organisation: user.root ? null : user.organisation,
})

export const denied = (): GatewayError =>
  new GatewayError(
    'gateway_admin_token_invalid',
    'send the admin token as `Authorization: Bearer tgw-admin-…`',
  )

export const bearer = (headers: Headers): string | undefined => {
  const given = headers.get('authorization')
  return given !== null && /^bearer /i.test(given) ? given.slice(7).trim() : undefined
}
