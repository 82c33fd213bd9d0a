import type { GenerateRequest, Part, Turn } from '../../ir/index.ts'

/**
 * Codex speaks Chat Completions with two faults of its own: words that came with a call it replays behind the call's
 * result, where they look like an answer to be continued, and several calls of one answer it merges into one broken
 * call. The words go back to their call, and one call at a time is asked for.
 */
export const mendCodex = (request: GenerateRequest, headers: Headers): GenerateRequest => {
  if (!isCodex(headers)) return request
  const turns = wordsAtTheirCalls(request.turns)
  const { parallelToolCalls = request.tools.length > 0 ? false : undefined } = request
  return { ...request, turns, ...(parallelToolCalls === undefined ? {} : { parallelToolCalls }) }
}

const isCodex = (headers: Headers): boolean => headers.get('user-agent')?.startsWith('codex') === true

/**
 * Words directly behind results, with another answer or nothing behind them, came with the calls. Before a word of the
 * user they are an answer of their own.
 */
const wordsAtTheirCalls = (turns: readonly Turn[]): readonly Turn[] => {
  const kept: Turn[] = []
  turns.forEach((turn, index) => {
    const next = turns[index + 1]
    const isLast = next === undefined || next.role === 'assistant'
    const calls = isLast && isWords(turn) ? callsBefore(kept) : undefined
    const caller = calls === undefined ? undefined : kept[calls]
    if (calls === undefined || caller === undefined) kept.push(turn)
    else kept[calls] = withWords(caller, turn)
  })
  return kept.length === turns.length ? turns : kept
}

const isWords = (turn: Turn): boolean =>
  turn.role === 'assistant' && turn.parts.length > 0 && turn.parts.every((part) => part.type === 'text')

/** Where the answer stands whose results are the last turns; undefined when others are. */
const callsBefore = (turns: readonly Turn[]): number | undefined => {
  const index = turns.findLastIndex((turn) => !isResult(turn))
  const turn = turns[index]
  const isCaller = turn?.role === 'assistant' && turn.parts.some(isCall)
  return isCaller && index < turns.length - 1 ? index : undefined
}

const isResult = (turn: Turn): boolean =>
  turn.role === 'user' && turn.parts.length > 0 && turn.parts.every((part) => part.type === 'tool-result')

const isCall = (part: Part): boolean => part.type === 'tool-call'

const withWords = (caller: Turn, words: Turn): Turn => {
  const first = caller.parts.findIndex(isCall)
  const parts = [...caller.parts.slice(0, first), ...words.parts, ...caller.parts.slice(first)]
  const hasOwn = caller.parts.some((part) => part.type === 'text')
  return { ...caller, parts, ...(words.form === undefined || hasOwn ? {} : { form: words.form }) }
}
