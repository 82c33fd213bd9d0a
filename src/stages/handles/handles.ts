import { GatewayError } from '../../errors.ts'
import type { Exchange, Stage } from '../../pipeline/index.ts'
import type { HandleRegistry } from '../../sessions/index.ts'
import type { Authenticated } from '../authenticate/index.ts'
import type { Received } from '../receive/index.ts'

/** Where the upstream state that a request refers to lives. */
export interface Sticky {
  readonly provider: string
  readonly credential: string
}

export interface HandlesChecked {
  readonly sticky: Sticky | undefined
}

export interface HandlesParts {
  readonly handles: Pick<HandleRegistry, 'find'>
}

/**
 * Ids of upstream state work only for the organisation that got them, and stick to the credential that made them:
 * two organisations on one provider key must not reach each other's responses, files or containers.
 */
export const handles = (parts: HandlesParts): Stage<Exchange & Authenticated & Received, HandlesChecked> => ({
  name: 'handles',
  async run(exchange, next) {
    const references = exchange.facts.handles
    if (references.length === 0) return next({ sticky: undefined })
    const { organisation } = exchange.identity.tenant
    let sticky: Sticky | undefined
    for (const reference of references) {
      const handle = await parts.handles.find(organisation, reference.id)
      if (handle === undefined) {
        const named = `${reference.kind} \`${reference.id.slice(0, 100)}\``
        throw new GatewayError(
          'gateway_handle_unknown',
          `no ${named} is known for this key: it was issued to somebody else, not stored, deleted, or has expired`,
          {
            param: reference.path,
          },
        )
      }
      if (
        sticky !== undefined &&
        (sticky.provider !== handle.provider || sticky.credential !== handle.credential)
      ) {
        throw new GatewayError(
          'gateway_request_invalid',
          'the request refers to state of different providers or credentials, which no upstream can join',
          { param: reference.path },
        )
      }
      sticky = { provider: handle.provider, credential: handle.credential }
    }
    return next({ sticky })
  },
})
