import type { HookEvent } from './hooks/index.ts'
import type { CacheBroken } from './stages/prompt-cache/index.ts'
import type { Logger, MetricRegistry } from './telemetry/index.ts'

export interface CacheNoticesParts {
  readonly logger: Pick<Logger, 'warn'>
  readonly emit: (event: HookEvent) => void
  readonly registry: MetricRegistry
  readonly now: () => number
}

/** Conversations whose last notice is remembered; the one that was told of longest ago is forgotten. */
const mostKnown = 10_000
/** Log and hooks hear of one conversation so often, in milliseconds; metrics and the ledger of each request. */
const retold = 60_000

/** Tells that a provider reads less from its cache than it had kept. */
export const createCacheNotices = ({ logger, emit, registry, now }: CacheNoticesParts) => {
  const told = new Map<string, number>()
  const breaks = registry.counter({
    name: 'tollgate_prompt_cache_breaks_total',
    help: 'Requests of which a provider read less from its cache than it had kept of their conversation.',
    labels: ['provider', 'cause'],
  })
  const missed = registry.counter({
    name: 'tollgate_prompt_cache_missed_tokens_total',
    help: 'Tokens that providers had kept and did not read.',
    labels: ['provider', 'cause'],
  })

  return (broken: CacheBroken): void => {
    const { provider, model, cause, expectedTokens, readTokens, difference, session, key } = broken
    breaks(provider, cause).add()
    missed(provider, cause).add(expectedTokens - readTokens)
    const name = `${key}\n${session}\n${provider}\n${model}`
    const time = now()
    if (time - (told.get(name) ?? Number.NEGATIVE_INFINITY) < retold) return
    told.delete(name)
    told.set(name, time)
    if (told.size > mostKnown) for (const oldest of told.keys()) if (told.delete(oldest)) break
    const place = { offset: difference?.offset ?? null, path: difference?.path ?? null }
    logger.warn('a provider reads less from its prompt cache than it could', {
      request: broken.exchange,
      session: session ?? undefined,
      key_id: key,
      provider,
      model,
      cause,
      expected_tokens: expectedTokens,
      read_tokens: readTokens,
      first_changed_byte: place.offset ?? undefined,
      path: place.path ?? undefined,
    })
    const { organisation } = broken
    emit({
      type: 'prompt_cache_broken',
      data: { provider, model, organisation, key, session, cause, expectedTokens, readTokens, ...place },
    })
  }
}
