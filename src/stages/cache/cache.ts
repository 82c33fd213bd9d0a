import { allows } from '../../accounts/index.ts'
import {
  type AnswerCache,
  type BypassReason,
  type CacheKey,
  type CachePolicy,
  type Claim,
  cacheKey,
  cachePolicy,
  callsTools,
  type Flight,
  isFor,
  type KeyQuestion,
  type KnownAnswer,
  type Landing,
  longestStreamWait,
  longestWait,
  type StoredAnswer,
  storedAnswer,
  type UnstorableReason,
  uncacheable,
  unstorable,
} from '../../cache/index.ts'
import { GatewayError, toGatewayError } from '../../errors.ts'
import { formatUsd, type GenerateRequest, type WorkMode } from '../../ir/index.ts'
import type { CacheNote } from '../../ledger/index.ts'
import { type Outcome, pause, type Reply, type Stage, whenSettled } from '../../pipeline/index.ts'
import type { GenerateCodec } from '../../protocols/index.ts'
import { warningsHeader } from '../../translation/index.ts'
import { headerText } from '../../wire/index.ts'
import { workModeOf } from '../attempts/index.ts'
import { isStrict } from '../authenticate/index.ts'
import { standsAlone } from '../sessions/index.ts'
import { answerTaps } from './answer-taps.ts'
import type { CacheExchange } from './cache-exchange.ts'
import { type Directives, readDirectives } from './directives.ts'
import { replayedReply } from './replayed-reply.ts'
import type { SimilarAnswers, SimilarFound } from './similar-answers.ts'

export interface CacheParts {
  readonly cache: AnswerCache
  readonly cachePolicy: CachePolicy
  /** Undefined where nobody makes embeddings. */
  readonly similar: SimilarAnswers | undefined
  /** The gateway's. */
  readonly workMode: WorkMode
  readonly now: () => number
}

/**
 * Answers what was answered before, without asking a provider. It stands behind the firewall: what it looks for and
 * what it keeps holds placeholders where the client wrote values, and an answer is judged, and gets its values back,
 * each time it is given.
 */
export const cache = (parts: CacheParts): Stage<CacheExchange> => ({
  name: 'cache',
  run(exchange, next) {
    if (exchange.operation !== 'generate' || exchange.kind !== 'client') return next({})
    const route = exchange.match.policy?.cache
    const key = exchange.identity.options.cache
    const { cachePolicy: base } = parts
    if ((key.exact ?? route?.exact ?? base.exact) === 'off') return next({})
    return cached(parts, exchange, cachePolicy(base, route, key), next)
  },
})

type Next = (added: object) => Promise<Reply>

const cached = (
  parts: CacheParts,
  exchange: CacheExchange,
  policy: CachePolicy,
  next: Next,
): Promise<Reply> => {
  const directives = readDirectives(exchange.incoming.headers.get('cache-control'))
  const asking = directives.noStore ? 'asked-to' : askingOf(parts, exchange, policy)
  return typeof asking === 'string'
    ? bypassed(parts, exchange, asking, next)
    : answered({ parts, exchange, policy, directives, next, ...asking })
}

/** One exchange that may be answered from the cache, or fill it. */
interface Asking {
  readonly parts: CacheParts
  readonly exchange: CacheExchange
  readonly policy: CachePolicy
  readonly directives: Directives
  readonly next: Next
  readonly codec: GenerateCodec
  readonly asked: GenerateRequest
  readonly key: CacheKey
  /** Of another request, in the same place. */
  readonly keyOf: (request: GenerateRequest) => CacheKey | undefined
}

const askingOf = (
  parts: CacheParts,
  exchange: CacheExchange,
  policy: CachePolicy,
): Pick<Asking, 'codec' | 'asked' | 'key' | 'keyOf'> | BypassReason => {
  const { protocol, facts, sticky, session, request, identity, match, incoming, screen } = exchange
  const codec = protocol.generate
  if (codec === undefined) return 'not-understood'
  if (facts.handles.length > 0 || sticky !== undefined || facts.answerIsState === true)
    return 'upstream-state'
  if (!standsAlone(session)) return 'upstream-state'
  let asked: GenerateRequest
  try {
    asked = codec.decodeRequest(request)
  } catch {
    // The provider may have words of its own about it.
    return 'not-understood'
  }
  if (!isKeptHere(exchange, asked)) return 'kept-elsewhere'
  const reason = uncacheable(asked)
  if (reason !== undefined) return reason
  const workMode = workModeOf({
    key: identity.options.workMode,
    rule: match.policy?.workMode,
    listener: incoming.workMode,
    gateway: parts.workMode,
  })
  const place = {
    nameKey: parts.cache.nameKeyOf(identity.tenant.organisation),
    tenant: identity.tenant,
    scope: policy.scope,
    headers: request.headers,
    query: request.query,
    route: match.policy?.id ?? match.rule,
    targets: match.targets.map(({ provider, model }) => ({ provider: provider.id, model })),
    treatment: [
      screen.isActing,
      isStrict(exchange),
      workMode,
      // The others say which protocols may be translated.
      workMode === 'auto' ? null : protocol.id,
    ],
  }
  const keyOf = (one: GenerateRequest): CacheKey | undefined => cacheKey({ ...place, request: one })
  const source = { organisation: identity.tenant.organisation, protocol: protocol.id, request }
  const recall: KeyQuestion['recall'] = (make) => parts.cache.requests.recall(source, make)
  const key = cacheKey({ ...place, request: asked, recall })
  return key === undefined ? 'own-exchange' : { codec, asked, key, keyOf }
}

/** An answer that is to be kept under its id: only the gateway can keep what it says by itself. */
const isKeptHere = ({ protocol, session }: CacheExchange, { store }: GenerateRequest): boolean =>
  protocol.sessions === undefined ? store !== true : store === false || session?.draft !== undefined

const bypassed = async (
  { cache }: CacheParts,
  { entry }: CacheExchange,
  reason: BypassReason,
  next: Next,
): Promise<Reply> => {
  cache.count('bypass')
  entry.cache = { result: 'bypass', reason }
  const reply = await next({})
  reply.headers.set('x-tollgate-cache', 'bypass')
  return reply
}

const answered = async (asking: Asking): Promise<Reply> => {
  const { parts, exchange, key, directives } = asking
  if (directives.noCache) return asked(asking)
  for (;;) {
    const boarded = parts.cache.flights.board(key.hash)
    if (boarded.role === 'leader') return known(asking, boarded.flight)
    const landing = await landed(exchange, boarded.landing)
    // Whoever was to bring the answer went away: one of those who still wait asks now.
    if (landing?.type === 'left') continue
    if (landing?.type === 'answer' && isWanted(asking, landing.answer))
      return replayed(asking, landing.answer)
    return asked(asking)
  }
}

/** What is kept, of this question or of one that means the same, else what a provider says. */
const known = async (asking: Asking, own: Flight<KnownAnswer>): Promise<Reply> => {
  const { found, claim } = await foundOrClaimed(asking).catch((error) => {
    own.land({ type: 'left' })
    throw error
  })
  if (found !== undefined) {
    own.land({ type: 'answer', answer: { answer: found } })
    return replayed(asking, { answer: found })
  }
  const flight = claim === undefined ? own : forAll(own, claim)
  const similar = await similarTo(asking)
  if (similar?.answer === undefined) return asked(asking, flight, similar)
  const answer = { answer: similar.answer, similarity: similar.note.similarity ?? 0 }
  flight.land({ type: 'answer', answer })
  return replayed(asking, answer, similar)
}

/**
 * What is kept, or the right to ask for it; neither, where nobody else is to wait for it. While another gateway asks the
 * same, its answer is waited for. Throws when the client leaves.
 */
const foundOrClaimed = async (
  asking: Asking,
): Promise<{ readonly found?: StoredAnswer; readonly claim?: Claim | undefined }> => {
  const { parts, exchange, key } = asking
  const { cache, now } = parts
  const until = now() + (exchange.facts.stream ? longestStreamWait : longestWait)
  for (;;) {
    const found = await cache.find(key)
    if (found !== undefined && suits(asking, found)) return { found }
    const claim = await cache.claims.take(key)
    if (claim !== 'taken') return { claim }
    if (found !== undefined || now() >= until) return {}
    await pause(lookEvery, exchange.signal).catch(() => {
      throw clientLeft()
    })
  }
}

/** How often it is looked whether another gateway has its answer, in milliseconds. */
const lookEvery = 50

/** Tells those who wait at other gateways as well. */
const forAll = (own: Flight<KnownAnswer>, claim: Claim): Flight<KnownAnswer> => ({
  land(landing, keeping) {
    own.land(landing, keeping)
    if (landing.type === 'left') claim.release('left')
    else if (keeping === undefined) claim.release('nothing')
    else void keeping.then((isKept) => claim.release(isKept === true ? 'kept' : 'nothing'))
  },
})

const clientLeft = (): GatewayError =>
  new GatewayError('gateway_client_gone', 'the client left while the same was being asked')

const similarTo = async (asking: Asking): Promise<SimilarFound | undefined> => {
  const { parts, exchange, policy, asked: request, key, keyOf } = asking
  if (policy.semantic === 'off' || parts.similar === undefined) return undefined
  const { identity, match } = exchange
  try {
    return await parts.similar.find({
      ...{ request, key, keyOf, tenant: identity.tenant },
      allows: (target) => allows(identity, target),
      // The gateway's own exchanges know no firewall but the gateway's and the team's.
      hasOwnFirewall: identity.options.firewall !== 'inherit' || match.policy?.firewall !== undefined,
      suits: (answer) => suits(asking, answer),
    })
  } catch (error) {
    parts.cache.fault('questions that mean the same could not be looked for', error)
    return undefined
  }
}

const isWanted = (asking: Asking, { answer, similarity }: KnownAnswer): boolean =>
  suits(asking, answer) && (similarity === undefined || asking.policy.semantic === 'on')

/** Another key may keep answers for longer, or such as call tools. */
const suits = ({ parts, exchange, directives, policy }: Asking, answer: StoredAnswer): boolean =>
  isFor(answer, exchange.protocol.id) &&
  parts.now() - answer.at <= Math.min(directives.maxAge ?? policy.ttl, policy.ttl) &&
  (policy.toolCalls || !callsTools(answer))

/** Undefined after the longest wait. Throws when the client leaves. */
const landed = async (
  { signal, facts }: CacheExchange,
  landing: Promise<Landing<KnownAnswer>>,
): Promise<Landing<KnownAnswer> | undefined> => {
  const left = Promise.withResolvers<never>()
  const leave = (): void => left.reject(clientLeft())
  if (signal.aborted) leave()
  signal.addEventListener('abort', leave, { once: true })
  const enough = Promise.withResolvers<undefined>()
  const patience = facts.stream ? longestStreamWait : longestWait
  const timer = setTimeout(() => enough.resolve(undefined), patience)
  try {
    return await Promise.race([landing, enough.promise, left.promise])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', leave)
  }
}

const replayed = async (
  asking: Asking,
  { answer, similarity }: KnownAnswer,
  similar?: SimilarFound,
): Promise<Reply> => {
  const { parts, exchange, codec, asked: request, key } = asking
  const { entry } = exchange
  const { cache, now } = parts
  let reply: Reply
  try {
    reply = await replayedReply(exchange, codec, request, answer)
  } catch (error) {
    cache.fault('an answer of the cache could not be said again', error)
    return asked(asking)
  }
  const result = similarity === undefined ? 'hit-exact' : 'hit-semantic'
  const age = Math.max(0, Math.floor((now() - answer.at) / 1000))
  entry.cache = { result, key: key.hash, sections: key.sections, age, ...noteOf(similar) }
  entry.cacheSavedNanoUsd = answer.costNanoUsd ?? null
  entry.warnings.push(...answer.warnings)
  entry.ttftMs = now() - exchange.startedAt
  cache.count(result, answer.costNanoUsd)
  const { headers } = reply
  headers.set('x-tollgate-cache', result)
  if (similarity !== undefined) headers.set('x-tollgate-cache-similarity', String(similarity))
  headers.set('age', String(age))
  headers.set('x-tollgate-request-id', exchange.id)
  headers.set('x-tollgate-provider', answer.provider)
  if (answer.model !== '') headers.set('x-tollgate-model', headerText(answer.model))
  headers.set('x-tollgate-attempts', '0')
  headers.set('x-tollgate-cost', formatUsd(0n))
  const warnings = warningsHeader(answer.warnings)
  if (warnings !== undefined) headers.set('x-tollgate-warnings', warnings)
  return reply
}

/** Asks a provider, and keeps the answer where it may be kept. @param flight who waits for it */
const asked = async (
  asking: Asking,
  flight?: Flight<KnownAnswer>,
  similar?: SimilarFound,
): Promise<Reply> => {
  const { parts, exchange, key, policy, next } = asking
  const { entry, screen } = exchange
  const { cache } = parts
  cache.count('miss')
  const epoch = cache.epoch(key.organisation)
  const note = { result: 'miss', key: key.hash, sections: key.sections, ...noteOf(similar) } as const
  entry.cache = note
  const taps = answerTaps(cache.mostEntryBytes)
  const listening = {
    ...screen,
    machines: () => screen.machines([taps.tap()]),
    watchers: () => [...screen.watchers(), taps.tap()],
  }
  let reply: Reply
  try {
    reply = await next({ screen: listening })
  } catch (error) {
    flight?.land({ type: hasLeft(error) ? 'left' : 'nothing' })
    throw error
  }
  reply.headers.set('x-tollgate-cache', 'miss')
  const status = reply.status
  await whenSettled(reply, (outcome) => {
    const isPurged = cache.epoch(key.organisation) !== epoch
    const kept = isPurged ? 'purged' : tryToKeep(asking, taps, outcome, status)
    if (typeof kept === 'string') {
      entry.cache = { ...note, unkept: kept }
      flight?.land({ type: outcome.result === 'client_aborted' ? 'left' : 'nothing' })
      if (saysOtherwise.has(kept)) similar?.learn?.(undefined, policy.ttl)
      return
    }
    // The client does not wait for a store that is far away.
    const keeping = cache.keep(key, kept, policy.ttl)
    flight?.land({ type: 'answer', answer: { answer: kept } }, keeping)
    if (similar?.learn !== undefined)
      void keeping.then((isKept) => isKept && similar.learn?.(kept, policy.ttl))
  })
  return reply
}

/** A model that refuses, or calls a tool, does not say what was said to a question that seems to mean the same. */
const saysOtherwise: ReadonlySet<UnstorableReason> = new Set(['refusal', 'tool-call', 'screened'])

const noteOf = (similar: SimilarFound | undefined): Pick<CacheNote, 'similar'> =>
  similar === undefined ? {} : { similar: similar.note }

/** Nobody's answer fails because it cannot be kept. */
const tryToKeep = (...kept: Parameters<typeof keepable>): ReturnType<typeof keepable> => {
  try {
    return keepable(...kept)
  } catch (error) {
    kept[0].parts.cache.fault('an answer could not be read for the cache', error)
    return 'incomplete'
  }
}

const hasLeft = (error: unknown): boolean => toGatewayError(error).code === 'gateway_client_gone'

const keepable = (
  { exchange, policy, parts }: Asking,
  taps: ReturnType<typeof answerTaps>,
  outcome: Outcome,
  status: number,
): StoredAnswer | UnstorableReason => {
  if (outcome.result !== 'success' || status >= 400) return 'failed'
  const { entry, protocol } = exchange
  // Others have other policies: what one of them made of an answer is nobody else's.
  if (entry.found.some(({ direction, action }) => direction === 'output' && action !== 'reported'))
    return 'screened'
  const last = entry.attempts.find(({ number }) => number === entry.answeredBy) ?? entry.attempts.at(-1)
  const source = last?.protocol
  if (taps.isTooLong) return 'too-large'
  const heard = source === undefined ? undefined : taps.heard(source)
  if (last === undefined || source === undefined || heard === undefined) return 'incomplete'
  if (taps.holdsMore) return 'other-content'
  const reason = unstorable(heard, policy.toolCalls)
  if (reason !== undefined) return reason
  // What the gateway asked the usage of, and not the client, is not in the answer.
  const usage = heard.response.usage ?? last.usage ?? undefined
  const counted = usage === undefined ? heard : { ...heard, response: { ...heard.response, usage } }
  return storedAnswer(counted, {
    client: protocol.id,
    source,
    provider: last.provider,
    model: last.modelSent,
    at: parts.now(),
    costNanoUsd: entry.costNanoUsd ?? undefined,
    warnings: entry.warnings,
  })
}
