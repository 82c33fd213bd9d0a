import { expect, test } from 'bun:test'
import { createSecretKey, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { onEachDatabase } from '../../test/support/each-database.ts'
import { GatewayError } from '../errors.ts'
import type { Database } from '../storage/index.ts'
import { createKeyRing } from './key-ring.ts'
import { createKeyStore } from './key-store.ts'
import { createLoginStore } from './login-store.ts'
import { createLogins } from './logins.ts'
import { givableBy, mayDo, permissions, type Role, roles } from './permission.ts'
import type { Secret } from './secret.ts'
import { createTenantStore } from './tenant-store.ts'
import { createTenants } from './tenants.ts'
import { createTokenDigest } from './token-digest.ts'
import { operator, type User } from './user.ts'
import { createUserStore } from './user-store.ts'
import { createUsers } from './users.ts'
import { createVirtualKeys } from './virtual-keys.ts'

const hour = 3_600_000

/** One installation with its clock; `reader` is another process, which learns of changes only by looking. */
const install = async (database: Database) => {
  const clock = { now: 1_700_000_000_000 }
  const now = () => clock.now
  const digest = createTokenDigest(createSecretKey(randomBytes(32)))
  const keyStore = createKeyStore(database)
  const ring = createKeyRing(keyStore, digest, now)
  const reader = createKeyRing(keyStore, digest, now)
  const { apply } = ring
  return {
    ...{ clock, ring, reader },
    keys: createVirtualKeys({ store: keyStore, digest, apply, now }),
    users: createUsers({ store: createUserStore(database), apply, now }),
    tenants: createTenants({ store: createTenantStore(database), apply, now }),
    logins: createLogins({
      ...{ store: createLoginStore(database), digest, now },
      limits: () => ({ idle: hour, lifetime: 10 * hour }),
    }),
  }
}

const browser = { address: '192.0.2.1', agent: 'a' }

const refusals: readonly string[] = ['not_found', 'conflict', 'gateway_permission_denied']

/** Runs what may be refused, and nothing but refused. */
const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await work()
  } catch (error) {
    if (error instanceof GatewayError && refusals.includes(error.code)) return undefined
    throw error
  }
}

const index = fc.nat({ max: 5 })
const role = fc.constantFrom(...roles)

type Step =
  | { readonly type: 'create'; readonly by: number; readonly role: Role }
  | { readonly type: 'promote'; readonly by: number; readonly user: number; readonly role: Role }
  | { readonly type: 'readdress'; readonly by: number; readonly user: number }
  | { readonly type: 'suspend' | 'activate' | 'remove'; readonly by: number; readonly user: number }
  | { readonly type: 'key' | 'link'; readonly user: number }
  | { readonly type: 'redeem' | 'revoke'; readonly which: number }
  | { readonly type: 'wait'; readonly time: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ type: fc.constant('create' as const), by: index, role }),
  fc.record({ type: fc.constant('promote' as const), by: index, user: index, role }),
  fc.record({ type: fc.constant('readdress' as const), by: index, user: index }),
  fc.record({
    type: fc.constantFrom('suspend' as const, 'activate' as const, 'remove' as const),
    ...{ by: index, user: index },
  }),
  fc.record({ type: fc.constantFrom('key' as const, 'link' as const), user: index }),
  fc.record({ type: fc.constantFrom('redeem' as const, 'revoke' as const), which: index }),
  fc.record({ type: fc.constant('wait' as const), time: fc.constantFrom(60_000, 600_000, hour, 4 * hour) }),
)

onEachDatabase('whatever people do to accounts', (open) => {
  test('no token of a suspended or deleted user works, and nobody comes to more than was theirs to give', async () => {
    const database = await open()
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const { clock, ring, reader, keys, users, tenants, logins } = await install(database)
        const [home, foreign] = await Promise.all(
          ['home', 'foreign'].map((name) =>
            tenants.createOrganisation({ name: `${name} ${crypto.randomUUID()}` }),
          ),
        )
        if (home === undefined || foreign === undefined) throw new Error('no organisation')
        const organisation = home.id
        /** All that ever were, with the first owner. */
        const people: User[] = []
        const add = (user: User | undefined): void => void (user !== undefined && people.push(user))
        const fresh = () => `${crypto.randomUUID()}@example.com`
        add(await users.create(operator, { email: fresh(), organisation, role: 'owner' }))
        add(await users.create(operator, { email: fresh(), organisation, role: 'admin' }))
        const outsider = await users.create(operator, {
          email: fresh(),
          organisation: foreign.id,
          role: 'owner',
        })
        const person = (at: number): User => people[at % people.length] ?? outsider
        /** What somebody may do now; nothing any more when not active. `by: 5` is the owner of another organisation. */
        const authority = async (by: number): Promise<{ role: Role; organisation: string } | undefined> => {
          const user = await users.get(operator, by === 5 ? outsider.id : person(by).id)
          return user.state === 'active' ? { role: user.role, organisation: user.organisation } : undefined
        }
        const secrets: { readonly user: string; readonly secret: Secret }[] = []
        const links: {
          readonly user: string
          readonly token: string
          readonly until: number
          used: boolean
        }[] = []
        const sessions: {
          readonly user: string
          readonly token: string
          readonly id: string
          ended: boolean
        }[] = []
        const perform = async (one: Step): Promise<void> => {
          switch (one.type) {
            case 'wait':
              clock.now += one.time
              return
            case 'redeem': {
              const link = links[one.which % Math.max(links.length, 1)]
              if (link === undefined) return
              const results = await Promise.all([
                logins.redeem(link.token, browser),
                logins.redeem(link.token, browser),
              ])
              const made = results.filter((result) => result !== undefined)
              expect(made.length).toBeLessThanOrEqual(link.used || clock.now >= link.until ? 0 : 1)
              const [session] = made
              if (session === undefined) return
              link.used = true
              expect(session.user.id).toBe(link.user)
              expect(['suspended', 'deleted']).not.toContain((await users.get(operator, link.user)).state)
              sessions.push({
                user: link.user,
                token: session.token.reveal(),
                id: session.session.id,
                ended: false,
              })
              return
            }
            case 'revoke': {
              const session = sessions[one.which % Math.max(sessions.length, 1)]
              if (session === undefined) return
              await logins.revoke(session.id)
              session.ended = true
              return
            }
            case 'key': {
              const { id, organisation: place } = person(one.user)
              const issued = await attempt(() => keys.create({ name: 'k', user: id, organisation: place }))
              if (issued !== undefined) secrets.push({ user: id, secret: issued.secret })
              return
            }
            case 'link': {
              const user = await users.get(operator, person(one.user).id)
              for (const { token, expiresAt } of await logins.makeLinks(user.email ?? ''))
                links.push({ user: user.id, token: token.reveal(), until: expiresAt, used: false })
              return
            }
          }
          const by = await authority(one.by)
          if (by === undefined) return
          const givable = givableBy(by.role)
          if (one.type === 'create') {
            const made = await attempt(() =>
              users.create(by, { email: fresh(), organisation, role: one.role, state: 'invited' }),
            )
            if (made !== undefined) expect(givable).toContain(made.role)
            return add(made)
          }
          const before = await users.get(operator, person(one.user).id)
          const changed = await attempt(async (): Promise<User> => {
            switch (one.type) {
              case 'promote':
                return users.update(by, before.id, { role: one.role })
              case 'readdress':
                return users.update(by, before.id, { email: fresh() })
              case 'remove':
                return (await users.remove(by, before.id)).user
              case 'suspend':
                return users.suspend(by, before.id)
              case 'activate':
                return users.activate(by, before.id)
            }
          })
          const after = await users.get(operator, before.id)
          if (changed === undefined) return expect(after).toEqual(before)
          expect(by.organisation).toBe(after.organisation)
          expect(givable).toContain(before.role)
          expect(givable).toContain(after.role)
          expect(after.organisation).toBe(organisation)
          expect(after.root).toBe(false)
          if (before.state === 'deleted') expect(after.state).toBe('deleted')
        }
        for (const one of steps) {
          await perform(one)
          await reader.reload()
          const states = new Map<string, User['state']>()
          for (const { id } of people) states.set(id, (await users.get(operator, id)).state)
          for (const { user, secret } of secrets) {
            const works = states.get(user) === 'active' || states.get(user) === 'invited'
            expect(ring.find(secret.reveal()) !== undefined).toBe(works)
            expect(reader.find(secret.reveal()) !== undefined).toBe(works)
          }
          for (const session of sessions) {
            const state = states.get(session.user)
            if (state !== 'active') session.ended = true
            const found = await logins.authenticate(session.token)
            // What ended once never works again; what works is the user's own.
            if (session.ended) expect(found).toBeUndefined()
            else if (found === undefined) session.ended = true
            else expect(found.user.id).toBe(session.user)
          }
          const owners = await users.list(operator, { organisation, role: 'owner', state: 'active' })
          expect(owners.length).toBeGreaterThan(0)
        }
      }),
      { numRuns: 25 },
    )
  }, 120_000)
})

test('a role gives only what it has itself', () => {
  for (const giver of roles)
    for (const given of givableBy(giver))
      for (const permission of permissions)
        if (mayDo(given, permission))
          expect([giver, given, mayDo(giver, permission)]).toEqual([giver, given, true])
  expect(givableBy('owner')).toEqual(roles)
  expect(givableBy('admin')).toEqual(['admin', 'member', 'viewer', 'billing'])
  expect(givableBy('billing')).not.toContain('member')
})
