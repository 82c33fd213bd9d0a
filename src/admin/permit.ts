import { createMiddleware } from 'hono/factory'
import { mayDo, type Permission, type Role } from '../accounts/index.ts'
import { GatewayError } from '../errors.ts'
import type { AdminChange } from './record-changes.ts'

/** Who asks the admin API. */
export interface Actor {
  /** How it showed who it is. */
  readonly type: 'token' | 'cli' | 'user'
  /** Id of the token or the user. */
  readonly id: string
  readonly name: string
  readonly role: Role
  /** The only organisation that it may see and change; null for all. */
  readonly organisation: string | null
}

/** The browser session that a request came with. */
export interface ActorSession {
  readonly id: string
  /** Of the session's user, also where the actor may see all. */
  readonly organisation: string
  readonly csrfToken: string
}

export interface AdminEnvironment {
  readonly Bindings: {
    /** Where the request came from. */
    readonly address?: string
    /** Did it come by HTTPS, here or at a proxy that is trusted? */
    readonly isSecure?: boolean
  }
  readonly Variables: {
    readonly actor: Actor
    /** Absent for tokens. */
    readonly session?: ActorSession
    /** Tells the audit log what a handler knows of its change, such as what was before. */
    readonly change: (change: AdminChange) => void
  }
}

/** What a route asks of whoever comes. */
export interface Demand {
  readonly permission: Permission
  /** `whole-server`: only for those who may see all organisations. */
  readonly reach: 'organisation' | 'whole-server'
}

const demands = new WeakMap<object, Demand>()

/** What a handler of a route asks for; undefined when it is not a `permit`. */
export const demandOf = (handler: object): Demand | undefined => demands.get(handler)

/**
 * Lets a request through whose actor holds the permission, and, for what is about the whole server, may see all
 * organisations. Every route names one, and a test walks them all. Throws `gateway_permission_denied`.
 */
export const permit = (permission: Permission, reach: Demand['reach'] = 'organisation') => {
  const handler = createMiddleware<AdminEnvironment>(async (context, next) => {
    const { role, organisation } = context.get('actor')
    if (!mayDo(role, permission))
      throw new GatewayError(
        'gateway_permission_denied',
        `this needs the permission ${permission}, which the role ${role} does not have`,
      )
    if (reach === 'whole-server' && organisation !== null)
      throw new GatewayError(
        'gateway_permission_denied',
        'this is about the whole server, and you may see one organisation of it only',
      )
    await next()
  })
  demands.set(handler, { permission, reach })
  return handler
}
