import { GatewayError } from '../../errors.ts'
import {
  type Admitted,
  type Bound,
  type Demand,
  type Limits,
  limitExceeded,
  type Refused,
  slotWait,
  tightest,
} from '../../limits/index.ts'
import { type Reply, type Stage, whenSettled } from '../../pipeline/index.ts'
import type { AttemptExchange } from '../attempts/index.ts'
import { rateHeaders, usedBy } from '../limits/index.ts'

export interface TargetLimited {
  readonly targetLimited: true
}

export interface TargetLimitsParts {
  readonly limits: Limits
  readonly now: () => number
}

/**
 * What one upstream call may take: limits of the model and the provider, and what the provider allows us. A call that
 * is too many is held back, and goes to the next key or target; where none is left, and the provider has a queue, it
 * waits there for its turn.
 */
export const targetLimits = (parts: TargetLimitsParts): Stage<AttemptExchange, TargetLimited> => ({
  name: 'target-limits',
  run(exchange, next) {
    const { target, credential } = exchange.attempt
    const { table } = parts.limits
    if (!table.limitsTargets) return next({ targetLimited: true })
    const provider = target.provider.id
    const bounds = table.ofTarget({ provider, model: target.model, credential: credential.id })
    return bounds.length === 0
      ? next({ targetLimited: true })
      : within(parts, exchange, bounds, () => next({ targetLimited: true }))
  },
})

const within = async (
  parts: TargetLimitsParts,
  exchange: AttemptExchange,
  bounds: readonly Bound[],
  next: () => Promise<Reply>,
): Promise<Reply> => {
  const { limits, now } = parts
  const { attempt, entry, protocol, expectation } = exchange
  const expected = bounds.some(({ unit }) => unit !== 'requests' && unit !== 'concurrent')
    ? expectation.tokens()
    : { input: 0, output: 0 }
  const demand: Demand = { requests: 1, inputTokens: expected.input, outputTokens: expected.output }
  const queueName = queueOf(limits, bounds, attempt.target.provider.id)
  const admitted = await enter(parts, exchange, bounds, demand, queueName)
  const settle = (): void => {
    const rows = entry.attempts.filter(({ number }) => number === attempt.number)
    const used = usedBy(rows, expected)
    expectation.learn(used, rows)
    // Without a row nothing was sent.
    const requests = rows.length === 0 ? 0 : 1
    void admitted
      .settle({ requests, inputTokens: used.input, outputTokens: used.output })
      .then(() => queueName === undefined || limits.queue(queueName).wake())
  }
  let reply: Reply
  try {
    reply = await next()
  } catch (error) {
    settle()
    throw error
  }
  const headers = rateHeaders(admitted.standings, protocol.id, now(), reply.headers)
  for (const [name, value] of Object.entries(headers)) reply.headers.set(name, value)
  await whenSettled(reply, settle)
  return reply
}

/** Calls wait where what the provider allows is counted: for one of its keys, or for all. */
const queueOf = ({ table }: Limits, bounds: readonly Bound[], provider: string): string | undefined => {
  const { queue, per } = table.providerLimits(provider) ?? {}
  if (queue === undefined || queue === null) return undefined
  const own = bounds.find(({ level }) => level === per)
  return `${provider} ${own?.level === 'credential' ? own.subject : ''}`
}

const nothing: Demand = { requests: 0, inputTokens: 0, outputTokens: 0 }

const enter = async (
  { limits, now }: TargetLimitsParts,
  exchange: AttemptExchange,
  bounds: readonly Bound[],
  demand: Demand,
  queueName: string | undefined,
): Promise<Admitted> => {
  const { attempt, identity, signal, protocol } = exchange
  const wanted = { bounds, demand, holder: `${exchange.id}/${attempt.number}` }
  const provider = attempt.target.provider.id
  const refusal = (refused: Refused): GatewayError => {
    const worst = tightest(refused)
    if (worst !== undefined) limits.refused(worst.bound.level, worst.bound.unit)
    return limitExceeded(refused, rateHeaders(refused.standings, protocol.id, now()))
  }
  const queue = queueName === undefined ? undefined : limits.queue(queueName)
  // Nobody overtakes those who wait.
  const isFree = queue === undefined || queue.size === 0
  let last: Refused | undefined
  if (isFree) {
    const admission = await limits.admit(wanted)
    if (admission.type === 'admitted') return admission
    last = admission
  }
  const bound = limits.table.providerLimits(provider)?.queue
  if (queue === undefined || bound === undefined || bound === null || !attempt.mayWait) {
    throw last === undefined ? othersWait(provider) : refusal(last)
  }
  const waited = await queue.wait({
    place: { organisation: identity.tenant.organisation, key: identity.id },
    signal,
    ...bound,
    async attempt() {
      const admission = await limits.admit(wanted)
      if (admission.type === 'admitted') return { got: admission }
      last = admission
      return { again: Math.min(admission.wait, longestNap) }
    },
    giveBack: (got) => void got.settle(nothing),
  })
  if ('got' in waited) return waited.got
  if (waited.refused === 'aborted') {
    throw new GatewayError('gateway_client_gone', 'the client left while its request waited for room')
  }
  throw last === undefined ? othersWait(provider) : refusal(last)
}

/** Other gateways free places as well, and say nothing; in milliseconds. */
const longestNap = 250

const othersWait = (provider: string): GatewayError =>
  new GatewayError(
    'gateway_rate_limited',
    `the provider ${provider} takes no more requests just now, and others wait already; try again soon`,
    { retryAfter: slotWait / 1000, headers: { 'retry-after-ms': String(slotWait) } },
  )
