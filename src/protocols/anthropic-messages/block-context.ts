import type { CacheMark, JsonObject, Node, Warning } from '../../ir/index.ts'
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

/** Where the client said it, else its place in the canonical form. */
export const placeOf = (node: Node, path: string): string => node.at ?? path

/** Marks of another protocol have been given our lifetimes before (`foreign-marks.ts`). */
export const encodeCacheMark = (
  cache: CacheMark | undefined,
  rest: JsonObject | undefined,
): Record<string, unknown> | undefined =>
  cache === undefined
    ? undefined
    : withRest({ type: 'ephemeral', ttl: cache.ttl }, objectMember(rest ?? {}, 'cache_control'))

/** The API refuses texts of nothing but white space. */
export const saysNothing = (text: string): boolean => text.trim() === ''

/** Empty text blocks are refused. */
export const isEmptyText = (block: unknown): boolean =>
  typeof block === 'object' &&
  block !== null &&
  'type' in block &&
  'text' in block &&
  typeof block.text === 'string' &&
  saysNothing(block.text)
