import { type Context, Hono } from 'hono'
import { linkLifetime, loginTokenPrefix } from '../../accounts/index.ts'
import { GatewayError, toGatewayError } from '../../errors.ts'
import type { AdminParts } from '../admin-parts.ts'
import { addressPage, enterPage, failedPage, sentPage } from '../login-page.ts'
import { type AdminEnvironment, permit } from '../permit.ts'
import { invalid, readObject } from '../read-input.ts'
import { assertSameOrigin } from '../same-origin.ts'
import { sessionCookie } from '../session-cookie.ts'

type Parts = Pick<AdminParts, 'logins' | 'login' | 'now'>

/** What anybody may ask to get in. */
export const publicLoginPaths: readonly string[] = ['/login', '/api/v1/login', '/api/v1/login/verify']

/**
 * `GET /login?token=` shows a form and uses nothing up. `POST /api/v1/login {email}` answers the same whoever it is.
 * `POST /api/v1/login/verify {token}` sets the session's cookie. Both take JSON, and the forms of our own pages.
 */
export const publicLoginRoutes = ({ logins, login, now }: Parts): Hono<AdminEnvironment> =>
  new Hono<AdminEnvironment>()
    .get('/login', (context) => {
      const token = context.req.query('token') ?? ''
      return tokenPattern.test(token) ? enterPage(token) : addressPage()
    })
    .post('/api/v1/login', (context) =>
      answer(context, async (input) => {
        assertSameOrigin(context, login.url())
        const { email } = input
        if (typeof email !== 'string' || email.trim() === '' || email.length > 320)
          throw invalid('email', 'email must be an e-mail address')
        await login.checkRequest(email.trim().toLowerCase(), addressOf(context))
        login.mailLinks(email)
        return isForm(context) ? sentPage() : context.json({ accepted: true }, 202)
      }),
    )
    .post('/api/v1/login/verify', (context) =>
      answer(context, async ({ token }) => {
        assertSameOrigin(context, login.url())
        if (typeof token !== 'string') throw invalid('token', 'token must be the one of a link')
        await login.checkAttempt(addressOf(context))
        const browser = { address: addressOf(context), agent: context.req.header('user-agent') ?? '' }
        const signedIn = await logins.redeem(token, browser)
        if (signedIn === undefined)
          throw new GatewayError('gateway_login_invalid', 'the link is unknown, used or expired: get another')
        const text = signedIn.token.reveal()
        const seconds = Math.ceil((signedIn.session.expiresAt - now()) / 1000)
        context.header('set-cookie', sessionCookie(text, context.env?.isSecure === true, seconds))
        context.header('cache-control', 'no-store')
        return isForm(context)
          ? context.redirect('/', 303)
          : context.json({
              user: signedIn.user,
              session: signedIn.session,
              csrfToken: logins.csrfToken(text),
            })
      }),
    )

/**
 * `POST /login/links {email, organisation?}`: links for somebody who gets no mail, for the command line of the server's
 * own machine only.
 */
export const loginLinkRoutes = ({ logins, login }: Parts): Hono<AdminEnvironment> =>
  new Hono<AdminEnvironment>().post(
    '/login/links',
    permit('users:write', 'whole-server'),
    async (context) => {
      if (context.get('actor').type !== 'cli')
        throw new GatewayError(
          'gateway_permission_denied',
          'links are given to `tgw admin login-link` on the machine of the server only',
        )
      const { email, organisation } = await readObject(context)
      if (typeof email !== 'string') throw invalid('email', 'email must be a string')
      if (organisation !== undefined && typeof organisation !== 'string')
        throw invalid('organisation', 'organisation must be a string')
      const links = await logins.makeLinks(email, organisation)
      if (links.length === 0)
        throw new GatewayError('not_found', 'no active or invited user has this e-mail address')
      return context.json({
        expiresInSeconds: linkLifetime / 1000,
        links: links.map(({ user, organisationName, token, expiresAt }) => ({
          ...{ user: user.id, organisation: user.organisation, organisationName, expiresAt },
          link: login.linkTo(token.reveal()),
        })),
      })
    },
  )

const tokenPattern = new RegExp(`^${loginTokenPrefix}[0-9A-Za-z]{40}$`)

/** A form cannot read an error: it gets a page. */
const answer = async (
  context: Context<AdminEnvironment>,
  work: (input: Readonly<Record<string, unknown>>) => Promise<Response>,
): Promise<Response> => {
  if (!isForm(context)) return work(await readObject(context))
  try {
    const text = await context.req.text()
    return await work(Object.fromEntries(new URLSearchParams(text.slice(0, 10_000))))
  } catch (error) {
    const { row, code } = toGatewayError(error)
    const page = failedPage(row.status)
    page.headers.set('x-tollgate-error', code)
    return page
  }
}

const isForm = ({ req }: Context<AdminEnvironment>): boolean =>
  (req.header('content-type') ?? '').startsWith('application/x-www-form-urlencoded')

const addressOf = ({ env }: Context<AdminEnvironment>): string => env?.address ?? ''
