import { budgetExceeded, type Standing } from '../../budgets/index.ts'
import type { AttemptRow } from '../../ledger/index.ts'
import { isWhole, type Reply, type Stage, type StreamReply, whenSettled } from '../../pipeline/index.ts'
import { protocols } from '../../protocols/index.ts'
import type { Bound } from '../ledger/index.ts'
import { passingContext, replyContext } from '../translate/index.ts'
import { subjectOf } from '../zone/index.ts'
import {
  type Asked,
  billingOf,
  boundOfAttempt,
  callBound,
  cardOf,
  generates,
  type ReserveParts,
  smallest,
} from './attempt-bounds.ts'
import { likelyBounds, trueBounds } from './demand-bounds.ts'
import { type Further, holdAgain } from './hold-again.ts'
import { type Held, holdBudgets, leastSteps, stepsFor, stepTokens } from './hold-budgets.ts'
import { RenewedStream } from './renewed-stream.ts'
import { isWritten, open, type WrittenDown, writtenDown } from './written-down.ts'

export interface Reserved {
  /** Nano-USD that this attempt can cost at most; null where a price or a limit is unknown. */
  readonly reservation: bigint | null
  /** What is written into the request for the upstream, where a budget allows less than was asked for. */
  readonly outputLimit: number | undefined
  /** What the target calls that limit in Chat. */
  readonly chatLimitField: 'max_tokens' | 'max_completion_tokens' | undefined
  /** Holds what the calls of the attempt have come to, and one more. False where a budget has no room for it. */
  readonly holdAgain: (further: Further) => Promise<boolean>
}

/**
 * Before the upstream hears anything: holds in every budget what this attempt may cost, and writes it down, so that an
 * orphan is charged with it if the process dies. What is held is settled with what the attempt came to.
 */
export const reserve = (parts: ReserveParts): Stage<Asked, Reserved> => ({
  name: 'reserve',
  async run(exchange, next) {
    const applied = appliedTo(parts, exchange)
    if (applied.length === 0) {
      const bound = boundOfAttempt(parts, exchange)
      const written = writtenDown(parts, exchange, bound)
      return next({
        reservation: bound.cost,
        ...limitedBy(parts, exchange, limitOf(exchange, exchange.outputCap)),
        holdAgain: async (further) =>
          holdAgain(parts, exchange, { further, written, outputTokens: bound.outputTokens }),
      })
    }
    const plan = await hold(parts, exchange, applied)
    const { held } = plan
    try {
      const { cost, inputTokens, outputTokens } = held
      const written = writtenDown(parts, exchange, { cost, inputTokens, outputTokens })
      const each = plan.isSlice ? parts.slices.of(kindOf(exchange)) : outputTokens
      const reply = await next({
        reservation: cost,
        ...limitedBy(parts, exchange, plan.limit),
        holdAgain: (further) => holdAgain(parts, exchange, { further, written, held, outputTokens: each }),
      })
      tell(reply, held.standings, plan.limit)
      const renewed =
        plan.isSlice && !isWhole(reply) ? renew(parts, exchange, { held, written }, reply) : reply
      await whenSettled(renewed, ({ result }) => settle(parts, exchange, held, result === 'success'))
      return renewed
    } catch (error) {
      settle(parts, exchange, held, false)
      throw error
    }
  },
})

const limitedBy = (
  { catalog }: ReserveParts,
  { attempt }: Asked,
  outputLimit: number | undefined,
): Pick<Reserved, 'outputLimit' | 'chatLimitField'> => {
  if (outputLimit === undefined) return { outputLimit, chatLimitField: undefined }
  const { provider, model } = attempt.target
  const { chatLimitField } = catalog.capabilities(provider.kind, attempt.protocol, model)
  return { outputLimit, chatLimitField }
}

const appliedTo = ({ budgets }: ReserveParts, exchange: Asked) => {
  const table = budgets.table()
  if (table.isEmpty || exchange.kind === 'shadow') return []
  const { target } = exchange.attempt
  return table.ofAttempt({
    ...subjectOf(exchange),
    target: { provider: target.provider.id, model: target.model },
  })
}

interface Plan {
  readonly held: Held
  /** What is written upstream. */
  readonly limit: number | undefined
  /** More is to be held while it streams. */
  readonly isSlice: boolean
}

/** A reservation of everything is taken where it is at most this part of what is left: nothing has to be renewed then. */
const plenty = 20
/** Tokens of an answer, where neither the client nor the catalogue has a limit. */
const unknownMost = 32_768

const hold = async (
  parts: ReserveParts,
  exchange: Asked,
  applied: ReturnType<typeof appliedTo>,
): Promise<Plan> => {
  const { target, number } = exchange.attempt
  const { catalog, budgets } = parts
  const provider = target.provider.id
  const model = catalog.model(provider, target.model)
  const card = cardOf(parts, exchange)
  const window = model?.maxInputTokens ?? model?.contextWindow
  const isHard = applied.some(({ budget }) => budget.mode === 'hard')
  const bounds = isHard ? trueBounds(catalog, exchange, window) : likelyBounds(exchange, window)
  const asked = generates(exchange) ? exchange.facts.maxOutputTokens : 0
  // Where nobody says how long an answer can get, it gets no longer than this, for it is written upstream.
  const free = smallest(asked, model?.maxOutputTokens) ?? unknownMost
  const most = Math.min(free, exchange.outputCap ?? free)
  const isStream = exchange.facts.stream && generates(exchange) && !isArray(exchange)
  const demand = {
    applied,
    holder: `${parts.instance}/${exchange.id}/${number}`,
    at: exchange.startedAt,
    model: target.model,
    card,
    bounds,
    billing: billingOf(exchange),
    mostOutput: most,
    unbounded: exchange.identity.options.unbounded,
  }
  const slice = isStream && !isHard ? parts.slices.of(kindOf(exchange)) : undefined
  const isSlice = slice !== undefined && most > slice
  const held = await holdBudgets(budgets.purse, { ...demand, slice: isSlice ? slice : undefined })
  if (!isSlice) return { held, limit: writtenLimit(exchange, held, free, bounds.candidates), isSlice: false }
  if (held.fits >= most * plenty && (await extendAll(held, most))) {
    return { held, limit: limitOf(exchange, exchange.outputCap), isSlice: false }
  }
  // Thoughts that the provider does not show are seen only at the end, so the provider gets the bound as well.
  const limit = writtenLimit(
    exchange,
    { ...held, outputTokens: Math.min(most * bounds.candidates, held.fits) },
    free,
    bounds.candidates,
  )
  return { held, limit, isSlice: true }
}

const extendAll = async (held: Held, most: number): Promise<boolean> => {
  const steps = stepsFor(Math.max(0, most - held.outputTokens))
  return steps === 0 || (await held.extend({ least: steps, most: steps })) > 0
}

/** Where a budget allows less than could come, the provider is told. @param free what could come without it */
const writtenLimit = (
  exchange: Asked,
  held: Pick<Held, 'outputTokens' | 'standings'>,
  free: number,
  candidates: number,
): number | undefined => {
  if (!generates(exchange)) return undefined
  const each = Math.floor(held.outputTokens / candidates)
  const asked = exchange.facts.maxOutputTokens
  const limit = asked === undefined || each < asked ? each : asked
  const isHard = held.standings.some(({ budget }) => budget.mode === 'hard')
  if (limit === asked || (!isHard && limit >= free)) return undefined
  const [first] = held.standings
  if (first !== undefined && !canWrite(exchange, limit)) {
    throw budgetExceeded(held.standings.find(({ budget }) => budget.mode !== 'soft') ?? first)
  }
  return limit
}

const limitOf = (exchange: Asked, cap: number | undefined): number | undefined => {
  if (cap === undefined || !generates(exchange)) return undefined
  const asked = exchange.facts.maxOutputTokens
  return (asked === undefined || cap < asked) && canWrite(exchange, cap) ? cap : undefined
}

const canWrite = ({ request, attempt, translation }: Asked, limit: number): boolean =>
  translation !== undefined || protocols[attempt.protocol].limitOutput?.(request.scan, limit) !== undefined

/**
 * What the attempt came to; where nobody knows, all that was held for it. The ledger is told first that it reserves no
 * more than that: what budgets give to others meanwhile is never charged to an orphan as well.
 */
const settle = (parts: ReserveParts, exchange: Asked, held: Held, isAnswer: boolean): void => {
  const { entry, attempt } = exchange
  const row = entry.attempts.findLast(({ number }) => number === attempt.number)
  const cost = row === undefined ? 0n : row.costNanoUsd
  const tokens = row === undefined ? 0 : tokensOf(row)
  const outputTokens = row?.usage?.outputTokens
  if (outputTokens !== undefined && row?.usageSource === 'reported')
    parts.slices.observe(kindOf(exchange), outputTokens)
  // The client need not wait: what is queued is written down, and the ledger has the truth.
  const release = () =>
    void held.hold.settle(({ unit }, amount) =>
      unit === 'usd' ? (cost ?? amount) : tokens === null ? amount : BigInt(tokens),
    )
  const spent = row === undefined ? nothing : held
  if (!isAnswer && !entry.closed && isWritten(() => open(parts, exchange, spent))) release()
  else entry.afterClose(release)
}

const nothing: Bound = { cost: 0n, inputTokens: 0, outputTokens: 0 }

const tokensOf = ({ usage, costNanoUsd }: AttemptRow): number | null => {
  if (usage === null) return costNanoUsd === 0n ? 0 : null
  return (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0)
}

const renew = (
  parts: ReserveParts,
  exchange: Asked,
  { held, written }: { readonly held: Held; readonly written: WrittenDown },
  reply: StreamReply,
): StreamReply => {
  const { protocol } = exchange
  const codec = protocol.generate
  if (codec === undefined) return reply
  const slice = parts.slices.of(kindOf(exchange))
  let total = held.outputTokens
  const body = new RenewedStream({
    inner: reply.body,
    decoder: codec.streamDecoder(),
    encoder: codec.streamEncoder(contextOf(exchange)(exchange, codec.decodeRequest(exchange.request))),
    heldTokens: held.outputTokens,
    async extend() {
      const steps = await held.extend({ least: leastSteps, most: stepsFor(slice) })
      if (steps === 0) return 0
      const tokens = steps * stepTokens
      const before = callBound(parts, exchange, held.inputTokens, total)
      total += tokens
      const after = callBound(parts, exchange, held.inputTokens, total)
      const cost = before.cost === null || after.cost === null ? null : after.cost - before.cost
      written.add({ cost, inputTokens: 0, outputTokens: tokens })
      return tokens
    },
  })
  return { ...reply, body }
}

const contextOf = ({ translation }: Asked) => (translation === undefined ? passingContext : replyContext)

const tell = (reply: Reply, standings: readonly Standing[], limit: number | undefined): void => {
  const worst = standings.some(({ zone }) => zone === 'red')
    ? 'red'
    : standings.some(({ zone }) => zone === 'amber')
      ? 'amber'
      : 'green'
  reply.headers.set('x-tollgate-zone', worst)
  if (limit !== undefined) reply.headers.set('x-tollgate-output-limit', String(limit))
}

const kindOf = ({ identity, attempt }: Asked): string => `${identity.id} ${attempt.target.model}`

/** Gemini's streams that are one JSON array. */
const isArray = ({ protocol, request }: Asked): boolean =>
  protocol.id === 'gemini' && request.query.get('alt') !== 'sse'
