import { z } from 'zod'
import { GatewayError } from '../errors.ts'
import { idField, nameField } from './fields.ts'
import { parseInput } from './parse-input.ts'
import { defaultOrganisation } from './tenant.ts'
import type { Organisation, Team, TenantCreation, TenantStore } from './tenant-store.ts'
import { isId, newId } from './token.ts'
import type { KeyState } from './virtual-key.ts'

export const newOrganisationSchema = z.strictObject({ name: nameField })
export const newTeamSchema = z.strictObject({
  name: nameField,
  organisation: idField.default(defaultOrganisation),
})

export type NewOrganisation = z.input<typeof newOrganisationSchema>
export type NewTeam = z.input<typeof newTeamSchema>

/**
 * What administrators do with organisations and teams. A wrong input is `gateway_request_invalid`, an unknown
 * organisation or team `not_found`, a name that exists `conflict`.
 */
export interface Tenants {
  createOrganisation(input: NewOrganisation): Promise<Organisation>
  createTeam(input: NewTeam): Promise<Team>
  listOrganisations(): Promise<readonly Organisation[]>
  /** Of all organisations where none is named. */
  listTeams(organisation?: string): Promise<readonly Team[]>
  /** Its users lose the team; its keys are revoked and come back as they are then. */
  removeTeam(organisation: string | null, id: string): Promise<readonly KeyState[]>
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
  listOrganisations: () => store.listOrganisations(),
  listTeams: (organisation) => store.listTeams(organisation),
  removeTeam: async (organisation, id) => {
    const revoked = isId(id) ? await store.removeTeam(organisation, id, now()) : undefined
    if (revoked === undefined) throw new GatewayError('not_found', 'there is no such team')
    for (const state of revoked) apply(state)
    return revoked
  },
})

const stamp = (kind: string, at: number) => ({ id: newId(kind, at), createdAt: at })

const settle = (creation: TenantCreation, thing: string): void => {
  if (creation === 'unknown') throw new GatewayError('not_found', `${thing}: there is no such organisation`)
  if (creation === 'taken') {
    throw new GatewayError('conflict', `${thing}: the name exists already`, { param: 'name' })
  }
}
