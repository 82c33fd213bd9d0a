import { GatewayError } from '../../errors.ts'
import {
  type Choice,
  type Extensions,
  type Finish,
  type GenerateResponse,
  isJsonObject,
  type JsonObject,
  type Part,
} from '../../ir/index.ts'
import { clamped, codePoints } from './citations.ts'
import type { Held } from './finish-reason.ts'
import { optional } from './members.ts'
import type { Members } from './remainder.ts'
import { answeredTier } from './service-tier.ts'

/** What an answer of another protocol holds, as far as it decides how it ended. */
export interface HeldAnswer extends Held {
  readonly text: boolean
  /** The arguments of the last call are no whole JSON. */
  readonly isCut: boolean
}

/**
 * The answer of another protocol as this one says it: empty arguments are an empty object, thoughts are one text with
 * their states beside it, and it ends as a client must see it.
 * @throws GatewayError `gateway_upstream_invalid` for an answer that ended in a failure: it has no finish reason
 */
export const adoptAnswer = (response: GenerateResponse): GenerateResponse => {
  const { serviceTier, choices, ...rest } = response
  const tier = serviceTier === undefined ? undefined : answeredTier(serviceTier)
  const answered =
    choices.length === 0 ? [{ index: 0, parts: [], finish: { reason: 'other' } as const }] : choices
  return {
    ...rest,
    choices: answered.map((choice) => adoptChoice(choice)),
    ...optional('serviceTier', tier),
  }
}

const adoptChoice = (choice: Choice): Choice => {
  const finish = choice.finish && effectiveFinish(choice.finish, heldAnswer(choice.parts))
  const failure = finish && failureOf(finish)
  if (failure !== undefined) throw new GatewayError('gateway_upstream_invalid', failure)
  return {
    ...choice,
    parts: choice.parts.filter(saysSomething).map(adoptPart),
    ...optional('finish', finish),
  }
}

const saysSomething = (part: Part): boolean =>
  !((part.type === 'text' || part.type === 'refusal') && part.text === '')

const adoptPart = (part: Part): Part => {
  if (part.type === 'tool-call' && part.kind === 'function' && part.input.trim() === '') {
    return { ...part, input: '{}' }
  }
  if (part.type === 'reasoning') return { ...part, pieces: part.pieces.filter(({ text }) => text !== '') }
  if (part.type !== 'text' || part.citations === undefined) return part
  const length = codePoints(part.text)
  return { ...part, citations: part.citations.map((citation) => clamped(citation, length)) }
}

const heldAnswer = (parts: readonly Part[]): HeldAnswer => {
  const last = parts.findLast((part) => part.type === 'tool-call')
  return {
    calls: last !== undefined,
    refusal: parts.some((part) => part.type === 'refusal' && part.text !== ''),
    text: parts.some((part) => part.type === 'text' && part.text !== ''),
    isCut: last?.type === 'tool-call' && last.kind === 'function' && isCutInput(last.input),
  }
}

/** Nothing at all stands for no arguments. */
export const isCutInput = (input: string): boolean => {
  if (input.trim() === '') return false
  try {
    JSON.parse(input)
    return false
  } catch {
    return true
  }
}

/** Nothing is a call without one, and arguments that break off were cut by the limit (translation.md §11.2). */
export const effectiveFinish = (finish: Finish, held: HeldAnswer): Finish => {
  const isPlain = finish.reason === 'end' || finish.reason === 'tool-calls'
  if (isPlain && held.calls && held.isCut) return { ...finish, reason: 'length' }
  return finish.reason === 'tool-calls' && !held.calls ? { ...finish, reason: 'end' } : finish
}

/** What to tell a client of an answer that ended in a failure. */
export const failureOf = (finish: Finish): string | undefined =>
  finish.reason === 'failed' || finish.reason === 'malformed-call'
    ? (finish.message ?? `the answer ended: ${finish.reason}`)
    : undefined

/** Words for a refusal that came without any (translation.md §11.3). */
export const refusalWords = (
  finish: Finish | undefined,
  held: Pick<HeldAnswer, 'text' | 'refusal'>,
): string | undefined => {
  if (finish?.reason !== 'refusal' || held.text || held.refusal) return undefined
  return finish.message === undefined || finish.message === '' ? 'The request was refused.' : finish.message
}

/**
 * What Google obliges to show beside an answer that was searched for (translation.md WS14), for clients that know our
 * member.
 */
export const displayDuty = (extensions: Extensions | undefined): Members => {
  const grounding = extensions?.gemini?.['groundingMetadata']
  const entry: unknown = isJsonObject(grounding) ? grounding['searchEntryPoint'] : undefined
  return isJsonObject(entry)
    ? { x_tollgate: { grounding: { searchEntryPoint: entry } satisfies JsonObject } }
    : {}
}
