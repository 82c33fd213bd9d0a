import { Hono } from 'hono'
import { Secret } from '../../accounts/index.ts'
import { GatewayError } from '../../errors.ts'
import type { AdminParts } from '../admin-parts.ts'
import { type AdminEnvironment, permit } from '../permit.ts'
import { readObject } from '../read-input.ts'

/**
 * `POST /vault/rotate`: another master key. Only the command line on the server's own machine may ask for it: who holds
 * an admin token is not meant to hold the vault.
 */
export const vaultRoutes = ({ rotateVault }: AdminParts): Hono<AdminEnvironment> =>
  new Hono<AdminEnvironment>().post('/vault/rotate', permit('vault:write'), async (context) => {
    if (context.get('actor').type !== 'cli') {
      throw new GatewayError(
        'gateway_permission_denied',
        'the master key is rotated by `tgw vault rotate` on the machine of the server, and by nobody else',
      )
    }
    const { next } = await readObject(context)
    if (next !== undefined && typeof next !== 'string') {
      throw new GatewayError('gateway_request_invalid', 'next must be a string', { param: 'next' })
    }
    return context.json(await rotateVault(next === undefined ? undefined : new Secret(next)))
  })
