import { GatewayError } from '../../errors.ts'
import type { JsonText, Operation } from '../../ir/index.ts'
import { type Exchange, type Reply, type Stage, whenSettled, within } from '../../pipeline/index.ts'
import type { ScannedRequest, SessionCodec, SessionRequest } from '../../protocols/index.ts'
import { type HandleRegistry, isOwnId, ownName, ownResponseId, type Sessions } from '../../sessions/index.ts'
import type { Logger } from '../../telemetry/index.ts'
import type { Authenticated } from '../authenticate/index.ts'
import { type Received, withBody } from '../receive/index.ts'
import { answerDraft } from './answer-draft.ts'
import type { BackgroundJobs } from './background-jobs.ts'
import { detach } from './detach.ts'
import { answerLocally, isAnsweredLocally } from './local-operations.ts'
import { type Resolved, resolve } from './resolve.ts'
import type { InSession, Session } from './session.ts'

export interface SessionsParts {
  readonly sessions: Sessions
  readonly jobs: BackgroundJobs
  readonly handles: Pick<HandleRegistry, 'find'>
  /** Shall answers be kept at all? */
  readonly keepsAnswers: boolean
  /** Who keeps a new conversation: a provider that serves them, where there is one, or always the gateway. */
  readonly conversations: 'auto' | 'gateway'
  readonly hasUpstream: (exchange: Exchange) => boolean
  readonly run: (exchange: Exchange) => Promise<Reply>
  readonly maxNesting: number
  readonly logger: Pick<Logger, 'warn'>
  readonly now: () => number
}

type SessionExchange = Exchange & Authenticated & Received

/**
 * State between requests that the gateway keeps itself, for providers that keep none (translation.md §1.7). What a
 * request refers to by an id of ours is put into it, so that everything behind sees a request that says all; what was
 * asked and answered is kept when a translated answer is complete; and what is kept is answered here. Ids of providers'
 * own state go on as they are.
 */
export const sessions = (parts: SessionsParts): Stage<SessionExchange, Received & InSession> => ({
  name: 'sessions',
  async run(exchange, next) {
    const { request, facts, operation, protocol, identity } = exchange
    const codec = protocol.sessions
    const untouched = { request, facts, session: undefined }
    if (codec === undefined) return next(untouched)
    if (isAnsweredLocally(parts, exchange)) {
      const owner = identity.tenant
      const { sessions: store, jobs } = parts
      const isIssued = issuedBy(parts, exchange)
      try {
        return await answerLocally({ exchange, codec, owner, sessions: store, jobs, isIssued })
      } catch (error) {
        if (!(error instanceof GatewayError) || error.code !== 'gateway_handle_unknown') throw error
        // Another Tollgate has ids that look like ours.
        if (!(await isIssued(exchange.incoming.parameters['id'] ?? ''))) throw error
        return next(untouched)
      }
    }
    if (!inputOperations.has(operation)) return next(untouched)
    const asked = codec.read(request)
    const keeps = parts.keepsAnswers && operation === 'generate' && asked.store !== false
    const refers = facts.handles.some(({ id }) => isOwnId(id))
    if (!keeps && !refers) return next(untouched)
    const work = await prepare(parts, exchange, { codec, asked, keeps, refers })
    const reply = await next({ request: work.request, facts: work.facts, session: work.session })
    const { draft } = work.session
    if (draft !== undefined) await whenSettled(reply, () => work.keep())
    return reply
  },
})

/** Those whose body holds an input. */
const inputOperations: ReadonlySet<Operation> = new Set(['generate', 'count-tokens', 'compact-response'])

interface Prepared extends Received {
  readonly session: Session
  keep(): Promise<void>
}

interface Wish {
  readonly codec: SessionCodec
  readonly asked: SessionRequest
  readonly keeps: boolean
  readonly refers: boolean
}

const prepare = async (parts: SessionsParts, exchange: SessionExchange, wish: Wish): Promise<Prepared> => {
  const { request, facts, protocol, identity, kind, operation } = exchange
  const { codec, asked, keeps, refers } = wish
  const owner = identity.tenant
  const { sessions: store } = parts
  const resolved = refers
    ? await resolve(asked, codec.itemsOf(request, 'input'), facts.handles, {
        sessions: store,
        codec,
        owner,
        isIssued: issuedBy(parts, exchange),
      })
    : undefined
  const base = resolved?.base ?? { history: [] }
  const talk = base.history.length === 0 ? base.conversation?.id : undefined
  const isKept = keeps || (talk !== undefined && operation === 'generate')
  const record = (name: string) => ({ ...base, input: named(codec, request, resolved, name) })
  const job = kind === 'background' ? parts.jobs.get(ownResponseId(exchange.id)) : undefined
  const draft = isKept
    ? answerDraft(codec, job === undefined ? undefined : (frames) => job.say(frames))
    : undefined
  const generate = protocol.generate
  const session: Session = {
    echoed: {
      ...(asked.previousResponseId === undefined ? {} : { previousResponseId: asked.previousResponseId }),
      ...(asked.conversation === undefined ? {} : { conversation: asked.conversation }),
    },
    draft,
    isTalk: talk !== undefined,
    clientPath: pathOf(resolved, talk === undefined ? 'previous_response_id' : 'conversation'),
    detach:
      asked.background && keeps && kind === 'client' && generate !== undefined
        ? (decoded) =>
            detach(parts, decoded, { exchange, body: request.body, owner, codec, generate, record })
        : undefined,
  }
  const keep = async (): Promise<void> => {
    const { said } = draft ?? {}
    if (said === undefined) return
    const kept = { ...record(ownName(exchange.id)), ...said }
    const id = ownResponseId(exchange.id)
    await patiently(parts, exchange, async () => {
      if (kind === 'background') await store.finish(owner, id, kept)
      else if (keeps && !store.fits(kept)) tooLarge(parts, exchange)
      else if (keeps) await store.keep(owner, id, kept)
      if (talk === undefined) return
      const items = [...kept.input, ...codec.outputOf(kept.response)]
      await store.append(
        owner,
        talk,
        items.map((json) => ({ id: codec.idOf(json) ?? '', json })),
      )
    })
  }
  return {
    ...(resolved === undefined ? { request, facts } : rewritten(parts, exchange, codec, resolved)),
    session,
    keep,
  }
}

/** The request's own items, each with an id that it can be found by. */
const named = (
  codec: SessionCodec,
  request: ScannedRequest,
  resolved: Resolved | undefined,
  name: string,
): readonly JsonText[] =>
  (resolved?.own ?? codec.itemsOf(request, 'input')).map((item, index) =>
    codec.withId(item, `${name}_i${index}`),
  )

/** A request that says everything of ours itself. */
const rewritten = (
  { maxNesting }: SessionsParts,
  { request, protocol }: SessionExchange,
  codec: SessionCodec,
  { history, own, source }: Resolved,
): Received => {
  const items = [...history, ...own].map((item) => {
    const id = codec.idOf(item)
    // Who is told an item whole need not know what it is called here, and other providers do not.
    return id !== undefined && isOwnId(id) && !codec.isReference(item) ? codec.withoutId(item) : item
  })
  return withBody(protocol, request, codec.withInput(request, items, source), maxNesting)
}

const issuedBy =
  ({ handles }: SessionsParts, { identity }: SessionExchange) =>
  async (id: string): Promise<boolean> =>
    (await handles.find(identity.tenant.organisation, id)) !== undefined

const pathOf = (resolved: Resolved | undefined, source: string): ((path: string) => string) => {
  const before = resolved?.history.length ?? 0
  if (before === 0) return (path) => path
  return (path) => {
    const [, index, rest] = /^input\[(\d+)\](.*)$/s.exec(path) ?? []
    if (index === undefined) return path
    const own = Number(index) - before
    return own < 0 ? source : `input[${own}]${rest ?? ''}`
  }
}

/** How long an answer waits until it is kept, in milliseconds. */
const patience = 10_000

/** The answer is the client's whether it can be kept or not; then its id will not be known. */
const patiently = async (
  { logger }: SessionsParts,
  exchange: Exchange,
  work: () => Promise<void>,
): Promise<void> => {
  try {
    const isDone = await within(
      work().then(() => true),
      patience,
    )
    if (isDone === undefined) throw new Error('it took too long')
  } catch (error) {
    const reason = error instanceof GatewayError ? error.message : error instanceof Error ? error.name : ''
    logger.warn('an answer could not be kept', { request: exchange.id, error: reason })
  }
}

const tooLarge = ({ logger }: SessionsParts, exchange: Exchange): void =>
  logger.warn('an answer is too large to be kept', { request: exchange.id })
