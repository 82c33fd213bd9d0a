/** What every chunk of a stream repeats. */
import type { JsonObject } from '../../ir/index.ts'
import { writeJson } from '../../wire/index.ts'
import type { Identity } from './encode-response.ts'
import { optional } from './members.ts'
import type { Slice } from './plain-slice.ts'
import type { Members } from './remainder.ts'

export const headOf = (
  identity: Identity,
  serviceTier: string | undefined,
  members: JsonObject,
): Members => ({
  id: identity.id,
  object: 'chat.completion.chunk',
  created: identity.created,
  model: identity.model,
  ...optional('service_tier', serviceTier),
  ...members,
})

/** The head up to the place of the choice's index. */
export const headText = (head: Members): string => `${writeJson(head).slice(0, -1)},"choices":[{"index":`

/**
 * A chunk that says one slice and nothing else, as text.
 */
export const sliceText = (
  head: string,
  choice: number,
  [open, text, close]: Slice,
  hasUsage: boolean,
): string => {
  const delta = `${open}${JSON.stringify(text)}${close}`
  return `${head}${choice},"delta":${delta},"logprobs":null,"finish_reason":null}]${hasUsage ? ',"usage":null}' : '}'}`
}
