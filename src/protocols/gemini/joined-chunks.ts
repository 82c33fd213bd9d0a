import type { Part, ReasoningPart, TextPart, Turn } from '../../ir/index.ts'

/**
 * Chats of js-genai send every chunk of a streamed answer back as a model content of its own (translation.md §4.1).
 * Such a run is one answer: its contents become one turn, text that was cut into chunks is one text again, and empty
 * text goes, unless it carries a signature. Parts keep their places.
 */
export const joinedChunks = (turns: readonly Turn[]): readonly Turn[] => {
  const result: Turn[] = []
  for (const turn of turns) {
    const last = result.at(-1)
    if (turn.role === 'assistant' && last?.role === 'assistant') {
      result[result.length - 1] = { ...last, parts: [...last.parts, ...turn.parts] }
    } else result.push(turn)
  }
  return result.length === turns.length ? turns.map(withWholeTexts) : result.map(withWholeTexts)
}

const withWholeTexts = (turn: Turn): Turn => {
  if (turn.role !== 'assistant' || turn.parts.length < 2) return turn
  const parts: Part[] = []
  for (const part of turn.parts) {
    if (part.type === 'text' && part.text === '' && part.state === undefined) continue
    const last = parts.at(-1)
    const joined = last === undefined ? undefined : continued(last, part)
    if (joined === undefined) parts.push(part)
    else parts[parts.length - 1] = joined
  }
  return { ...turn, parts }
}

/**
 * A chunk goes on with the text or thoughts before it, unless it has a signature of its own, which belongs to it alone.
 * The first chunk may have one: it stands for what came before the text.
 */
const continued = (last: Part, part: Part): Part | undefined => {
  if (part.state !== undefined) return undefined
  if (last.type === 'text' && part.type === 'text') return longerText(last, part)
  if (last.type === 'reasoning' && part.type === 'reasoning' && last.state === undefined) {
    return longerThoughts(last, part)
  }
  return undefined
}

/** Source text and notes were of the pieces. */
const longerText = ({ raw: _raw, ...last }: TextPart, part: TextPart): TextPart => ({
  ...last,
  text: last.text + part.text,
})

const longerThoughts = ({ raw: _raw, ...last }: ReasoningPart, part: ReasoningPart): ReasoningPart => {
  const text = [...last.pieces, ...part.pieces].map((piece) => piece.text).join('')
  return { ...last, pieces: [{ kind: 'summary', text }] }
}
