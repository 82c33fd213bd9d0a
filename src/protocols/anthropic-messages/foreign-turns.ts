import type { Part, ToolCallPart, ToolResultPart, Turn } from '../../ir/index.ts'
import { madeCallId } from './identifiers.ts'

/**
 * Turns of another protocol as this one wants them: leading system turns in the `system` field, neighbours of one
 * role joined (all results of a turn belong into one message), every call and result with an id, and no white space
 * at the end of a last assistant text.
 */
export const adoptedTurns = (turns: readonly Turn[]): readonly Turn[] =>
  withoutTrailingSpace(joined(withCallIds(hoisted(turns))))

/** Only leading ones: later system text stays where it is, or the prefix cache and the order are lost. */
const hoisted = (turns: readonly Turn[]): readonly Turn[] => {
  const firstOther = turns.findIndex((turn) => turn.role !== 'system')
  const end = firstOther < 0 ? turns.length : firstOther
  return turns.map((turn, index) => (index < end ? { ...turn, placement: 'preamble' } : turn))
}

const joined = (turns: readonly Turn[]): readonly Turn[] => {
  const result: Turn[] = []
  for (const turn of turns) {
    const last = result.at(-1)
    if (last !== undefined && last.role === turn.role && turn.role !== 'system') {
      const { form: _form, ...rest } = last
      result[result.length - 1] = { ...rest, parts: [...last.parts, ...turn.parts] }
    } else {
      result.push(turn)
    }
  }
  return result.map(resultsFirst)
}

/** Tool results come before any other block of their message. */
const resultsFirst = (turn: Turn): Turn => {
  const isResult = (part: Part): boolean => part.type === 'tool-result'
  if (turn.role !== 'user' || !turn.parts.some(isResult)) return turn
  return {
    ...turn,
    parts: [...turn.parts.filter(isResult), ...turn.parts.filter((part) => !isResult(part))],
  }
}

/** Calls without an id get one; a result without one belongs to the oldest unanswered call of its name. */
const withCallIds = (turns: readonly Turn[]): readonly Turn[] => {
  const unanswered: { readonly name: string; readonly id: string }[] = []
  const named = (part: ToolCallPart, turn: number, index: number): ToolCallPart => {
    const id = part.id ?? madeCallId(turn, index, part.name, part.input)
    if (part.id === undefined) unanswered.push({ name: part.name, id })
    return { ...part, id }
  }
  const answered = (part: ToolResultPart): ToolResultPart => {
    if (part.callId !== undefined) return part
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

const withoutTrailingSpace = (turns: readonly Turn[]): readonly Turn[] => {
  const last = turns.at(-1)
  const part = last?.parts.at(-1)
  if (last?.role !== 'assistant' || part?.type !== 'text') return turns
  const trimmed = { ...part, text: part.text.trimEnd() }
  return [...turns.slice(0, -1), { ...last, parts: [...last.parts.slice(0, -1), trimmed] }]
}
