import type { CacheMark, JsonObject, Warning } from '../../ir/index.ts'
import { objectMember, withRest } from './members.ts'
import type { AnswerShape } from './version.ts'

/** What a block is written for. */
export interface BlockContext {
  /** A request's history, or an answer. */
  readonly side: 'request' | 'answer'
  /** It was said in another protocol. */
  readonly isForeign: boolean
  readonly shape: AnswerShape
  warn(code: Warning['code'], feature: string, path: string, reason: string): void
}

/** Other protocols' lifetimes become the nearest one (translation.md §8). */
const lifetimes: Readonly<Record<string, string>> = { '30m': '5m', '12h': '1h', '24h': '1h' }

export const encodeCacheMark = (
  cache: CacheMark | undefined,
  rest: JsonObject | undefined,
): Record<string, unknown> | undefined => {
  if (cache === undefined) return undefined
  const ttl = cache.ttl === undefined ? undefined : (lifetimes[cache.ttl] ?? cache.ttl)
  return withRest({ type: 'ephemeral', ttl }, objectMember(rest ?? {}, 'cache_control'))
}

/** Empty text blocks are refused. */
export const isEmptyText = (block: unknown): boolean =>
  typeof block === 'object' && block !== null && 'type' in block && 'text' in block && block.text === ''
