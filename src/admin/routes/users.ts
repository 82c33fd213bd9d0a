import { Hono } from 'hono'
import {
  newUserSchema,
  parseInput,
  userChangeSchema,
  userFilterSchema,
  userImportSchema,
} from '../../accounts/index.ts'
import type { AdminParts } from '../admin-parts.ts'
import { type AdminEnvironment, permit } from '../permit.ts'
import { inOrganisation } from '../reach.ts'
import { limitParameter, readObject } from '../read-input.ts'

const filters = ['organisation', 'team', 'email', 'role', 'state', 'after'] as const

/**
 * `GET|POST /users`, `GET|PATCH|DELETE /users/{id}`, `POST /users/{id}/suspend|activate`, `POST /users/import`,
 * `GET /users/export?organisation&format` (CSV, or with `format=json` the same text in JSON). Whoever is created as `invited` is told by mail, where a mail server is set.
 */
export const usersRoutes = ({ users, login }: Pick<AdminParts, 'users' | 'login'>): Hono<AdminEnvironment> =>
  new Hono<AdminEnvironment>()
    .get('/users', permit('users:read'), async (context) => {
      const limit = limitParameter(context, 1000)
      const said = filters.flatMap((name) => {
        const value = context.req.query(name)
        return value === undefined || value === '' ? [] : [[name, value]]
      })
      const given = { ...Object.fromEntries(said), ...(limit === undefined ? {} : { limit }) }
      const filter = parseInput(userFilterSchema, given, 'filter')
      return context.json({ users: await users.list(context.get('actor'), filter) })
    })
    .post('/users', permit('users:write'), async (context) => {
      const actor = context.get('actor')
      const input = inOrganisation(actor, await readObject(context))
      const user = await users.create(actor, parseInput(newUserSchema, input, 'user'))
      const isMailed = user.state === 'invited' && login.mailInvitation(user)
      return context.json({ ...user, isMailed }, 201)
    })
    .post('/users/import', permit('users:write'), async (context) => {
      const actor = context.get('actor')
      const input = inOrganisation(actor, await readObject(context))
      const { users: made, ...report } = await users.import(
        actor,
        parseInput(userImportSchema, input, 'import'),
      )
      const mailed = made.filter((user) => user.state === 'invited' && login.mailInvitation(user))
      return context.json({ ...report, mailed: mailed.length })
    })
    .get('/users/export', permit('users:read'), async (context) => {
      const csv = await users.export(context.get('actor'), context.req.query('organisation'))
      if (context.req.query('format') === 'json') return context.json({ csv })
      return context.body(csv, 200, {
        'content-type': 'text/csv; charset=utf-8; header=present',
        'content-disposition': 'attachment; filename="users.csv"',
      })
    })
    .get('/users/:id', permit('users:read'), async (context) =>
      context.json(await users.get(context.get('actor'), context.req.param('id'))),
    )
    .patch('/users/:id', permit('users:write'), async (context) => {
      const change = parseInput(userChangeSchema, await readObject(context), 'user')
      return context.json(await users.update(context.get('actor'), context.req.param('id'), change))
    })
    .delete('/users/:id', permit('users:write'), async (context) => {
      const { user, revoked } = await users.remove(context.get('actor'), context.req.param('id'))
      return context.json({ ...user, revokedKeys: revoked.map(({ key }) => key.id) })
    })
    .post('/users/:id/suspend', permit('users:write'), async (context) =>
      context.json(await users.suspend(context.get('actor'), context.req.param('id'))),
    )
    .post('/users/:id/activate', permit('users:write'), async (context) =>
      context.json(await users.activate(context.get('actor'), context.req.param('id'))),
    )
