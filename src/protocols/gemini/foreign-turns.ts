import type { Part, ToolResultPart, Turn } from '../../ir/index.ts'

/** Parts of one side, in the shape of a Gemini content but still canonical. */
export interface Exchange {
  readonly role: 'user' | 'model'
  readonly parts: readonly Part[]
  /** Where its first turn stands in the client's request. */
  readonly at: string
}

/** System text that came before everything else, and the rest of the history. */
export const splitSystem = (
  turns: readonly Turn[],
): { readonly system: readonly Part[]; readonly rest: readonly Turn[] } => {
  const located = turns.map(withPlaces)
  const first = located.findIndex((turn) => turn.role !== 'system')
  const end = first < 0 ? located.length : first
  const isLeading = (turn: Turn, index: number): boolean =>
    turn.role === 'system' && (index < end || turn.placement === 'preamble')
  return {
    system: located.filter(isLeading).flatMap((turn) => turn.parts),
    rest: located.filter((turn, index) => !isLeading(turn, index)),
  }
}

/** Every part knows its place, for warnings: its own, its turn's, or the canonical one. */
const withPlaces = (turn: Turn, position: number): Turn => {
  const at = turn.at ?? `turns[${position}]`
  return {
    ...turn,
    at,
    parts: turn.parts.map((part, index) =>
      part.at === undefined ? { ...part, at: turn.at ?? `${at}.parts[${index}]` } : part,
    ),
  }
}

/**
 * Turns of other protocols as alternating contents (translation.md §4.1, §5.4): neighbours of one side joined, later
 * system text in its place as a user's reminder, and all results of a call turn directly behind it, in the order of
 * the calls.
 */
export const alternating = (turns: readonly Turn[]): readonly Exchange[] =>
  withResultsBehindCalls(joined(turns.map(toExchange)))

const toExchange = (turn: Turn): Exchange => ({
  role: turn.role === 'assistant' ? 'model' : 'user',
  parts: (turn.role === 'system' ? turn.parts.map(asReminder) : turn.parts).filter(
    (part) => !saysNothing(part),
  ),
  at: turn.at ?? '',
})

/** Hoisting it would change the order, and the prefix that caches know. */
const asReminder = (part: Part): Part =>
  part.type === 'text' ? { ...part, text: `<system-reminder>\n${part.text}\n</system-reminder>` } : part

/** Empty text without a signature. */
const saysNothing = (part: Part): boolean =>
  (part.type === 'text' || part.type === 'refusal') && part.text === '' && part.state === undefined

const joined = (exchanges: readonly Exchange[]): readonly Exchange[] => {
  const result: { readonly role: Exchange['role']; readonly parts: Part[]; readonly at: string }[] = []
  for (const { role, parts, at } of exchanges) {
    // A user's empty message is still one, an assistant's is not.
    if (parts.length === 0 && role === 'model') continue
    const last = result.at(-1)
    if (last?.role === role) last.parts.push(...parts)
    else result.push({ role, parts: [...parts], at })
  }
  return result
}

const withResultsBehindCalls = (exchanges: readonly Exchange[]): readonly Exchange[] => {
  if (!exchanges.some(({ parts }) => parts.some(isResult))) return exchanges
  const { answers, rest } = pairResults(exchanges)
  const arranged = exchanges.flatMap((exchange, index): Exchange[] => {
    const { role, at } = exchange
    const parts = rest[index] ?? []
    const results = answers.get(index) ?? []
    const own: Exchange[] = parts.length === 0 && exchange.parts.length > 0 ? [] : [{ role, parts, at }]
    if (results.length === 0) return own
    return [...own, { role: 'user', parts: results, at: results[0]?.at ?? at }]
  })
  return joined(arranged)
}

const isResult = (part: Part): part is ToolResultPart => part.type === 'tool-result'

/** Which call turn each result belongs to, and what is left of each exchange. */
const pairResults = (exchanges: readonly Exchange[]) => {
  const calls = new Map<string, { readonly turn: number; readonly rank: number }>()
  const answers = new Map<number, ToolResultPart[]>()
  const rankOf = (part: ToolResultPart): number =>
    calls.get(part.callId ?? '')?.rank ?? Number.MAX_SAFE_INTEGER
  const rest = exchanges.map(({ role, parts }, turn): readonly Part[] => {
    if (role === 'model') {
      for (const [rank, part] of parts.entries()) {
        if (part.type === 'tool-call' && part.id !== undefined) calls.set(part.id, { turn, rank })
      }
      return parts
    }
    const orphans: Part[] = []
    const others: Part[] = []
    for (const part of parts) {
      const call = isResult(part) ? calls.get(part.callId ?? '') : undefined
      if (!isResult(part)) others.push(part)
      else if (call === undefined) orphans.push(part)
      else {
        const known = answers.get(call.turn)
        if (known === undefined) answers.set(call.turn, [part])
        else known.push(part)
      }
    }
    return [...orphans, ...others]
  })
  for (const results of answers.values()) results.sort((a, b) => rankOf(a) - rankOf(b))
  return { answers, rest }
}
