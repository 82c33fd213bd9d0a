import { z } from 'zod'
import { GatewayError } from '../errors.ts'
import { idField, nameField } from './fields.ts'
import { parseInput } from './parse-input.ts'
import { defaultOrganisation } from './tenant.ts'
import type { Organisation, Team, TenantCreation, TenantStore, User } from './tenant-store.ts'
import { newId } from './token.ts'
import type { KeyState } from './virtual-key.ts'

const organisation = idField.default(defaultOrganisation)

const newOrganisationSchema = z.strictObject({ name: nameField })
const newTeamSchema = z.strictObject({ name: nameField, organisation })
const newUserSchema = z.strictObject({
  name: nameField,
  organisation,
  team: idField.nullable().default(null),
  email: z.email().max(320).nullable().default(null),
})

export type NewOrganisation = z.input<typeof newOrganisationSchema>
export type NewTeam = z.input<typeof newTeamSchema>
export type NewUser = z.input<typeof newUserSchema>

/**
 * What administrators do with organisations, teams and users. A wrong input is `gateway_request_invalid`, an
 * unknown organisation, team or user `not_found`, a name or email that exists `conflict`.
 */
export interface Tenants {
  createOrganisation(input: NewOrganisation): Promise<Organisation>
  createTeam(input: NewTeam): Promise<Team>
  createUser(input: NewUser): Promise<User>
  listOrganisations(): Promise<readonly Organisation[]>
  listTeams(organisation: string): Promise<readonly Team[]>
  listUsers(organisation: string): Promise<readonly User[]>
  /** Its users lose the team; its keys are revoked. */
  removeTeam(organisation: string, id: string): Promise<void>
  /** The user's keys are revoked. */
  removeUser(organisation: string, id: string): Promise<void>
}

export interface TenantsParts {
  readonly store: TenantStore
  /** Where the revocation of keys counts at once: the key ring of this process. */
  readonly apply: (state: KeyState) => void
  readonly now?: () => number
}

export const createTenants = ({ store, apply, now = Date.now }: TenantsParts): Tenants => ({
  createOrganisation: async (input) => {
    const made = { ...parseInput(newOrganisationSchema, input, 'organisation'), ...stamp('org', now()) }
    settle(await store.createOrganisation(made), 'organisation')
    return made
  },
  createTeam: async (input) => {
    const made = { ...parseInput(newTeamSchema, input, 'team'), ...stamp('team', now()) }
    settle(await store.createTeam(made), 'team')
    return made
  },
  createUser: async (input) => {
    const made = { ...parseInput(newUserSchema, input, 'user'), ...stamp('user', now()) }
    settle(await store.createUser(made), 'user')
    return made
  },
  listOrganisations: () => store.listOrganisations(),
  listTeams: (organisation) => store.listTeams(organisation),
  listUsers: (organisation) => store.listUsers(organisation),
  removeTeam: async (organisation, id) =>
    applyAll(await store.removeTeam(organisation, id, now()), 'team', apply),
  removeUser: async (organisation, id) =>
    applyAll(await store.removeUser(organisation, id, now()), 'user', apply),
})

const stamp = (kind: string, at: number) => ({ id: newId(kind, at), createdAt: at })

const settle = (creation: TenantCreation, thing: string): void => {
  if (creation === 'unknown') {
    throw new GatewayError('not_found', `${thing}: there is no such organisation, or no such team in it`)
  }
  if (creation === 'taken') {
    throw new GatewayError('conflict', `${thing}: the ${thing === 'user' ? 'email' : 'name'} exists already`)
  }
}

const applyAll = (
  revoked: readonly KeyState[] | undefined,
  thing: string,
  apply: (state: KeyState) => void,
): void => {
  if (revoked === undefined)
    throw new GatewayError('not_found', `there is no such ${thing} in the organisation`)
  for (const state of revoked) apply(state)
}
