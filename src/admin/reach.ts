import { type Authority, givableBy, type User } from '../accounts/index.ts'
import { GatewayError } from '../errors.ts'
import { keyReach } from './key-access.ts'
import type { Actor } from './permit.ts'

/** Is this of the actor's organisation, and, for a member, the actor's own? What is not, is answered as unknown. */
export const isReached = (
  actor: Actor,
  { organisation, user }: { readonly organisation: string; readonly user: string | null },
): boolean => {
  const reach = keyReach(actor)
  return (
    (reach.organisation === undefined || reach.organisation === organisation) &&
    (reach.user === undefined || reach.user === user)
  )
}

/** An input for something new: in the actor's organisation where nothing is said. */
export const inOrganisation = (
  { organisation }: Authority,
  input: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> =>
  organisation === null || input['organisation'] !== undefined ? input : { ...input, organisation }

/** Throws `not_found` for another organisation than the only one that the actor may see. */
export const reachedOrganisation = (actor: Authority, asked: string | undefined): string | undefined => {
  if (actor.organisation === null) return asked
  if (asked === undefined || asked === actor.organisation) return actor.organisation
  throw new GatewayError('not_found', 'there is no such organisation')
}

/** Throws `gateway_permission_denied` for a user whose role is above what the actor may give and take. */
export const checkChangeable = (actor: Authority, user: User): void => {
  if (givableBy(actor.role).includes(user.role) && (!user.root || actor.organisation === null)) return
  throw new GatewayError('gateway_permission_denied', `the user's role, ${user.role}, is above yours`)
}
