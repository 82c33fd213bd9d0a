import type { Part, Turn } from '../../ir/index.ts'
import { withoutAssistantMedia } from './assistant-media.ts'
import { type BlockContext, placeOf } from './block-context.ts'
import { resultsAtTheirCalls, resultsFirst } from './result-order.ts'
import { withSayableParts } from './sayable-parts.ts'
import { hoisted, systemInPlace } from './system-places.ts'
import { withCallIds } from './tool-call-ids.ts'

export interface AdoptedTurns {
  /** For the `system` field. */
  readonly preamble: readonly Turn[]
  /** Messages: equal roles never follow one another. */
  readonly messages: readonly Turn[]
}

/** What the model takes; absent: not known. */
export interface TurnCapabilities {
  readonly midSystem: boolean
  readonly prefill: boolean
}

/**
 * Turns of another protocol as messages (translation.md §4.1, §5.4): leading system turns apart, later ones in place,
 * neighbours of one role joined, all results of a turn in the next message and before anything else there, nothing
 * empty, and no white space at the end of a last assistant text.
 */
export const adoptedTurns = (
  turns: readonly Turn[],
  capabilities: TurnCapabilities | undefined,
  context: BlockContext,
): AdoptedTurns => {
  const placed = hoisted(withPlaces(turns))
  const isPreamble = (turn: Turn): boolean => turn.placement === 'preamble' && turn.role === 'system'
  const sayable = withSayableParts(placed, context)
  const later = sayable.filter((turn) => !isPreamble(turn))
  const midSystem = capabilities?.midSystem === true
  const answered = resultsAtTheirCalls(withCallIds(withoutAssistantMedia(later)))
  const speaking = withoutEmpty(filled(answered, midSystem, context))
  const messages = resultsFirst(joined(systemInPlace(speaking, midSystem)))
  return {
    preamble: sayable.filter(isPreamble),
    messages: asHistory(withoutTrailingSpace(messages), capabilities, context),
  }
}

/** Parts that do not know where the client said them, get their place here: joining moves them. */
const withPlaces = (turns: readonly Turn[]): readonly Turn[] =>
  turns.map((turn, index) => {
    const at = placeOf(turn, `turns[${index}]`)
    if (turn.at !== undefined && turn.parts.every((part) => part.at !== undefined)) return turn
    return {
      ...turn,
      at,
      parts: turn.parts.map(
        (part, number): Part => ({ ...part, at: placeOf(part, `${at}.parts[${number}]`) }),
      ),
    }
  })

/** Empty messages are refused: the assistant's are left out, and system text that says nothing. */
const withoutEmpty = (turns: readonly Turn[]): readonly Turn[] =>
  turns.filter(
    (turn) =>
      turn.parts.length > 0 ||
      turn.role === 'user' ||
      (turn.role === 'system' && turn.reasoning?.effort !== undefined),
  )

/**
 * A user who says nothing between two answers, says so. Decided before empty answers are left out: what was sent once
 * must stay as it was.
 */
const filled = (turns: readonly Turn[], midSystem: boolean, context: BlockContext): readonly Turn[] => {
  const result = [...turns]
  let start = 0
  const fill = (end: number): void => {
    const run = turns.slice(start, end)
    const place = start + run.findIndex((turn) => turn.role === 'user')
    const user = turns[place]
    const isSilent = run.every((turn) => turn.parts.length === 0 || (midSystem && turn.role === 'system'))
    start = end + 1
    if (!isSilent || user?.role !== 'user') return
    const { form: _form, ...rest } = user
    result[place] = { ...rest, parts: [{ type: 'text', text: '(empty)' }] }
    context.warn('approximated', 'empty message', placeOf(user, 'turns'), 'an empty message is refused')
  }
  turns.forEach((turn, index) => {
    if (turn.role === 'assistant') fill(index)
  })
  fill(turns.length)
  return result
}

const joined = (turns: readonly Turn[]): readonly Turn[] => {
  const result: { readonly first: Turn; readonly parts: Part[]; count: number }[] = []
  for (const turn of turns) {
    const last = result.at(-1)
    if (last?.first.role === turn.role && turn.role !== 'system') {
      last.parts.push(...turn.parts)
      last.count++
    } else {
      result.push({ first: turn, parts: [...turn.parts], count: 1 })
    }
  }
  return result.map(({ first, parts, count }) => {
    if (count === 1) return first
    const { form: _form, ...rest } = first
    return { ...rest, parts }
  })
}

const withoutTrailingSpace = (turns: readonly Turn[]): readonly Turn[] => {
  const last = turns.at(-1)
  const part = last?.parts.at(-1)
  if (last?.role !== 'assistant' || part?.type !== 'text') return turns
  const text = part.text.trimEnd()
  if (text === part.text) return turns
  return [...turns.slice(0, -1), { ...last, parts: [...last.parts.slice(0, -1), { ...part, text }] }]
}

/**
 * A last message of the assistant, for a model that does not continue one: such a model refuses it. Agents send one
 * when a stream died under them, with what they had got so far; the model says it anew, and the message is there again
 * when something follows it.
 */
const asHistory = (
  turns: readonly Turn[],
  capabilities: TurnCapabilities | undefined,
  context: BlockContext,
): readonly Turn[] => {
  const last = turns.at(-1)
  if (capabilities === undefined || last?.role !== 'assistant' || !last.parts.every(isWords)) return turns
  const at = placeOf(last, 'turns')
  const before = turns.slice(0, -1)
  // No model goes on from its thoughts.
  if (last.parts.at(-1)?.type === 'reasoning' && before.length > 0) {
    context.warn('dropped', 'reasoning', at, 'nothing follows the thoughts')
    return before
  }
  if (capabilities.prefill) return turns
  const calls = turns.at(-3)
  const isSaidWithCalls =
    calls?.role === 'assistant' &&
    !calls.parts.some((part) => part.type === 'text') &&
    last.parts.every((part) => part.type === 'text') &&
    turns.at(-2)?.parts.every((part) => part.type === 'tool-result') === true
  if (calls !== undefined && isSaidWithCalls) {
    // Some agents replay the words that came with calls behind the results; where they came they are no prefill.
    context.warn('approximated', 'prefill', at, 'words behind the results moved to the calls they came with')
    const firstCall = calls.parts.findIndex((part) => part.type === 'tool-call')
    const { form: _form, ...rest } = calls
    const parts = [...calls.parts.slice(0, firstCall), ...last.parts, ...calls.parts.slice(firstCall)]
    return [...turns.slice(0, -3), { ...rest, parts }, ...turns.slice(-2, -1)]
  }
  if (before.length === 0) {
    context.warn('approximated', 'prefill', at, 'the model does not go on from the words of the assistant')
    return turns
  }
  context.warn('dropped', 'prefill', at, 'the model does not go on from the words of the assistant')
  return before
}

const isWords = ({ type }: Part): boolean => type === 'text' || type === 'reasoning'
