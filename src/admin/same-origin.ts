import { timingSafeEqual } from 'node:crypto'
import type { Context } from 'hono'
import { GatewayError } from '../errors.ts'
import type { AdminEnvironment } from './permit.ts'

/** Where pages send the token that `GET /api/v1/me` tells them. */
export const csrfHeader = 'x-tollgate-csrf'

/**
 * Throws `gateway_csrf_denied` when a browser says that another site's page makes the request. Whoever is no browser
 * says nothing.
 * @param publicUrl `login.url` of the settings: the address before a proxy that changes `host`
 */
export const assertSameOrigin = (
  { req, env }: Context<AdminEnvironment>,
  publicUrl: string | undefined,
): void => {
  const site = req.header('sec-fetch-site')
  if (site !== undefined && site !== 'same-origin') throw denied(`sec-fetch-site is ${site.slice(0, 20)}`)
  const origin = req.header('origin')
  if (origin === undefined) return
  const scheme = env?.isSecure === true ? 'https' : 'http'
  const own = [`${scheme}://${req.header('host') ?? ''}`, originOf(publicUrl)]
  if (!own.includes(origin)) throw denied('origin is another one; behind a proxy, set login.url')
}

/** Throws `gateway_csrf_denied` unless the request has the token of its session in a header. */
export const assertCsrfToken = ({ req }: Context<AdminEnvironment>, expected: string): void => {
  const given = Buffer.from(req.header(csrfHeader) ?? '')
  const wanted = Buffer.from(expected)
  if (given.length === wanted.length && timingSafeEqual(given, wanted)) return
  throw denied(`send the csrfToken of GET /api/v1/me as ${csrfHeader}`)
}

const originOf = (url: string | undefined): string | undefined =>
  url === undefined ? undefined : URL.parse(url)?.origin

const denied = (why: string): GatewayError =>
  new GatewayError('gateway_csrf_denied', `the request may come from a page of another site: ${why}`)
