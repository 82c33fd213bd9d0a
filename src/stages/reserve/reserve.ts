import { type BudgetTable, budgetExceeded, type Purse, type Standing } from '../../budgets/index.ts'
import { billOf, boundOf, type Catalog } from '../../catalog/index.ts'
import { billableClasses, billableRegions, servedAs, type Usage } from '../../ir/index.ts'
import type { AttemptRow, Ledger } from '../../ledger/index.ts'
import { isWhole, type Reply, type Stage, type StreamReply, whenSettled } from '../../pipeline/index.ts'
import { protocols } from '../../protocols/index.ts'
import type { AttemptExchange } from '../attempts/index.ts'
import { addBounds, type Bound } from '../ledger/index.ts'
import { passingContext, replyContext, type Translated } from '../translate/index.ts'
import { subjectOf } from '../zone/index.ts'
import { bytesPerToken, likelyBounds, trueBounds } from './demand-bounds.ts'
import { type Billing, type Held, holdBudgets, leastSteps, stepsFor, stepTokens } from './hold-budgets.ts'
import type { OutputSlices } from './output-slices.ts'
import { RenewedStream } from './renewed-stream.ts'

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

/** One more call of the same attempt. */
export interface Further {
  /** What the provider has told of each call so far. */
  readonly calls: readonly Usage[]
  /** Of the next request. */
  readonly bytes: number
  /** What it will come to, as far as can be told. */
  readonly inputTokens: number
}

export interface ReserveParts {
  readonly catalog: Catalog
  readonly ledger: Pick<Ledger, 'open'>
  readonly instance: string
  readonly budgets: {
    readonly table: () => BudgetTable
    readonly purse: Pick<Purse, 'hold'>
  }
  readonly slices: OutputSlices
}

type Asked = AttemptExchange & Translated

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
          again(parts, exchange, { further, written, outputTokens: bound.outputTokens }),
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
        holdAgain: (further) => again(parts, exchange, { further, written, held, outputTokens: each }),
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

const cardOf = ({ catalog }: Pick<ReserveParts, 'catalog'>, { attempt, identity }: Asked) =>
  catalog.price(
    attempt.target.provider.id,
    attempt.target.model,
    attempt.startedAt,
    identity.tenant.organisation,
  )

const billingOf = ({ facts }: Asked): Billing => ({
  classes: billableClasses(facts.service),
  regions: billableRegions(facts.service),
})

/** Without budgets: text never has more tokens than bytes. */
const boundOfAttempt = (parts: ReserveParts, exchange: Asked): Bound => {
  const { catalog } = parts
  const { target } = exchange.attempt
  const provider = target.provider.id
  const limit = catalog.model(provider, target.model)?.maxOutputTokens
  const card = cardOf(parts, exchange)
  const outputTokens = generates(exchange) ? smallest(exchange.facts.maxOutputTokens, limit) : 0
  // What was put into the request from earlier exchanges costs as much as what came with it.
  const inputTokens = Math.max(exchange.entry.requestBytes, exchange.request.body.byteLength)
  const cost =
    card === undefined || outputTokens === undefined
      ? null
      : boundOf(card, { inputTokens, outputTokens, ...billingOf(exchange) })
  return { cost, inputTokens, outputTokens }
}

interface WrittenDown {
  /** So much more can it cost. Throws what `Ledger.open` throws. */
  add(more: Bound): void
  /** It can cost at least so much in all. */
  raise(most: Bound): void
}

/** The most that the attempt can cost, as the ledger knows it. */
const writtenDown = (parts: ReserveParts, exchange: Asked, first: Bound): WrittenDown => {
  let known = first
  const write = (most: Bound): void => {
    known = most
    open(parts, exchange, most)
  }
  write(first)
  return {
    add: (more) => write(addBounds(known, more)),
    raise: (most) => write(greaterBounds(known, most)),
  }
}

const greaterBounds = (one: Bound, other: Bound): Bound => ({
  cost: one.cost === null || other.cost === null ? null : one.cost > other.cost ? one.cost : other.cost,
  inputTokens: Math.max(one.inputTokens, other.inputTokens),
  outputTokens:
    one.outputTokens === undefined || other.outputTokens === undefined
      ? undefined
      : Math.max(one.outputTokens, other.outputTokens),
})

interface Again {
  readonly further: Further
  readonly written: WrittenDown
  readonly held?: Held
  /** The longest answer of the next call. */
  readonly outputTokens: number | undefined
}

const again = async (
  parts: ReserveParts,
  exchange: Asked,
  { further, written, held, outputTokens }: Again,
): Promise<boolean> => {
  const spent = spentOn(parts, exchange, further.calls)
  const likely = Math.max(further.inputTokens, Math.ceil(further.bytes / bytesPerToken))
  const { cost, ...tokens } = addBounds(spent, callBound(parts, exchange, likely, outputTokens))
  const all = BigInt(tokens.inputTokens + (tokens.outputTokens ?? 0))
  if (held !== undefined && !(await held.cover({ usd: cost ?? 0n, tokens: all }).catch(() => false)))
    return false
  // A text never has more tokens than bytes; what the provider adds by itself, it has told of.
  const most = callBound(parts, exchange, Math.max(likely, further.bytes), outputTokens)
  return !exchange.entry.closed && isWritten(() => written.raise(addBounds(spent, most)))
}

/** What calls that are over have come to. */
const spentOn = ({ catalog }: ReserveParts, exchange: Asked, calls: readonly Usage[]): Bound => {
  const card = cardOf({ catalog }, exchange)
  const service = servedAs(undefined, exchange.facts.service)
  const bill =
    card === undefined
      ? null
      : billOf(
          calls.map((usage) => ({ card, usage })),
          service,
        )
  const sum = (count: (usage: Usage) => number | undefined): number =>
    calls.reduce((total, usage) => total + (count(usage) ?? 0), 0)
  return {
    cost: bill?.charged ?? null,
    inputTokens: sum(({ inputTokens }) => inputTokens),
    outputTokens: sum(({ outputTokens }) => outputTokens),
  }
}

/** False where nothing can be written just now. */
const isWritten = (write: () => void): boolean => {
  try {
    write()
    return true
  } catch {
    return false
  }
}

/** What a further call of the same attempt can cost. */
const callBound = (
  parts: ReserveParts,
  exchange: Asked,
  inputTokens: number,
  outputTokens: number | undefined,
): Bound => {
  const card = cardOf(parts, exchange)
  const isKnown = card !== undefined && outputTokens !== undefined
  const cost = isKnown ? boundOf(card, { inputTokens, outputTokens, ...billingOf(exchange) }) : null
  return { cost, inputTokens, outputTokens }
}

/** Durable before the upstream hears of it; a further attempt reserves what the earlier ones cost as well. */
const open = (parts: ReserveParts, exchange: Asked, bound: Bound): void => {
  const { entry, attempt } = exchange
  const most = entry.bound(attempt.number, bound)
  parts.ledger.open({
    exchange: exchange.id,
    instance: parts.instance,
    at: exchange.startedAt,
    kind: exchange.kind,
    direction: 'consume',
    tenant: exchange.identity.tenant,
    session: entry.session,
    operation: exchange.operation,
    clientProtocol: exchange.protocol.id,
    modelAsked: entry.modelAsked,
    provider: attempt.target.provider.id,
    model: attempt.target.model,
    upstreamProtocol: attempt.protocol,
    credential: attempt.credential.id,
    reservedNanoUsd: most.cost,
    reservedInputTokens: most.inputTokens,
    reservedOutputTokens: most.outputTokens ?? null,
    requestBytes: entry.requestBytes,
    counterparty: null,
    tags: entry.tags,
  })
  entry.opened = true
}

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

const generates = ({ operation }: Asked): boolean =>
  operation === 'generate' || operation === 'compact-response'

/** Gemini's streams that are one JSON array. */
const isArray = ({ protocol, request }: Asked): boolean =>
  protocol.id === 'gemini' && request.query.get('alt') !== 'sse'

const smallest = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : Math.min(a, b)
