import type { VirtualKey, VirtualKeys } from '../accounts/index.ts'
import { GatewayError } from '../errors.ts'
import type { Actor } from './permit.ts'

/** Which keys somebody may see and change. Absent fields are not asked about. */
export interface KeyReach {
  readonly organisation?: string
  /** A member's own. */
  readonly user?: string
}

export const keyReach = ({ organisation, role, id, type }: Actor): KeyReach => ({
  ...(organisation === null ? {} : { organisation }),
  ...(role === 'member' && type === 'user' ? { user: id } : {}),
})

/** Throws `not_found` for what is out of reach, as for what there is not. */
export const reachKey = async (
  keys: Pick<VirtualKeys, 'get'>,
  actor: Actor,
  id: string,
): Promise<VirtualKey> => {
  const key = await keys.get(id)
  const { organisation = key.organisation, user = key.user } = keyReach(actor)
  if (key.organisation === organisation && key.user === user) return key
  throw new GatewayError('not_found', `there is no virtual key ${key.id}`)
}

/**
 * Whom a new key is for: within reach, and the actor's own where nothing is said. Throws
 * `gateway_permission_denied` for somebody else.
 */
export const newKeyOwner = (
  actor: Actor,
  given: { readonly organisation?: string | undefined; readonly user?: string | null | undefined },
): KeyReach => {
  const reach = keyReach(actor)
  const isWithin =
    (reach.organisation === undefined || (given.organisation ?? reach.organisation) === reach.organisation) &&
    (reach.user === undefined || (given.user ?? reach.user) === reach.user)
  if (isWithin) return reach
  throw new GatewayError('gateway_permission_denied', 'a key for somebody else is not yours to make')
}
