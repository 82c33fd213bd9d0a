import { expect, test } from 'bun:test'
import { createSecretKey, randomBytes } from 'node:crypto'
import { onEachDatabase } from '../../test/support/each-database.ts'
import { createLoginStore } from './login-store.ts'
import { createLogins, linkLifetime } from './logins.ts'
import { createTenantStore } from './tenant-store.ts'
import { createTenants } from './tenants.ts'
import { createTokenDigest } from './token-digest.ts'
import { operator } from './user.ts'
import { createUserStore } from './user-store.ts'
import { createUsers } from './users.ts'

onEachDatabase('signing in', (open) => {
  const hour = 3_600_000
  const browser = { address: '192.0.2.7', agent: 'Firefox\u0000' }
  const start = async () => {
    const database = await open()
    const clock = { now: 1_700_000_000_000 }
    const now = () => clock.now
    const digest = createTokenDigest(createSecretKey(randomBytes(32)))
    const logins = createLogins({
      ...{ store: createLoginStore(database), digest, now },
      limits: () => ({ idle: hour, lifetime: 24 * hour }),
    })
    const users = createUsers({ store: createUserStore(database), apply() {}, now })
    const tenants = createTenants({ store: createTenantStore(database), apply() {}, now })
    /** The text of the one link for an address. */
    const link = async (email: string): Promise<string> => {
      const [made] = await logins.makeLinks(email)
      return made?.token.reveal() ?? 'none'
    }
    const signIn = async (email: string) => {
      const session = await logins.redeem(await link(email), browser)
      if (session === undefined) throw new Error('the link was not accepted')
      return session
    }
    return { database, clock, logins, users, tenants, link, signIn }
  }

  test('takes a link, which works once and makes an invited user active', async () => {
    const { logins, users, clock, signIn, link } = await start()
    const user = await users.create(operator, { email: 'ada@example.com', state: 'invited' })
    const token = await link(' ADA@example.com ')
    expect(token).toMatch(/^tgw-login-[0-9A-Za-z]{40}$/)
    const session = await logins.redeem(token, browser)
    expect(session?.token.reveal()).toMatch(/^tgw-session-[0-9A-Za-z]{40}$/)
    expect(session).toMatchObject({
      user: { id: user.id, state: 'active', lastLoginAt: clock.now },
      session: { user: user.id, address: '192.0.2.7', agent: 'Firefox ', createdAt: clock.now },
    })
    expect(await users.get(operator, user.id)).toMatchObject({ state: 'active', lastLoginAt: clock.now })
    expect(await logins.redeem(token, browser)).toBeUndefined()
    const found = await logins.authenticate(session?.token.reveal() ?? '')
    expect(found?.user.id).toBe(user.id)
    expect((await signIn('ada@example.com')).session.id).not.toBe(session?.session.id ?? '')
  })

  test('takes one of many attempts with the same link at once', async () => {
    const { logins, users, link } = await start()
    await users.create(operator, { email: 'ada@example.com' })
    const token = await link('ada@example.com')
    const sessions = await Promise.all(Array.from({ length: 20 }, () => logins.redeem(token, browser)))
    expect(sessions.filter((session) => session !== undefined).length).toBe(1)
    expect((await logins.list({})).length).toBe(1)
  })

  test('ends the other links of the user, and links end by themselves', async () => {
    const { logins, users, clock, link } = await start()
    await users.create(operator, { email: 'ada@example.com' })
    const [first, second] = [await link('ada@example.com'), await link('ada@example.com')]
    expect(await logins.redeem(second, browser)).toBeDefined()
    expect(await logins.redeem(first, browser)).toBeUndefined()
    const late = await link('ada@example.com')
    clock.now += linkLifetime
    expect(await logins.redeem(late, browser)).toBeUndefined()
    const last = await link('ada@example.com')
    clock.now += linkLifetime - 1
    expect(await logins.redeem(last, browser)).toBeDefined()
  })

  test('is for nobody unknown, suspended or deleted, and not for a former address', async () => {
    const { logins, users, link } = await start()
    const user = await users.create(operator, { email: 'ada@example.com' })
    expect(await logins.makeLinks('eve@example.com')).toEqual([])
    expect(await logins.makeLinks('')).toEqual([])
    const before = await link('ada@example.com')
    await users.update(operator, user.id, { email: 'ada@example.org' })
    expect(await logins.redeem(before, browser)).toBeUndefined()
    const open = await link('ada@example.org')
    await users.suspend(operator, user.id)
    expect(await logins.makeLinks('ada@example.org')).toEqual([])
    expect(await logins.redeem(open, browser)).toBeUndefined()
    await users.activate(operator, user.id)
    expect(await logins.redeem(open, browser)).toBeUndefined()
    const again = await link('ada@example.org')
    await users.remove(operator, user.id)
    expect(await logins.redeem(again, browser)).toBeUndefined()
    for (const text of ['', 'tgw-login-', `tgw-login-${'x'.repeat(40)}`, `${again} `, `${again}\u0000`])
      expect(await logins.redeem(text, browser)).toBeUndefined()
  })

  test('makes a link for each organisation that the address is in', async () => {
    const { logins, users, tenants } = await start()
    const other = await tenants.createOrganisation({ name: 'other' })
    await users.create(operator, { email: 'ada@example.com' })
    const there = await users.create(operator, { email: 'ada@example.com', organisation: other.id })
    const links = await logins.makeLinks('ada@example.com')
    expect(links.map(({ organisationName }) => organisationName)).toEqual(['default', 'other'])
    const [only, ...more] = await logins.makeLinks('ada@example.com', other.id)
    expect(more).toEqual([])
    const session = await logins.redeem(only?.token.reveal() ?? '', browser)
    expect(session?.user.id).toBe(there.id)
    // The other organisation's link is another user's: it still works.
    expect(await logins.redeem(links[0]?.token.reveal() ?? '', browser)).toBeDefined()
  })

  test('lasts while it is used, and no longer than its lifetime', async () => {
    const { logins, users, clock, signIn } = await start()
    await users.create(operator, { email: 'ada@example.com' })
    const idle = (await signIn('ada@example.com')).token.reveal()
    clock.now += hour
    expect(await logins.authenticate(idle)).toBeUndefined()
    const used = (await signIn('ada@example.com')).token.reveal()
    for (let step = 0; step < 47; step += 1) {
      clock.now += hour / 2
      expect(await logins.authenticate(used)).toBeDefined()
    }
    clock.now += hour / 2 - 1
    expect(await logins.authenticate(used)).toBeDefined()
    clock.now += 1
    expect(await logins.authenticate(used)).toBeUndefined()
    expect(await logins.list({})).toEqual([])
  })

  test('ends with the user, at once, and does not come back with the user', async () => {
    const { logins, users, signIn } = await start()
    const user = await users.create(operator, { email: 'ada@example.com', role: 'admin' })
    const token = (await signIn('ada@example.com')).token.reveal()
    await users.update(operator, user.id, { role: 'viewer' })
    expect((await logins.authenticate(token))?.user.role).toBe('viewer')
    await users.suspend(operator, user.id)
    expect(await logins.authenticate(token)).toBeUndefined()
    await users.activate(operator, user.id)
    expect(await logins.authenticate(token)).toBeUndefined()
    const next = (await signIn('ada@example.com')).token.reveal()
    await users.remove(operator, user.id)
    expect(await logins.authenticate(next)).toBeUndefined()
  })

  test('is revoked one by one or all at once', async () => {
    const { logins, users, tenants, signIn } = await start()
    const other = await tenants.createOrganisation({ name: 'other' })
    const ada = await users.create(operator, { email: 'ada@example.com' })
    await users.create(operator, { email: 'bob@example.com' })
    const [first, second, theirs] = [
      await signIn('ada@example.com'),
      await signIn('ada@example.com'),
      await signIn('bob@example.com'),
    ]
    expect(await logins.revoke('session_none')).toBe(false)
    expect(await logins.get(theirs.session.id)).toEqual(theirs.session)
    expect(await logins.revoke(theirs.session.id)).toBe(true)
    expect(await logins.authenticate(theirs.token.reveal())).toBeUndefined()
    expect(await logins.get(theirs.session.id)).toBeUndefined()
    expect(await logins.revoke(theirs.session.id)).toBe(false)
    expect((await logins.list({ user: ada.id })).map(({ id }) => id)).toEqual([
      second.session.id,
      first.session.id,
    ])
    expect(await logins.list({ organisation: other.id })).toEqual([])
    expect(await logins.revokeAll(ada.id)).toBe(2)
    expect(await logins.authenticate(first.token.reveal())).toBeUndefined()
    expect(await logins.list({})).toEqual([])
  })

  test('leaves no token in the database, and nothing of what is long over', async () => {
    const { database, logins, users, clock, link, signIn } = await start()
    await users.create(operator, { email: 'ada@example.com' })
    const { token } = await signIn('ada@example.com')
    const pending = await link('ada@example.com')
    const rows = async () => [
      ...(await database.kysely.selectFrom('user_sessions').selectAll().execute()),
      ...(await database.kysely.selectFrom('login_links').selectAll().execute()),
    ]
    const stored = JSON.stringify(await rows(), (_, value) =>
      typeof value === 'bigint' ? String(value) : value,
    )
    for (const text of [token.reveal(), pending]) {
      expect(stored).not.toContain(text)
      expect(stored).not.toContain(text.slice(-40))
    }
    await logins.purge()
    expect((await rows()).length).toBe(2)
    clock.now += 32 * 24 * hour
    await logins.purge()
    expect(await rows()).toEqual([])
  })

  test('gives each session a token of its own against forged requests', async () => {
    const { logins, users, signIn } = await start()
    await users.create(operator, { email: 'ada@example.com' })
    const [one, two] = [await signIn('ada@example.com'), await signIn('ada@example.com')]
    const csrf = logins.csrfToken(one.token.reveal())
    expect(csrf).toBe(logins.csrfToken(one.token.reveal()))
    expect(csrf).not.toBe(logins.csrfToken(two.token.reveal()))
    expect(await logins.authenticate(csrf)).toBeUndefined()
  })
})
