import { expect, test } from 'bun:test'
import { createSecretKey, randomBytes } from 'node:crypto'
import { Hono } from 'hono'
import { onEachDatabase } from '../../test/support/each-database.ts'
import {
  createKeyStore,
  createTenantStore,
  createTenants,
  createTokenDigest,
  createUserStore,
  createUsers,
  createVirtualKeys,
} from '../accounts/index.ts'
import { toGatewayError } from '../errors.ts'
import type { CredentialDesk } from './credential-desk.ts'
import type { Actor, AdminEnvironment } from './permit.ts'
import { credentialsRoutes } from './routes/credentials.ts'
import { keysRoutes } from './routes/keys.ts'

onEachDatabase('keys of the admin API', (open) => {
  const start = async () => {
    const database = await open()
    const digest = createTokenDigest(createSecretKey(randomBytes(32)))
    const keys = createVirtualKeys({ store: createKeyStore(database), digest, apply: () => {} })
    const tenants = createTenants({ store: createTenantStore(database), apply: () => {} })
    const other = await tenants.createOrganisation({ name: 'other' })
    const users = createUsers({ store: createUserStore(database), apply: () => {} })
    const operator = { role: 'owner', organisation: null } as const
    const ada = await users.create(operator, { email: 'ada@example.org' })
    const bob = await users.create(operator, { email: 'bob@example.org' })
    const as = (actor: Partial<Actor>) => {
      const app = new Hono<AdminEnvironment>()
      app.onError((error) => {
        const { code, row } = toGatewayError(error)
        return Response.json({ code }, { status: row.status })
      })
      app.use(async (context, next) => {
        context.set('actor', {
          ...{ type: 'user', id: ada.id, name: 'a', role: 'admin', organisation: 'org_default' },
          ...actor,
        })
        await next()
      })
      app.route('/', keysRoutes({ keys }))
      return async (method: string, path: string, body?: object) => {
        const answer = await app.request(path, {
          method,
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        })
        return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
      }
    }
    return { keys, as, other, ada, bob }
  }
  const namesOf = ({ body }: { readonly body: Record<string, unknown> }) =>
    (body['keys'] as readonly { readonly name: string }[]).map(({ name }) => name)

  test('are those of the administrator’s organisation: others are as if there were none', async () => {
    const { keys, as, other } = await start()
    const mine = await keys.create({ name: 'mine' })
    const theirs = await keys.create({ name: 'theirs', organisation: other.id })
    const [admin, operator] = [as({}), as({ type: 'token', organisation: null, role: 'owner' })]
    expect(namesOf(await admin('GET', '/keys'))).toEqual(['mine'])
    expect(namesOf(await operator('GET', '/keys')).toSorted()).toEqual(['mine', 'theirs'])
    const path = `/keys/${theirs.key.id}`
    for (const [method, at, body] of [
      ['GET', path],
      ['PATCH', path, { name: 'b' }],
      ['DELETE', path],
      ['POST', `${path}/rotate`, {}],
    ] as const) {
      expect(await admin(method, at, body)).toEqual({ status: 404, body: { code: 'not_found' } })
    }
    expect(await keys.get(theirs.key.id)).toEqual(theirs.key)
    expect((await admin('PATCH', `/keys/${mine.key.id}`, { name: 'b' })).status).toBe(200)
    expect((await operator('DELETE', path)).status).toBe(200)
    const made = await as({ organisation: other.id })('POST', '/keys', { name: 'new' })
    expect(made).toMatchObject({ status: 201, body: { organisation: other.id } })
    expect(await admin('POST', '/keys', { name: 'x', organisation: other.id })).toMatchObject({ status: 403 })
  })

  test('of a member are the member’s own', async () => {
    const { keys, as, ada, bob } = await start()
    const bobs = await keys.create({ name: 'bobs', user: bob.id })
    await keys.create({ name: 'of nobody' })
    const member = as({ role: 'member' })
    const made = await member('POST', '/keys', { name: 'mine' })
    expect(made).toMatchObject({ status: 201, body: { user: ada.id, organisation: 'org_default' } })
    expect(namesOf(await member('GET', '/keys'))).toEqual(['mine'])
    expect((await member('POST', `/keys/${made.body['id']}/rotate`, {})).status).toBe(200)
    expect((await member('GET', `/keys/${bobs.key.id}`)).status).toBe(404)
    expect((await member('DELETE', `/keys/${bobs.key.id}`)).status).toBe(404)
    expect((await member('POST', '/keys', { name: 'x', user: bob.id })).status).toBe(403)
    expect((await as({ role: 'viewer' })('POST', '/keys', { name: 'x' })).status).toBe(403)
    for (const body of [{ expireInSeconds: '1' }, { overlapSeconds: [] }])
      expect((await member('POST', `/keys/${made.body['id']}/rotate`, body)).status).toBe(400)
  })
})

test('providers’ credentials are the operator’s: an organisation among others sees and changes none', async () => {
  const desk = new Proxy({} as CredentialDesk, {
    get: () => () => Promise.reject(new Error('the desk was asked')),
  })
  const app = new Hono<AdminEnvironment>()
  app.onError((error) => Response.json({}, { status: toGatewayError(error).row.status }))
  app.use(async (context, next) => {
    const role = 'owner'
    context.set('actor', { type: 'user', id: 'user_1', name: 'a', role, organisation: 'org_other' })
    await next()
  })
  app.route('/', credentialsRoutes({ credentials: desk }))
  expect(await (await app.request('/credentials')).json()).toEqual({ credentials: [] })
  const body = JSON.stringify({ provider: 'openai', secret: 'x' })
  for (const [method, path] of [
    ['POST', '/credentials'],
    ['DELETE', '/credentials/cred_1'],
    ['POST', '/credentials/cred_1/test'],
    ['POST', '/credentials/cred_1/rotate'],
  ] as const)
    expect((await app.request(path, { method, ...(method === 'POST' ? { body } : {}) })).status).toBe(403)
})
