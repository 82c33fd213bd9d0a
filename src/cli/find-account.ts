import { GatewayError } from '../errors.ts'
import { type ListedUser, organisationsSchema, teamsSchema, usersSchema } from './account-answers.ts'
import type { AdminClient } from './admin-client.ts'
import { readAnswer } from './answers.ts'

const pageSize = 1000

/** All users that match a filter, page by page, newest first. */
export const listUsers = async (
  client: AdminClient,
  filter: Readonly<Record<string, string | undefined>>,
): Promise<readonly ListedUser[]> => {
  const found: ListedUser[] = []
  for (;;) {
    const query = new URLSearchParams({ limit: String(pageSize) })
    for (const [name, value] of Object.entries(filter)) if (value !== undefined) query.set(name, value)
    const last = found.at(-1)
    if (last !== undefined) query.set('after', last.id)
    const page = readAnswer(usersSchema, await client.call('GET', `/users?${query}`)).users
    found.push(...page)
    if (page.length < pageSize) return found
  }
}

/** The id of a user that was named by id or e-mail address. Throws `not_found` or `conflict`. */
export const findUser = async (
  client: AdminClient,
  named: string,
  organisation?: string,
): Promise<string> => {
  if (/^user_[0-9a-z]+$/.test(named)) return named
  if (!named.includes('@'))
    throw new GatewayError('not_found', 'name the user by id or e-mail address: see `tgw admin users list`')
  const place = await findOrganisation(client, organisation)
  return one(await listUsers(client, { email: named, organisation: place }), 'user', 'this e-mail address')
}

/** The id of a team that was named by id or name; undefined for none. */
export const findTeam = async (
  client: AdminClient,
  named: string | undefined,
  organisation?: string,
): Promise<string | undefined> => {
  if (named === undefined || /^team_[0-9a-z]+$/.test(named)) return named
  const place = await findOrganisation(client, organisation)
  const path = place === undefined ? '/teams' : `/teams?organisation=${encodeURIComponent(place)}`
  const { teams } = readAnswer(teamsSchema, await client.call('GET', path))
  return one(
    teams.filter(({ name }) => name === named),
    'team',
    'this name',
  )
}

/** The id of an organisation that was named by id or name; undefined for none. */
export const findOrganisation = async (
  client: AdminClient,
  named: string | undefined,
): Promise<string | undefined> => {
  if (named === undefined || /^org_[0-9a-z]+$/.test(named)) return named
  const { organisations } = readAnswer(organisationsSchema, await client.call('GET', '/organisations'))
  return one(
    organisations.filter(({ name }) => name === named),
    'organisation',
    'this name',
  )
}

const one = (matches: readonly { readonly id: string }[], thing: string, by: string): string => {
  const [first, second] = matches
  if (first === undefined)
    throw new GatewayError('not_found', `no ${thing} has ${by}: see \`tgw admin ${thing}s list\``)
  if (second === undefined) return first.id
  const ids = matches.map(({ id }) => id).join(', ')
  throw new GatewayError('conflict', `several ${thing}s have ${by}, name an organisation or an id: ${ids}`)
}
