import { Hono } from 'hono'
import { newOrganisationSchema, newTeamSchema, parseInput } from '../../accounts/index.ts'
import type { AdminParts } from '../admin-parts.ts'
import { type AdminEnvironment, permit } from '../permit.ts'
import { inOrganisation, reachedOrganisation } from '../reach.ts'
import { readObject } from '../read-input.ts'

/** `GET|POST /organisations`, `GET|POST /teams`, `DELETE /teams/{id}`. */
export const organisationsRoutes = ({ tenants }: Pick<AdminParts, 'tenants'>): Hono<AdminEnvironment> =>
  new Hono<AdminEnvironment>()
    .get('/organisations', permit('users:read'), async (context) => {
      const { organisation } = context.get('actor')
      const all = await tenants.listOrganisations()
      return context.json({
        organisations: organisation === null ? all : all.filter(({ id }) => id === organisation),
      })
    })
    .post('/organisations', permit('organisations:write', 'whole-server'), async (context) => {
      const input = parseInput(newOrganisationSchema, await readObject(context), 'organisation')
      return context.json(await tenants.createOrganisation(input), 201)
    })
    .get('/teams', permit('users:read'), async (context) => {
      const organisation = reachedOrganisation(context.get('actor'), context.req.query('organisation'))
      return context.json({ teams: await tenants.listTeams(organisation) })
    })
    .post('/teams', permit('users:write'), async (context) => {
      const actor = context.get('actor')
      const input = parseInput(newTeamSchema, inOrganisation(actor, await readObject(context)), 'team')
      reachedOrganisation(actor, input.organisation)
      return context.json(await tenants.createTeam(input), 201)
    })
    .delete('/teams/:id', permit('users:write'), async (context) => {
      const { organisation } = context.get('actor')
      const revoked = await tenants.removeTeam(organisation, context.req.param('id'))
      return context.json({ removed: true, revokedKeys: revoked.map(({ key }) => key.id) })
    })
