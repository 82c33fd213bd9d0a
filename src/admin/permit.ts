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

export interface AdminEnvironment {
  readonly Bindings: {
    /** Where the request came from. */
    readonly address?: string
  }
  readonly Variables: {
    readonly actor: Actor
    /** Tells the audit log what a handler knows of its change, such as what was before. */
    readonly change: (change: AdminChange) => void
  }
}

/**
 * Lets a request through whose actor holds the permission. Every route names one, and a test walks them all.
 * Throws `gateway_permission_denied`.
 */
export const permit = (permission: Permission) =>
  createMiddleware<AdminEnvironment>(async (context, next) => {
    const { role } = context.get('actor')
    if (!mayDo(role, permission))
      throw new GatewayError(
        'gateway_permission_denied',
        `this needs the permission ${permission}, which the role ${role} does not have`,
      )
    await next()
  })
