import { type Catalog, cacheMoneyOf } from '../../catalog/index.ts'
import { servedAs, type Usage } from '../../ir/index.ts'
import type { EntryCacheBreak } from '../../ledger/index.ts'
import { type Reply, type Stage, whenSettled } from '../../pipeline/index.ts'
import type { CacheBook, CacheBreak, CacheRules, CacheWatch, Watched } from '../../prompt-cache/index.ts'
import type { AnswerFacts } from '../../protocols/index.ts'
import type { AttemptExchange } from '../attempts/index.ts'
import type { Translated } from '../translate/index.ts'
import { type MarkSettings, markPolicyOf, withMarks } from './with-marks.ts'

export interface PromptCacheParts {
  readonly promptCache: MarkSettings & {
    readonly book: CacheBook
    /** Undefined: nobody wants to be told. */
    readonly watch: CacheWatch | undefined
    readonly onBreak: (broken: CacheBroken) => void
  }
  readonly catalog: Pick<Catalog, 'price'>
  readonly maxNesting: number
  readonly now: () => number
}

/** Whose conversation it was that a provider read less of than it had kept. */
export interface CacheBroken extends CacheBreak {
  readonly exchange: string
  readonly organisation: string
  readonly key: string
  readonly session: string | null
  readonly provider: string
  readonly model: string
}

export interface CacheKept {
  /** Hears of the body as it is on its way; undefined where nobody listens. */
  readonly onSent: ((body: Uint8Array) => void) | undefined
}

type Asked = AttemptExchange & Translated

/**
 * Looks after the provider's prompt cache: sets marks where the policy says so, and holds what the provider read from
 * its cache against what it had kept of the conversation.
 */
export const promptCache = (parts: PromptCacheParts): Stage<Asked, Translated & CacheKept> => ({
  name: 'prompt-cache',
  async run(exchange, next) {
    const { translation, request, facts, attempt, operation, kind } = exchange
    const { book, watch } = parts.promptCache
    if (operation !== 'generate' || attempt.target.provider.send !== undefined) {
      return next({ translation, request, facts, onSent: undefined })
    }
    const { provider, model } = attempt.target
    const rules = book.find(provider.kind, attempt.protocol, model)
    const policy = markPolicyOf(parts.promptCache, exchange)
    const { ttl } = parts.promptCache
    const marked = withMarks(exchange, { policy, rules, ttl, maxNesting: parts.maxNesting })
    if (watch === undefined || !watchedKinds.has(kind)) return next({ ...marked, onSent: undefined })
    const follower = follow(parts, watch, exchange, rules)
    const reply = await next({ ...marked, onSent: follower.onSent })
    await follower.settle(reply)
    return reply
  },
})

/** Copies of exchanges, and questions of the gateway itself, are no conversations. */
const watchedKinds: ReadonlySet<string> = new Set(['client', 'peer', 'background'])

interface Follower {
  readonly onSent: (body: Uint8Array) => void
  settle(reply: Reply): Promise<void> | void
}

const follow = (parts: PromptCacheParts, watch: CacheWatch, exchange: Asked, rules: CacheRules): Follower => {
  const { attempt, identity, entry, protocol, request, screen, translation } = exchange
  const { provider, model } = attempt.target
  const asked = screen.original ?? request
  const client =
    translation === undefined && screen.original === undefined
      ? undefined
      : { protocol: protocol.id, body: asked.body, text: asked.scan.text }
  let look = (): Watched | undefined => undefined
  return {
    onSent(body) {
      // Shorter ones are kept by nobody.
      if (body.byteLength < rules.minimumTokens * fewestBytesOfToken) return
      let watched: Watched | undefined
      let hasLooked = false
      const at = parts.now()
      look = () => {
        if (hasLooked) return watched
        hasLooked = true
        const group = `${identity.tenant.organisation}\n${identity.id}\n${entry.session ?? ''}`
        const upstream = `${provider.id}\n${model}\n${attempt.credential.id}`
        const text = body === request.body ? { text: request.scan.text } : {}
        watched = watch.watch({
          group,
          upstream,
          protocol: attempt.protocol,
          rules,
          body,
          client,
          at,
          ...text,
        })
        return watched
      }
      // The request is on its way: while the provider thinks, there is time.
      setImmediate(look)
    },
    settle: (reply) =>
      whenSettled(reply, ({ facts, usageSource }) => {
        if (facts?.usage === undefined || usageSource === 'estimated') return
        // Of several calls the first is the one that was looked at.
        const usage = facts.calls?.[0] ?? facts.usage
        const found = look()?.answered(usage)
        if (found === undefined) return
        const broken: CacheBroken = {
          ...found,
          exchange: exchange.id,
          organisation: identity.tenant.organisation,
          key: identity.id,
          session: entry.session,
          provider: provider.id,
          model,
        }
        entry.promptCacheBreak = entryBreak(parts, exchange, found, { ...facts, usage })
        parts.promptCache.onBreak(broken)
      }),
  }
}

/** The break as the ledger has it, with what it cost. */
const entryBreak = (
  { catalog }: PromptCacheParts,
  { attempt, identity, facts: asked }: Asked,
  { cause, expectedTokens, readTokens, difference }: CacheBreak,
  facts: AnswerFacts,
): EntryCacheBreak => {
  const { target, startedAt } = attempt
  const card = catalog.price(target.provider.id, target.model, startedAt, identity.tenant.organisation)
  const missing = expectedTokens - readTokens
  const asIfRead: Usage = {
    inputTokens: Math.max(missing, facts.usage?.inputTokens ?? 0),
    outputTokens: 0,
    cacheReadTokens: missing,
  }
  const money =
    card === undefined ? null : cacheMoneyOf(card, asIfRead, servedAs(facts.service, asked.service))
  return {
    cause,
    expectedTokens,
    readTokens,
    offset: difference?.offset ?? null,
    path: difference?.path ?? null,
    missedNanoUsd: money?.saved ?? null,
  }
}

/** No tokenizer makes more tokens of a text. */
const fewestBytesOfToken = 1.5
