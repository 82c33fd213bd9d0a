import { GatewayError } from '../../errors.ts'
import type { ProtocolId } from '../../ir/index.ts'
import type { Exchange, Handler, Reply } from '../../pipeline/index.ts'
import type { Credential } from '../../providers/index.ts'
import { type TokenCounter, warningsHeader } from '../../translation/index.ts'
import type { Authenticated } from '../authenticate/index.ts'
import type { HandlesChecked } from '../handles/index.ts'
import type { Recorded } from '../ledger/index.ts'
import type { Matched, Target } from '../match/index.ts'
import type { Received } from '../receive/index.ts'
import type { InSession } from '../sessions/index.ts'
import { chooseTarget, type WorkMode } from './choose-target.ts'
import { countHere } from './count-here.ts'
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

export type AnsweredExchange = Exchange &
  Authenticated &
  Recorded &
  Received &
  InSession &
  Matched &
  HandlesChecked

export type AttemptExchange = AnsweredExchange & Attempting

export interface AttemptsParts {
  readonly pool: CredentialPool
  readonly workMode: WorkMode
  readonly tokenCounter: TokenCounter
  readonly now: () => number
}

/**
 * Chooses target and credential and makes the upstream call. A credential that the provider refuses is set aside and
 * the next one tried: nothing was generated, so nothing is paid twice. Retries and fail-over between targets join here.
 */
export const attempts =
  (parts: AttemptsParts, attempt: Handler<AttemptExchange>): Handler<AnsweredExchange> =>
  async (exchange) => {
    const { target, protocol } = chooseTarget(parts.workMode, exchange)
    if (protocol === undefined) {
      exchange.entry.provider = target.provider.id
      return decorate(await countHere(exchange, target, parts.tokenCounter), exchange, target, 0)
    }
    const { sticky } = exchange
    const stuck = sticky === undefined ? undefined : parts.pool.byId(sticky.provider, sticky.credential)
    const credentials = stuck === undefined ? parts.pool.order(target.provider.id) : [stuck]
    exchange.entry.provider = target.provider.id
    let refused: unknown
    let number = 0
    for (const credential of credentials) {
      number++
      exchange.entry.credential = credential.id
      const tried: AttemptExchange = {
        ...exchange,
        attempt: { number, target, credential, protocol, startedAt: parts.now() },
      }
      try {
        const reply = await attempt(tried)
        parts.pool.accept(credential)
        return decorate(reply, exchange, target, number)
      } catch (error) {
        if (!(error instanceof GatewayError) || error.code !== 'gateway_upstream_credentials_exhausted')
          throw error
        parts.pool.refuse(credential)
        refused = error
      } finally {
        // The row tells how far the attempt came.
        exchange.stage = tried.stage
      }
    }
    throw refused ?? noCredential(target)
  }

const noCredential = (target: Target): GatewayError =>
  new GatewayError(
    'gateway_upstream_credentials_exhausted',
    `your key is fine, but the gateway has no working credential for the provider ${target.provider.id}`,
  )

const decorate = (reply: Reply, exchange: AnsweredExchange, target: Target, number: number): Reply => {
  reply.headers.set('x-tollgate-request-id', exchange.id)
  reply.headers.set('x-tollgate-provider', target.provider.id)
  if (target.model !== '') reply.headers.set('x-tollgate-model', headerText(target.model))
  reply.headers.set('x-tollgate-attempts', String(number))
  const warnings = warningsHeader(exchange.entry.warnings)
  if (warnings !== undefined) reply.headers.set('x-tollgate-warnings', warnings)
  return reply
}

/** Model names come from clients; header values take printable ASCII only. */
const headerText = (text: string): string => text.replace(/[^\x21-\x7e]/g, '?').slice(0, 200)
