import type { Part, ToolResultPart, Turn } from '../../ir/index.ts'

/**
 * All results of one assistant message stand in the next user message (translation.md §5.4): those that came later,
 * behind more words of the assistant, move there. `resultsFirst` then brings them into order.
 */
export const resultsAtTheirCalls = (turns: readonly Turn[]): readonly Turn[] => {
  const runOfCall = new Map<string, number>()
  /** Of each run of assistant turns: the turn that follows it. */
  const follower: number[] = []
  const moved = new Map<number, ToolResultPart[]>()
  let run = -1
  let wasAssistant = false
  const kept = turns.map((turn, index) => {
    if (turn.role === 'assistant') {
      if (!wasAssistant) run++
      wasAssistant = true
      for (const part of turn.parts) {
        if (part.type === 'tool-call' && part.id !== undefined) runOfCall.set(part.id, run)
      }
      return turn
    }
    if (wasAssistant) follower[run] = index
    wasAssistant = false
    const isLate = (part: Part): part is ToolResultPart => {
      const called = part.type === 'tool-result' ? runOfCall.get(part.callId ?? '') : undefined
      return called !== undefined && called < run
    }
    if (!turn.parts.some(isLate)) return turn
    for (const part of turn.parts.filter(isLate)) {
      const place = follower[runOfCall.get(part.callId ?? '') ?? -1] ?? index
      const there = moved.get(place)
      if (there === undefined) moved.set(place, [part])
      else there.push(part)
    }
    return { ...turn, parts: turn.parts.filter((part) => !isLate(part)) }
  })
  if (moved.size === 0) return turns
  return kept.flatMap((turn, index): Turn[] => {
    const results = moved.get(index)
    const rest = turn.parts.length === 0 && turns[index]?.parts.length !== 0 ? [] : [turn]
    return results === undefined ? rest : [{ role: 'user', parts: results }, ...rest]
  })
}

/** Results come before any other block of their message, in the order of the calls before it. */
export const resultsFirst = (messages: readonly Turn[]): readonly Turn[] =>
  messages.map((message, index) => {
    const isResult = (part: Part): part is ToolResultPart => part.type === 'tool-result'
    if (message.role !== 'user' || !message.parts.some(isResult)) return message
    const order = new Map<string, number>()
    for (const part of messages[index - 1]?.parts ?? []) {
      if (part.type === 'tool-call' && part.id !== undefined) order.set(part.id, order.size)
    }
    const rank = (part: ToolResultPart): number => order.get(part.callId ?? '') ?? order.size
    const results = message.parts.filter(isResult).sort((a, b) => rank(a) - rank(b))
    return { ...message, parts: [...results, ...message.parts.filter((part) => !isResult(part))] }
  })
