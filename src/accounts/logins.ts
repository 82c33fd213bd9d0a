import type { LoginStore, SignedIn, UserSession } from './login-store.ts'
import { Secret } from './secret.ts'
import { isId, newId, newToken } from './token.ts'
import type { TokenDigest } from './token-digest.ts'
import type { User } from './user.ts'

export const loginTokenPrefix = 'tgw-login-'
export const sessionTokenPrefix = 'tgw-session-'

/** How long a link lives, in milliseconds. */
export const linkLifetime = 600_000
/** A session that is used again within this time is not written down anew. */
const touchEvery = 60_000
/** How long ended sessions are kept. */
const keptEnded = 30 * 86_400_000

/** A link that somebody may sign in with, once. */
export interface LoginLink {
  readonly user: User
  readonly organisationName: string
  readonly token: Secret
  readonly expiresAt: number
}

export interface NewSession extends SignedIn {
  /** For the cookie, and nowhere else. */
  readonly token: Secret
}

/** The browser that asks. */
export interface Browser {
  readonly address: string
  readonly agent: string
}

export interface SessionQuery {
  readonly organisation?: string
  readonly user?: string
  readonly limit?: number
}

/** Signing in by link, and the sessions that follow. */
export interface Logins {
  /**
   * Makes a link for each organisation in which an active or invited user has the address. Nothing about whether there
   * are any may reach whoever named the address.
   */
  makeLinks(email: string, organisation?: string): Promise<readonly LoginLink[]>
  /** Undefined when the token is no link that may still be used. Only one of several calls with it gets a session. */
  redeem(token: string, browser: Browser): Promise<NewSession | undefined>
  /** Whose session this is; undefined when it ended, or its user is not active. */
  authenticate(token: string): Promise<SignedIn | undefined>
  /** What a page of ours sends along in a header, which a page of somebody else cannot know. */
  csrfToken(sessionToken: string): string
  /** Sessions that have not ended, newest first. */
  list(query: SessionQuery): Promise<readonly UserSession[]>
  /** A session that has not ended. */
  get(id: string): Promise<UserSession | undefined>
  /** Tells whether it had not ended before. */
  revoke(id: string): Promise<boolean>
  /** Ends all sessions of a user; tells how many those were. */
  revokeAll(user: string): Promise<number>
  /** Forgets what is over. */
  purge(): Promise<void>
}

export interface LoginsParts {
  readonly store: LoginStore
  readonly digest: TokenDigest
  /** In milliseconds; asked each time. */
  readonly limits: () => { readonly idle: number; readonly lifetime: number }
  readonly now?: () => number
}

export const createLogins = ({ store, digest, limits, now = Date.now }: LoginsParts): Logins => ({
  makeLinks: async (email, organisation) => {
    const found = await store.candidates(email.trim().toLowerCase())
    const links: LoginLink[] = []
    for (const { user, organisationName } of found) {
      if (organisation !== undefined && user.organisation !== organisation) continue
      const text = newToken(loginTokenPrefix)
      const [createdAt, expiresAt] = [now(), now() + linkLifetime]
      const place = { user: user.id, organisation: user.organisation }
      if (await store.addLink({ digest: digest(text), ...place, createdAt, expiresAt }))
        links.push({ user, organisationName, token: new Secret(text), expiresAt })
    }
    return links
  },
  redeem: async (token, { address, agent }) => {
    if (!isToken(token, loginTokenPrefix)) return undefined
    const at = now()
    const text = newToken(sessionTokenPrefix)
    const session = {
      ...{ id: newId('session', at), digest: digest(text), createdAt: at, expiresAt: at + limits().lifetime },
      ...{ address: address.slice(0, 100), agent: printable(agent).slice(0, 300) },
    }
    const signedIn = await store.redeem(digest(token), session, at)
    return signedIn && { ...signedIn, token: new Secret(text) }
  },
  authenticate: async (token) => {
    if (!isToken(token, sessionTokenPrefix)) return undefined
    const at = now()
    const found = await store.find(digest(token), at, at - limits().idle)
    if (found !== undefined && at - found.session.lastUsedAt >= Math.min(touchEvery, limits().idle / 4))
      await store.touch(found.session.id, at)
    return found
  },
  csrfToken: (sessionToken) => digest(`csrf ${sessionToken}`),
  list: (query) => store.list({ ...query, at: now(), usedAfter: now() - limits().idle }),
  get: async (id) =>
    isId(id) ? (await store.list({ id, at: now(), usedAfter: now() - limits().idle }))[0] : undefined,
  revoke: async (id) => isId(id) && (await store.revoke({ id }, now())).length > 0,
  revokeAll: async (user) => (await store.revoke({ user }, now())).length,
  purge: () => store.purge(now(), now() - keptEnded),
})

/** What cannot be a token is never asked of the database. */
const isToken = (text: string, prefix: string): boolean =>
  text.startsWith(prefix) && /^[0-9A-Za-z]{40}$/.test(text.slice(prefix.length))

const printable = (text: string): string => text.replace(/\p{Cc}/gu, ' ')
