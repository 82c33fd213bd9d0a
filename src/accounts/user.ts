import { z } from 'zod'
import { emailField, idField, nameField } from './fields.ts'
import { type Role, roles } from './permission.ts'
import { defaultOrganisation } from './tenant.ts'
import { newId } from './token.ts'

/**
 * `invited`: has not signed in yet. `suspended`: cannot sign in, and the user's keys do not work, until activated
 * again. `deleted`: for ever; the row stays, so that old entries of the ledger still have a name.
 */
export const userStates = ['invited', 'active', 'suspended', 'deleted'] as const

export type UserState = (typeof userStates)[number]

/** A person within one organisation. Times are in milliseconds since 1970. */
export interface User {
  readonly id: string
  readonly organisation: string
  readonly team: string | null
  readonly name: string
  /** In lower case. Null only for users of the first releases, who cannot sign in by mail. */
  readonly email: string | null
  readonly role: Role
  readonly state: UserState
  /** May see all organisations. */
  readonly root: boolean
  readonly createdAt: number
  readonly updatedAt: number
  readonly lastLoginAt: number | null
  readonly deletedAt: number | null
}

/** Who asks for a change: what somebody may give to others follows from what they have. */
export interface Authority {
  readonly role: Role
  /** The only organisation that it may see and change; null for all. */
  readonly organisation: string | null
}

/** The operator of the server itself. */
export const operator: Authority = { role: 'owner', organisation: null }

const roleField = z.enum(roles, { error: `must be one of ${roles.join(', ')}` })

export const newUserSchema = z.strictObject({
  email: emailField,
  /** Default: what stands before the `@`. */
  name: nameField.exactOptional(),
  role: roleField.default('member'),
  organisation: idField.default(defaultOrganisation),
  team: idField.nullable().default(null),
  /** `invited` becomes `active` at the first sign-in. */
  state: z.enum(['invited', 'active', 'suspended']).default('active'),
})

/** Absent fields stay as they are. */
export const userChangeSchema = z.strictObject({
  email: emailField.exactOptional(),
  name: nameField.exactOptional(),
  role: roleField.exactOptional(),
  team: idField.nullable().exactOptional(),
})

export const userFilterSchema = z.strictObject({
  organisation: idField.exactOptional(),
  team: idField.exactOptional(),
  email: emailField.exactOptional(),
  role: roleField.exactOptional(),
  /** Without it, all that are not deleted. */
  state: z.enum(userStates).exactOptional(),
  /** Continue after this id: users come newest first. */
  after: idField.exactOptional(),
  limit: z.int().min(1).max(1000).exactOptional(),
})

export type NewUser = z.input<typeof newUserSchema>
export type ParsedNewUser = z.output<typeof newUserSchema>
export type UserChange = z.output<typeof userChangeSchema>
export type UserFilter = z.output<typeof userFilterSchema>

/** A user as the store takes it. */
export const toNewUser = ({ name, ...input }: ParsedNewUser, at: number): User => ({
  ...input,
  id: newId('user', at),
  name: name ?? nameIn(input.email),
  root: false,
  createdAt: at,
  updatedAt: at,
  lastLoginAt: null,
  deletedAt: null,
})

const nameIn = (email: string): string => email.slice(0, email.indexOf('@'))
