import type { Part, ReasoningPart } from '../../ir/index.ts'
import { saysNothing } from './block-context.ts'
import { splitAtCitations } from './cited-text.ts'
import { madeCallId } from './identifiers.ts'
import { isServerCallId } from './server-tools.ts'
import { protocolId } from './wire.ts'

/**
 * Parts of an answer of another protocol as this one says them: calls with ids, state that stands on words or calls in
 * the thoughts before them, texts cut at their citations, nothing empty.
 * @param exchange makes the ids of calls that came without
 */
export const adoptedAnswer = (parts: readonly Part[], exchange: string): readonly Part[] =>
  withStateInThoughts(parts.map((part, index) => withId(part, exchange, index)))
    .filter((part) => !(part.type === 'text' || part.type === 'refusal') || !saysNothing(part.text))
    .flatMap((part): readonly Part[] => (part.type === 'text' ? splitAtCitations(part) : [part]))

const withId = (part: Part, exchange: string, index: number): Part =>
  part.type === 'tool-call' && part.id === undefined
    ? { ...part, id: madeCallId(exchange, index, part.name) }
    : part

/**
 * State on words or on a call signs the thoughts before it, where they have no signature of their own; else it stands
 * in a redacted block of its own, directly before (translation.md §7.3).
 */
const withStateInThoughts = (parts: readonly Part[]): readonly Part[] => {
  if (!parts.some(hasForeignPlace)) return parts
  const result: Part[] = []
  for (const part of parts) {
    const { state } = part
    if (!hasForeignPlace(part) || state === undefined) {
      result.push(part)
      continue
    }
    const before = result.findLastIndex(hasBlock)
    const last = result[before]
    const { state: _state, ...rest } = part
    if (last?.type === 'reasoning' && last.state === undefined) result[before] = { ...last, state }
    else result.push({ type: 'reasoning', pieces: [], state } satisfies ReasoningPart)
    result.push(rest)
  }
  return result
}

/** Other parts leave no trace in an answer. */
const hasBlock = (part: Part): boolean => {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return !saysNothing(part.text)
    case 'reasoning':
      return part.state !== undefined || part.pieces.some(({ text }) => text !== '')
    case 'tool-call':
      return true
    case 'server-call':
      return isServerCallId(part.id)
    case 'server-result':
      return isServerCallId(part.callId)
    case 'opaque':
      return part.raw?.protocol === protocolId
    default:
      return false
  }
}

const hasForeignPlace = (part: Part): boolean => part.state !== undefined && part.type !== 'reasoning'
