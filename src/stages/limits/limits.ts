import {
  type Bound,
  type Demand,
  type LimitSubject,
  type Limits,
  limitExceeded,
  type Tokens,
  tightest,
} from '../../limits/index.ts'
import { type Exchange, type Reply, type Stage, whenSettled } from '../../pipeline/index.ts'
import type { Authenticated } from '../authenticate/index.ts'
import type { Recorded } from '../ledger/index.ts'
import type { Matched } from '../match/index.ts'
import type { Received } from '../receive/index.ts'
import { createExpectation, type Expectation } from './expectation.ts'
import { rateHeaders } from './rate-headers.ts'
import { usedBy } from './used-by.ts'

export interface Limited {
  /** What the exchange is expected to use. */
  readonly expectation: Expectation
}

export interface LimitsParts {
  readonly limits: Limits
  readonly now: () => number
}

/** Tags come with the identity, where there are any. */
type Known = Exchange & Authenticated & Recorded & { readonly tags?: readonly string[] }

/**
 * What clients may ask for: one decision over all limits of whoever sends the exchange, and over how often it was sent.
 * Tokens are taken as expected and corrected by what was used; places are held until the reply is over.
 */
export const limits = (parts: LimitsParts): Stage<Known & Received & Matched, Limited> => ({
  name: 'limits',
  run(exchange, next) {
    const expectation = createExpectation(parts.limits.book, exchange)
    return admit(parts, { exchange, expectation, body: exchange.request.body }, () => next({ expectation }))
  },
})

/** For what the gateway answers by itself: nothing is used but the request. */
export const localLimits = (parts: LimitsParts): Stage<Known> => ({
  name: 'limits',
  run: (exchange, next) =>
    admit(parts, { exchange, expectation: undefined, body: undefined }, () => next({})),
})

interface Asked {
  readonly exchange: Known
  readonly expectation: Expectation | undefined
  readonly body: Uint8Array | undefined
}

const admit = (parts: LimitsParts, asked: Asked, next: () => Promise<Reply>): Promise<Reply> => {
  const { exchange } = asked
  const { kind, identity } = exchange
  // The gateway's own exchanges are bounded where they are set up.
  if (kind === 'shadow' || kind === 'canary' || kind === 'cache') return next()
  const { table } = parts.limits
  const own = identity.options.limits ?? undefined
  const bounds = table.limitsExchanges || own !== undefined ? table.ofExchange(subjectOf(exchange)) : none
  const repeat = repeatOf(parts.limits, asked)
  return bounds.length === 0 && repeat === undefined ? next() : decide(parts, asked, bounds, repeat, next)
}

const none: readonly Bound[] = []

const decide = async (
  { limits, now }: LimitsParts,
  { exchange, expectation }: Asked,
  bounds: readonly Bound[],
  repeat: ReturnType<typeof repeatOf>,
  next: () => Promise<Reply>,
): Promise<Reply> => {
  const { entry, protocol, kind } = exchange
  const expected = bounds.some(countsTokens) ? (expectation?.tokens() ?? noTokens) : noTokens
  // The client's own request was let in before it went on in the background.
  const isKnown = kind === 'background'
  const requests = isKnown ? 0 : 1
  const demand: Demand = { requests, inputTokens: expected.input, outputTokens: expected.output }
  const admission = await limits.admit({ bounds, demand, holder: exchange.id, repeat, isKnown })
  if (admission.type === 'refused') {
    const worst = tightest(admission)
    if (admission.repeated !== undefined) limits.refused('session', 'repeats')
    else if (worst !== undefined) limits.refused(worst.bound.level, worst.bound.unit)
    throw limitExceeded(admission, rateHeaders(admission.standings, protocol.id, now()))
  }
  const settle = (isRefused: boolean): void => {
    const used = usedBy(entry.attempts, expected)
    expectation?.learn(used, entry.attempts)
    // What was refused behind here, before anybody was asked, is as if it had not come.
    const counted = isRefused && entry.attempts.length === 0 ? 0 : requests
    void admission.settle({ requests: counted, inputTokens: used.input, outputTokens: used.output })
  }
  let reply: Reply
  try {
    reply = await next()
  } catch (error) {
    settle(true)
    throw error
  }
  const headers = rateHeaders(admission.standings, protocol.id, now(), reply.headers)
  for (const [name, value] of Object.entries(headers)) reply.headers.set(name, value)
  await whenSettled(reply, () => settle(false))
  return reply
}

const noTokens: Tokens = { input: 0, output: 0 }

const countsTokens = ({ unit }: Bound): boolean => unit !== 'requests' && unit !== 'concurrent'

const subjectOf = ({ identity, entry, incoming, tags }: Known): LimitSubject => {
  const { organisation, team, user, key } = identity.tenant
  return {
    organisation,
    team,
    user,
    key,
    keyName: identity.name,
    session: entry.session,
    tags: tags ?? [],
    get address() {
      return incoming.remoteAddress
    },
    own: identity.options.limits ?? undefined,
  }
}

/** The first of its kind is not counted, so that what comes once costs nothing; so one less is let through. */
const repeatOf = ({ runaway, repeats }: Limits, { exchange, body }: Asked) => {
  if (runaway === null || body === undefined || body.byteLength === 0 || exchange.kind !== 'client')
    return undefined
  const { identity, entry, protocol, operation } = exchange
  const { organisation } = identity.tenant
  const sender = `${organisation}/${identity.id}/${entry.session ?? ''}`
  const name = repeats.name(body, `${sender} ${protocol.id} ${operation}`, runaway.window)
  if (name === undefined) return undefined
  const key = `repeat/${sender}/${operation}/${name}`
  return { type: 'repeat' as const, key, limit: Math.max(1, runaway.repeats - 1), period: runaway.window }
}
