/** A way there and back between two protocols, and the differences that it is known to make. */
import type { Warning } from '../../src/ir/index.ts'
import type { Difference, NamedDifference } from '../support/differences.ts'
import type { Client } from './cases.ts'

export interface Journey {
  /** Where it begins and ends. */
  readonly home: Client
  /** Where it turns. */
  readonly abroad: Client
  /** What the client was told of, either way. */
  readonly warnings: readonly Warning[]
}

export interface Loss extends NamedDifference<Journey> {}

export interface LossOptions {
  readonly change?: Difference['change']
  readonly home?: readonly Client[]
  readonly abroad?: readonly Client[]
  /** It is only allowed where a warning of such a feature tells of it. */
  readonly told?: RegExp
  readonly when?: (difference: Difference) => boolean
}

/** A difference at a place, with its reason. */
export const loss = (at: string, reason: string, options: LossOptions = {}): Loss => {
  const { change, home, abroad, told, when } = options
  return {
    at,
    reason,
    ...(change === undefined ? {} : { change }),
    when: (difference, journey) =>
      (home?.includes(journey.home) ?? true) &&
      (abroad?.includes(journey.abroad) ?? true) &&
      (told === undefined || journey.warnings.some(({ feature }) => told.test(feature))) &&
      (when?.(difference) ?? true),
  }
}

/** The same reason at several places. */
export const losses = (places: readonly string[], reason: string, options?: LossOptions): readonly Loss[] =>
  places.map((at) => loss(at, reason, options))

const chat: Client = 'openai-chat'
const responses: Client = 'openai-responses'
const messages: Client = 'anthropic-messages'
const gemini: Client = 'gemini'

/** Short for tables. */
export const protocol = { chat, responses, messages, gemini }
