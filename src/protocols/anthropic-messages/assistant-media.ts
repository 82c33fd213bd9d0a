import type { Part, Turn } from '../../ir/index.ts'

/**
 * Assistant messages hold no images and no documents. What the assistant made stands in the next user's message,
 * behind words that say so (translation.md §4.3).
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
    made.push(...turn.parts.filter(isMedia).flatMap(introduced))
    result.push({ ...turn, parts: turn.parts.filter((part) => !isMedia(part)) })
  }
  place()
  return result
}

type MediaPart = Extract<Part, { type: 'image' | 'document' }>

const isMedia = (part: Part): part is MediaPart => part.type === 'image' || part.type === 'document'

const introduced = (part: MediaPart): readonly Part[] => [
  { type: 'text', text: `[${part.type} produced by the assistant]` },
  part,
]
