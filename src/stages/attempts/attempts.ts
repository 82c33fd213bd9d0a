import { GatewayError } from '../../errors.ts'
import type { ProtocolId } from '../../ir/index.ts'
import type { Exchange, Handler, Reply } from '../../pipeline/index.ts'
import type { Credential } from '../../providers/index.ts'
import type { Authenticated } from '../authenticate/index.ts'
import type { HandlesChecked } from '../handles/index.ts'
import type { Recorded } from '../ledger/index.ts'
import type { Matched, Target } from '../match/index.ts'
import type { Received } from '../receive/index.ts'
import type { CredentialPool } from './credential-pool.ts'

/** One upstream call to come. */
export interface Attempt {
  /** From 1. */
  readonly number: number
  readonly target: Target
  readonly credential: Credential
  readonly protocol: ProtocolId
  readonly startedAt: number
}

export interface Attempting {
  readonly attempt: Attempt
}

export type AnsweredExchange = Exchange & Authenticated & Recorded & Received & Matched & HandlesChecked

export type AttemptExchange = AnsweredExchange & Attempting

export interface AttemptsParts {
  readonly pool: CredentialPool
  readonly workMode: 'auto' | 'passthrough' | 'translation'
  readonly now: () => number
}

/**
 * Chooses target and credential and makes the upstream call. A credential that the provider refuses is set aside and
 * the next one tried: nothing was generated, so nothing is paid twice. Retries and fail-over between targets join here.
 */
export const attempts =
  (parts: AttemptsParts, attempt: Handler<AttemptExchange>): Handler<AnsweredExchange> =>
  async (exchange) => {
    const { target, protocol } = choose(parts, exchange)
    const { sticky } = exchange
    const stuck = sticky === undefined ? undefined : parts.pool.byId(sticky.provider, sticky.credential)
    const credentials = stuck === undefined ? parts.pool.order(target.provider.id) : [stuck]
    exchange.entry.provider = target.provider.id
    let refused: unknown
    let number = 0
    for (const credential of credentials) {
      number++
      exchange.entry.credential = credential.id
      try {
        const reply = await attempt({
          ...exchange,
          attempt: { number, target, credential, protocol, startedAt: parts.now() },
        })
        parts.pool.accept(credential)
        return decorate(reply, exchange, target, number)
      } catch (error) {
        if (!(error instanceof GatewayError) || error.code !== 'gateway_upstream_credentials_exhausted')
          throw error
        parts.pool.refuse(credential)
        refused = error
      }
    }
    throw refused ?? noCredential(target)
  }

const choose = (
  parts: AttemptsParts,
  exchange: Exchange & Matched & HandlesChecked,
): { readonly target: Target; readonly protocol: ProtocolId } => {
  const { sticky, operation, protocol } = exchange
  const targets =
    sticky === undefined
      ? exchange.match.targets
      : exchange.match.targets.filter((target) => target.provider.id === sticky.provider)
  const native = targets.find((target) =>
    target.provider.speaks(target.model, operation).includes(protocol.id),
  )
  if (native === undefined) throw unserved(exchange, targets)
  if (parts.workMode === 'translation' && native.provider.send === undefined) {
    throw new GatewayError(
      'gateway_translation_unsupported',
      'work mode `translation` refuses what would pass through',
    )
  }
  return { target: native, protocol: protocol.id }
}

const unserved = (exchange: Exchange & HandlesChecked, targets: readonly Target[]): GatewayError => {
  const [first] = targets
  if (first === undefined) {
    return exchange.sticky === undefined
      ? new GatewayError(
          'gateway_protocol_unsupported',
          `no configured provider serves ${exchange.operation} of ${exchange.protocol.id}`,
        )
      : new GatewayError(
          'gateway_request_invalid',
          `the state referred to lives at ${exchange.sticky.provider}, which does not serve this model`,
        )
  }
  const spoken = first.provider.speaks(first.model, exchange.operation)
  if (spoken.length === 0) {
    return new GatewayError(
      'gateway_protocol_unsupported',
      `the provider ${first.provider.id} does not serve ${exchange.operation}`,
    )
  }
  return new GatewayError(
    'gateway_translation_unsupported',
    `the provider ${first.provider.id} speaks ${spoken.join(', ')} and this request is ${exchange.protocol.id}: this pair has no translation yet`,
  )
}

const noCredential = (target: Target): GatewayError =>
  new GatewayError(
    'gateway_upstream_credentials_exhausted',
    `your key is fine, but the gateway has no working credential for the provider ${target.provider.id}`,
  )

const decorate = (reply: Reply, exchange: Exchange, target: Target, number: number): Reply => {
  reply.headers.set('x-tollgate-request-id', exchange.id)
  reply.headers.set('x-tollgate-provider', target.provider.id)
  if (target.model !== '') reply.headers.set('x-tollgate-model', headerText(target.model))
  reply.headers.set('x-tollgate-attempts', String(number))
  return reply
}

/** Model names come from clients; header values take printable ASCII only. */
const headerText = (text: string): string => text.replace(/[^\x21-\x7e]/g, '?').slice(0, 200)
