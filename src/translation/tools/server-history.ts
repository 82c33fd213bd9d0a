import type { Part, ServerCallPart, ServerResultPart, Turn } from '../../ir/index.ts'
import type { TranslationContext } from '../pass.ts'
import { mapParts, placeOf, withoutEmptied } from './map-parts.ts'

/**
 * What another provider ran stays there: its results are mostly cited in the text that followed (translation.md §5.5).
 * Code and its output are the exception that Gemini can be told of.
 */
export const withoutServerHistory = (
  turns: readonly Turn[],
  { target, warn }: TranslationContext,
): readonly Turn[] => {
  const toldIds = target.protocol === 'gemini' ? idsOfRunCode(turns) : new Set<string>()
  const kept = mapParts(turns, (part, turn, turnIndex, partIndex): Part | undefined => {
    if (part.type !== 'server-call' && part.type !== 'server-result') return part
    if (part.tool === 'code-execution' && toldIds.has(idOf(part) ?? '')) return withoutId(part)
    if (part.type === 'server-call') {
      const at = placeOf(part, turn, turnIndex, partIndex)
      warn(
        'dropped',
        `${part.tool} call`,
        at,
        'it ran at another provider, and the text says what came of it',
      )
    }
    return undefined
  })
  return withoutEmptied(kept, turns)
}

const idOf = (part: ServerCallPart | ServerResultPart): string | undefined =>
  part.type === 'server-call' ? part.id : part.callId

/** Ids are the other provider's. */
const withoutId = (part: ServerCallPart | ServerResultPart): Part => {
  if (part.type === 'server-call') {
    const { id: _id, raw: _raw, ...rest } = part
    return rest
  }
  const { callId: _callId, raw: _raw, ...rest } = part
  return rest
}

/** Calls that have a result: Gemini wants both. */
const idsOfRunCode = (turns: readonly Turn[]): ReadonlySet<string> => {
  const parts = turns.flatMap((turn) => turn.parts)
  const results = new Set(
    parts.flatMap((part) =>
      part.type === 'server-result' && part.tool === 'code-execution' && part.callId !== undefined
        ? [part.callId]
        : [],
    ),
  )
  return new Set(
    parts.flatMap((part) =>
      part.type === 'server-call' && part.id !== undefined && results.has(part.id) ? [part.id] : [],
    ),
  )
}
