import type { Part, Turn } from '../../ir/index.ts'
import { isMedia } from './foreign-media.ts'

/**
 * Assistant messages hold no media. What the assistant made stands in a user message of its own, behind words that say
 * so, before the next turn (translation.md §4.3).
 */
export const withoutAssistantMedia = (turns: readonly Turn[]): readonly Turn[] => {
  if (!turns.some((turn) => turn.role === 'assistant' && turn.parts.some(isMedia))) return turns
  const result: Turn[] = []
  let made: Part[] = []
  const place = (): void => {
    if (made.length > 0) result.push({ role: 'user', parts: made })
    made = []
  }
  for (const turn of turns) {
    if (turn.role !== 'assistant') {
      place()
      result.push(turn)
      continue
    }
    for (const part of turn.parts) {
      if (!isMedia(part)) continue
      const at = part.at === undefined ? {} : { at: part.at }
      made.push({ type: 'text', text: `[${part.type} produced by the assistant]`, ...at }, part)
    }
    const { form: _form, ...rest } = turn
    result.push(
      turn.parts.some(isMedia) ? { ...rest, parts: turn.parts.filter((part) => !isMedia(part)) } : turn,
    )
  }
  place()
  return result
}
