import type { KeyChange, NewKey } from '../accounts/index.ts'
import { GatewayError } from '../errors.ts'
import { keyReach } from './key-access.ts'
import type { Actor } from './permit.ts'

/** What a member may not say of a key of their own: it would lift a bound that somebody else has set. */
export const checkOwnNewKey = (actor: Actor, { team, options }: Pick<NewKey, 'team' | 'options'>): void => {
  if (!isBound(actor)) return
  if (team !== undefined && team !== null) throw denied('the team of a key')
  if (options?.unbounded === 'admit') throw denied('whether a cost without a bound is admitted')
}

/** Members may name, disable, rotate and revoke their keys; the rest is their administrators'. */
export const checkOwnKeyChange = (actor: Actor, { name: _, disabled, ...rest }: KeyChange): void => {
  if (!isBound(actor)) return
  const [other] = Object.keys(rest)
  if (other !== undefined) throw denied(`${other} of a key`)
  if (disabled === false) throw denied('whether a disabled key works again')
}

const isBound = (actor: Actor): boolean => keyReach(actor).user !== undefined

const denied = (what: string): GatewayError =>
  new GatewayError('gateway_permission_denied', `${what} is for an administrator to say`)
