import { isIPv6 } from 'node:net'
import { type LoginLink, type Logins, linkLifetime, type User } from './accounts/index.ts'
import type { LoginDesk } from './admin/index.ts'
import { GatewayError } from './errors.ts'
import { invitationMail, loginMail, type Mail } from './mail/index.ts'
import type { SmtpSettings } from './mail/settings.ts'
import { type Bucket, memoryQuota, type Quota } from './state/index.ts'
import type { Logger } from './telemetry/index.ts'

export interface LoginDeskParts {
  readonly logins: Pick<Logins, 'makeLinks'>
  readonly organisationName: (id: string) => Promise<string>
  readonly quota: Pick<Quota, 'take'>
  /** Read anew each time, so that a reload counts at once. */
  readonly settings: () => {
    readonly smtp: SmtpSettings | undefined
    readonly url: string | undefined
    /** Where the gateway listens. */
    readonly listening: string
  }
  readonly send: (settings: SmtpSettings, mail: Mail) => Promise<void>
  readonly logger: Pick<Logger, 'info' | 'warn'>
}

const minute = 60_000

/** How many links may be asked for one e-mail address, and from one network address. */
const perEmail = { capacity: 5, refill: 5, period: 10 * minute }
const perAddress = { capacity: 30, refill: 30, period: 10 * minute }
/** How many links may be tried from one network address. */
const perAttempt = { capacity: 30, refill: 30, period: 10 * minute }
/** Mails at once; what comes beyond is dropped, and whoever waits asks again. */
const mostMails = 50

export const createLoginDesk = (parts: LoginDeskParts): LoginDesk => {
  const { logins, organisationName, quota, settings, send, logger } = parts
  /** While the shared counters are away, each process bounds what comes to itself. */
  const local = memoryQuota()
  let underWay = 0

  const take = async (buckets: readonly Bucket[]): Promise<void> => {
    const claims = buckets.map((bucket) => ({ type: 'bucket' as const, amount: 1, ...bucket }))
    const taken = await quota.take({ claims }).catch(() => local.take({ claims }))
    if (taken.granted) return
    const waits = taken.levels.flatMap((level) => (level.type === 'bucket' && !level.ok ? [level.wait] : []))
    const retryAfter = Math.max(1, Math.ceil(Math.max(...waits) / 1000))
    throw new GatewayError('gateway_login_limited', `too many attempts: try again in ${retryAfter} s`, {
      retryAfter,
    })
  }
  const linkTo = (token: string): string => `${loginUrl()}?token=${token}`
  const loginUrl = (): string => {
    const { url, listening } = settings()
    return `${url ?? listening}/login`
  }
  const mail = (make: () => Promise<Mail | undefined>): boolean => {
    const { smtp } = settings()
    if (smtp === undefined) return false
    if (underWay >= mostMails) {
      logger.warn('a mail was dropped: too many wait for the mail server')
      return false
    }
    underWay += 1
    const work = async (): Promise<void> => {
      try {
        const made = await make()
        if (made !== undefined) await send(smtp, made)
      } catch (error) {
        // What the server said may hold the address: its code is enough to find out.
        logger.warn('a mail could not be sent', { host: smtp.host, error: codeOf(error) })
      } finally {
        underWay -= 1
      }
    }
    // After the answer: how long it takes shows whether there was anything to do.
    setImmediate(() => void work())
    return true
  }
  return {
    url: () => settings().url,
    linkTo,
    checkRequest: (email, address) =>
      take([
        { key: `login:email:${digest(email)}`, ...perEmail },
        { key: `login:address:${digest(network(address))}`, ...perAddress },
      ]),
    checkAttempt: (address) => take([{ key: `login:attempt:${digest(network(address))}`, ...perAttempt }]),
    mailLinks(email) {
      const isSent = mail(async () => linksMail(await logins.makeLinks(email), linkTo))
      if (!isSent)
        logger.info('a sign-in link was asked for, and no mail is sent: `tgw admin login-link` prints one')
    },
    mailInvitation: (user) => mail(async () => invitation(user, organisationName, loginUrl())),
  }
}

const linksMail = (links: readonly LoginLink[], linkTo: (token: string) => string): Mail | undefined => {
  const to = links[0]?.user.email ?? null
  if (to === null) return undefined
  return loginMail(
    to,
    links.map(({ organisationName, token }) => ({
      organisation: organisationName,
      url: linkTo(token.reveal()),
    })),
    linkLifetime / minute,
  )
}

const invitation = async (
  { email, organisation }: User,
  organisationName: LoginDeskParts['organisationName'],
  loginUrl: string,
): Promise<Mail | undefined> =>
  email === null ? undefined : invitationMail(email, await organisationName(organisation), loginUrl)

/** Counters may lie on another machine: they name nobody. */
const digest = (text: string): string => new Bun.CryptoHasher('sha256').update(text).digest('base64url')

/** Whoever has an IPv6 address has 2⁶⁴ of them: they count as one. */
const network = (address: string): string => {
  if (!isIPv6(address) || address.includes('.')) return address
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? []
  const start = head === '' ? [] : head.split(':')
  const end = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups =
    tail === undefined ? start : [...start, ...Array(8 - start.length - end.length).fill('0'), ...end]
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error
    ? String(error.code)
    : error instanceof Error
      ? error.name
      : 'unknown'
