import { type Choice, type Finish, type FinishReason, isJsonObject, type JsonObject } from '../../ir/index.ts'
import { ownMember, readMembers, withRest } from './members.ts'
import { own, ownRest } from './own.ts'
import type { AnswerShape } from './version.ts'
import type { WireStopDetails } from './wire.ts'

const fromWire: Readonly<Record<string, FinishReason>> = {
  end_turn: 'end',
  stop_sequence: 'stop-sequence',
  tool_use: 'tool-calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'context',
  pause_turn: 'pause',
  compaction: 'compacted',
  refusal: 'refusal',
}

/** translation.md §11.2. `failed` and `malformed-call` are errors and have no stop reason. */
const toWire: Readonly<Record<FinishReason, string>> = {
  end: 'end_turn',
  'stop-sequence': 'stop_sequence',
  'tool-calls': 'tool_use',
  length: 'max_tokens',
  context: 'model_context_window_exceeded',
  pause: 'pause_turn',
  compacted: 'compaction',
  refusal: 'refusal',
  'filtered-output': 'refusal',
  'filtered-input': 'refusal',
  'malformed-call': 'end_turn',
  'no-image': 'end_turn',
  steered: 'end_turn',
  failed: 'end_turn',
  other: 'end_turn',
}

/** Reasons that the wire can only say approximately. */
export const approximated: ReadonlySet<FinishReason> = new Set(['no-image', 'steered', 'other'])

/** Reasons that a client must get as an error. */
export const isFailure = (reason: FinishReason): boolean => reason === 'failed' || reason === 'malformed-call'

const stopMembers = new Set(['stop_reason', 'stop_sequence', 'stop_details'])

/**
 * Reads `stop_reason`, `stop_sequence` and `stop_details` of a message or a `message_delta`.
 * @returns undefined while the message has no stop reason; the members are then the rest's
 */
export const readFinish = (wire: JsonObject): Finish | undefined => {
  const reason = ownMember(wire, 'stop_reason')
  if (typeof reason !== 'string') return undefined
  const reader = readMembers(wire)
  const known = Object.hasOwn(fromWire, reason) ? fromWire[reason] : undefined
  if (known !== undefined) reader.string('stop_reason')
  const stopSequence = reader.string('stop_sequence')
  const details = reader.object('stop_details')
  const detailReader = details === undefined ? undefined : readMembers(details)
  const message = detailReader?.string('explanation')
  const rest = Object.entries(reader.rest()).filter(([key]) => stopMembers.has(key))
  if (detailReader !== undefined) rest.push(['stop_details', detailReader.rest()])
  return {
    reason: known ?? 'other',
    ...(stopSequence === undefined ? {} : { stopSequence }),
    ...(message === undefined ? {} : { message }),
    ...own(Object.fromEntries(rest)),
  }
}

/** Members that `readFinish` reads. */
export const isStopMember = (key: string): boolean => stopMembers.has(key)

/** `stop_reason`, `stop_sequence` and, where there is something to say or the shape wants it, `stop_details`. */
export const writeFinish = (finish: Finish, shape: AnswerShape): Record<string, unknown> => {
  const rest = ownRest(finish)
  return withRest(
    {
      stop_reason: ownMember(rest ?? {}, 'stop_reason') ?? toWire[finish.reason],
      stop_sequence: finish.stopSequence ?? (rest === undefined ? null : undefined),
      stop_details: stopDetails(finish, rest, shape),
    },
    rest ?? {},
  )
}

const stopDetails = (finish: Finish, rest: JsonObject | undefined, shape: AnswerShape): unknown => {
  if (rest !== undefined) {
    const details = ownMember(rest, 'stop_details')
    return isJsonObject(details) ? withRest({ explanation: finish.message }, details) : undefined
  }
  if (finish.message !== undefined && toWire[finish.reason] === 'refusal') {
    return {
      type: 'refusal',
      category: null,
      explanation: finish.message,
    } satisfies WireStopDetails
  }
  return shape === 'full' ? null : undefined
}

/** What an answer holds, as far as it decides how it ended. */
export interface AnswerContents {
  readonly hasCall: boolean
  readonly hasRefusal: boolean
  /** The arguments of the last call are no whole JSON. */
  readonly isCut: boolean
}

/**
 * The finish that a client must see (translation.md §11.2): an open call wins over a plain end and nothing is a call
 * without one, a refusal's words win over an end, and arguments that break off were cut by the limit.
 * @param betas the client's `anthropic-beta`: only who asked for compaction knows its reason
 */
export const effectiveFinish = (
  finish: Finish | undefined,
  contents: AnswerContents,
  betas: string | null,
): Finish => {
  const stated = finish ?? { reason: 'end' }
  const { reason } = stated
  if (ownRest(stated) === undefined) {
    if (reason === 'compacted' && betas?.includes('compact') !== true) return { ...stated, reason: 'end' }
    if ((reason === 'end' || reason === 'tool-calls') && contents.hasCall && contents.isCut) {
      return { ...stated, reason: 'length' }
    }
    if (reason === 'tool-calls' && !contents.hasCall) return { ...stated, reason: 'end' }
  }
  if (reason !== 'end') return stated
  if (contents.hasCall) return { ...stated, reason: 'tool-calls' }
  return contents.hasRefusal ? { ...stated, reason: 'refusal' } : stated
}

export const contentsOf = (choice: Choice | undefined): AnswerContents => {
  const last = choice?.parts.findLast((part) => part.type === 'tool-call')
  return {
    hasCall: last !== undefined,
    hasRefusal: choice?.parts.some((part) => part.type === 'refusal') ?? false,
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
