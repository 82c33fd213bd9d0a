import type { Part, ToolCallPart, ToolResultPart, Turn } from '../../ir/index.ts'
import { madeCallId } from './identifiers.ts'

/**
 * Calls without an id get one; a result without one, or with one that no call has, belongs to the oldest of them that
 * has its name and no answer yet.
 */
export const withCallIds = (turns: readonly Turn[]): readonly Turn[] => {
  if (!turns.some(lacksId)) return turns
  const known = new Set(turns.flatMap(({ parts }) => parts.flatMap(idOfCall)))
  const unanswered: { readonly name: string; readonly id: string }[] = []
  const named = (part: ToolCallPart, turn: number, index: number): ToolCallPart => {
    if (part.id !== undefined) return part
    const id = madeCallId(turn, index, part.name, part.input)
    unanswered.push({ name: part.name, id })
    return { ...part, id }
  }
  const answered = (part: ToolResultPart): ToolResultPart => {
    if (part.callId !== undefined && known.has(part.callId)) return part
    const found = unanswered.findIndex((call) => part.name === undefined || call.name === part.name)
    const [call] = found < 0 ? [] : unanswered.splice(found, 1)
    return call === undefined ? part : { ...part, callId: call.id }
  }
  return turns.map((turn, number) => ({
    ...turn,
    parts: turn.parts.map((part, index) => {
      if (part.type === 'tool-call') return named(part, number, index)
      return part.type === 'tool-result' ? answered(part) : part
    }),
  }))
}

const idOfCall = (part: Part): readonly string[] =>
  part.type === 'tool-call' && part.id !== undefined ? [part.id] : []

const lacksId = (turn: Turn): boolean =>
  turn.parts.some(
    (part) =>
      (part.type === 'tool-call' && part.id === undefined) ||
      (part.type === 'tool-result' && part.callId === undefined),
  )
