import { allows } from '../../accounts/index.ts'
import type { Exchange, Reply, Stage } from '../../pipeline/index.ts'
import { booleanMember } from '../../wire/index.ts'
import type { Authenticated } from '../authenticate/index.ts'
import { capture } from '../capture/index.ts'
import type { Screened } from '../firewall/index.ts'
import type { HandlesChecked } from '../handles/index.ts'
import type { Recorded } from '../ledger/index.ts'
import type { Matched, ShadowPolicy } from '../match/index.ts'
import type { Received } from '../receive/index.ts'
import { type InSession, standsAlone } from '../sessions/index.ts'
import { type Copying, type CopyParts, runCopy } from './run-copy.ts'

export interface ShadowParts extends CopyParts {
  /** Bytes of an answer that is kept for a comparison. Default 1 MiB. */
  readonly mostShadowBytes?: number
}

export type ShadowExchange = Exchange &
  Authenticated &
  Recorded &
  Received &
  InSession &
  Matched &
  Screened &
  HandlesChecked

/**
 * Copies a share of a rule's exchanges to another target once they are answered, to compare how it answers. The copy
 * is an exchange of its own that enters at the top, so that whatever is done to the client's words is done to it. The
 * client's exchange goes on as if there were none: nothing of it waits for the copy, or fails with it.
 */
export const shadow = (parts: ShadowParts): Stage<ShadowExchange> => ({
  name: 'shadow',
  run(exchange, next) {
    const { policy } = exchange.match
    return policy?.shadow === undefined || !isChosen(exchange, policy.shadow)
      ? next({})
      : copied(parts, { exchange, policy: policy.shadow, route: policy.id }, next({}))
  },
})

const copied = async (
  parts: ShadowParts,
  copying: Pick<Copying, 'exchange' | 'policy' | 'route'>,
  answering: Promise<Reply>,
): Promise<Reply> => {
  const { shadows, now } = parts
  const { route, policy } = copying
  const reply = await answering.catch((error: unknown) => {
    shadows.drop(route, 'no_answer')
    throw error
  })
  return capture(reply, {
    most: parts.mostShadowBytes ?? 1024 * 1024,
    hold: shadows.hold,
    letGo: shadows.letGo,
    now,
    onLoss: () => shadows.drop(route, 'no_answer'),
    onEnd(captured, letGo) {
      if (captured?.outcome.result === 'success') {
        const { concurrent } = policy
        const work = (signal: AbortSignal) => runCopy(parts, { ...copying, captured, signal })
        shadows.start({ route, concurrent }, work, letGo)
        return
      }
      letGo()
      shadows.drop(route, captured === undefined ? 'too_large' : 'no_answer')
    },
  })
}

/**
 * Only what stands for itself: a copy must not meet state of a provider or of the gateway, nor leave any. A key that
 * may not use a provider does not reach it through a copy either.
 */
const isChosen = (exchange: ShadowExchange, policy: ShadowPolicy): boolean =>
  exchange.kind === 'client' &&
  exchange.operation === 'generate' &&
  drawn(exchange.id) < policy.share &&
  allows(exchange.identity, { provider: policy.provider }) &&
  exchange.sticky === undefined &&
  exchange.facts.handles.length === 0 &&
  exchange.facts.answerIsState !== true &&
  exchange.facts.maxOutputTokens !== 0 &&
  booleanMember(exchange.request.scan, 'background') !== true &&
  standsAlone(exchange.session)

/** 0 to 1, the same for the same exchange wherever it is asked. */
const drawn = (id: string): number => Bun.hash.xxHash32(`shadow ${id}`) / 2 ** 32
