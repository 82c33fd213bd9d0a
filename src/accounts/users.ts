import { GatewayError } from '../errors.ts'
import { parseInput } from './parse-input.ts'
import { givableBy, type Role } from './permission.ts'
import { defaultOrganisation } from './tenant.ts'
import { isId } from './token.ts'
import {
  type Authority,
  type NewUser,
  newUserSchema,
  toNewUser,
  type User,
  type UserChange,
  type UserFilter,
  type UserState,
  userChangeSchema,
  userFilterSchema,
} from './user.ts'
import { createUserCsv, type UserCsv } from './user-csv.ts'
import type { UserOutcome, UserReach, UserStore } from './user-store.ts'
import type { KeyState } from './virtual-key.ts'

/** A user after a change, and the keys that the change revoked. */
export interface ChangedUser {
  readonly user: User
  readonly revoked: readonly KeyState[]
}

/**
 * What administrators do with users. Whoever asks reaches the users of their organisation, and of these may change
 * those whose role they could give; a role above is `gateway_permission_denied`. A wrong input is
 * `gateway_request_invalid`, an unknown user or team `not_found`; an address that exists, a deleted user, and what
 * would leave an organisation without an active owner `conflict`.
 */
export interface Users extends UserCsv {
  create(by: Authority, input: NewUser): Promise<User>
  get(by: Authority, id: string): Promise<User>
  /** Newest first, without the deleted ones unless the filter asks for them. */
  list(by: Authority, filter: UserFilter): Promise<readonly User[]>
  update(by: Authority, id: string, change: UserChange): Promise<User>
  /** At once: the user's sessions end, and the keys do not work. */
  suspend(by: Authority, id: string): Promise<User>
  /** The keys of a suspended user work again. */
  activate(by: Authority, id: string): Promise<User>
  /** For ever. The keys are revoked, the address is free for another user. */
  remove(by: Authority, id: string): Promise<ChangedUser>
}

export interface UsersParts {
  readonly store: UserStore
  /** Where a change of keys counts at once: the key ring of this process. */
  readonly apply: (state: KeyState) => void
  readonly now?: () => number
}

export const createUsers = ({ store, apply, now = Date.now }: UsersParts): Users => {
  const settle = (outcome: UserOutcome): ChangedUser => {
    if (outcome.type !== 'changed') throw refusal(outcome)
    for (const state of outcome.keys) apply(state)
    return { user: outcome.user, revoked: outcome.keys.filter(({ key }) => key.revokedAt !== null) }
  }
  const setState = async (by: Authority, id: string, state: UserState): Promise<ChangedUser> =>
    settle(isId(id) ? await store.setState(id, reachOf(by), state, now()) : { type: 'unknown' })
  return {
    ...createUserCsv({ store, now }),
    create: async (by, input) => {
      const parsed = parseInput(newUserSchema, input, 'user')
      if (by.organisation !== null && parsed.organisation !== by.organisation) throw unknownTenant()
      checkGivable(by, parsed.role)
      const user = toNewUser(parsed, now())
      const [creation] = await store.create([user], false)
      if (creation === 'unknown-tenant') throw unknownTenant()
      if (creation !== 'created') throw refusal({ type: 'taken' })
      return user
    },
    get: async (by, id) => {
      const user = isId(id) ? await store.get(id) : undefined
      const isReached = by.organisation === null || user?.organisation === by.organisation
      if (user === undefined || !isReached) throw refusal({ type: 'unknown' })
      return user
    },
    list: async (by, filter) => {
      const parsed = parseInput(userFilterSchema, filter, 'filter')
      if (by.organisation === null) return store.list(parsed)
      if (parsed.organisation !== undefined && parsed.organisation !== by.organisation) return []
      return store.list({ ...parsed, organisation: by.organisation })
    },
    update: async (by, id, input) => {
      const change = parseInput(userChangeSchema, input, 'user')
      if (change.role !== undefined) checkGivable(by, change.role)
      return settle(isId(id) ? await store.update(id, reachOf(by), change, now()) : { type: 'unknown' }).user
    },
    suspend: async (by, id) => (await setState(by, id, 'suspended')).user,
    activate: async (by, id) => (await setState(by, id, 'active')).user,
    remove: (by, id) => setState(by, id, 'deleted'),
  }
}

/** The user whom a first start makes; also a database of an earlier release gets it. */
export const createRootAdmin = async (
  store: Pick<UserStore, 'createRoot'>,
  now: () => number = Date.now,
): Promise<User | undefined> => {
  const named = { email: rootAddress, name: 'Root admin', organisation: defaultOrganisation, team: null }
  return store.createRoot({ ...toNewUser({ ...named, role: 'owner', state: 'active' }, now()), root: true })
}

export const rootAddress = 'admin@local'

/** Throws `gateway_permission_denied` for a role above the one of whoever gives it. */
const checkGivable = (by: Authority, role: Role): void => {
  if (givableBy(by.role).includes(role)) return
  throw new GatewayError(
    'gateway_permission_denied',
    `the role ${role} is above yours, which is ${by.role}: ask somebody who has it`,
    { param: 'role' },
  )
}

const reachOf = ({ organisation, role }: Authority): UserReach => ({ organisation, roles: givableBy(role) })

const unknownTenant = (): GatewayError =>
  new GatewayError('not_found', 'user: there is no such organisation, or no such team in it')

const refusal = (outcome: Exclude<UserOutcome, { readonly type: 'changed' }>): GatewayError => {
  switch (outcome.type) {
    case 'unknown':
      return new GatewayError('not_found', 'there is no such user')
    case 'unknown-team':
      return new GatewayError('not_found', "there is no such team in the user's organisation", {
        param: 'team',
      })
    case 'above':
      return new GatewayError(
        'gateway_permission_denied',
        outcome.user.root
          ? 'only somebody who may see all organisations can change the root admin'
          : `the user's role, ${outcome.user.role}, is above yours`,
      )
    case 'last-owner':
      return new GatewayError(
        'conflict',
        'this is the last active owner of the organisation: make somebody else an owner first',
      )
    case 'taken':
      return new GatewayError('conflict', 'user: the email exists already', { param: 'email' })
    case 'deleted':
      return new GatewayError('conflict', 'the user is deleted, which is final: create another one')
  }
}
