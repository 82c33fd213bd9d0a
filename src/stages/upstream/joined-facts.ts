import { addUsage } from '../../ir/index.ts'
import type { AnswerFacts } from '../../protocols/index.ts'

/** What is known of an answer that took another call. */
export const joinedFacts = (earlier: AnswerFacts, later: AnswerFacts): AnswerFacts => {
  const { usage: before, calls = before === undefined ? [] : [before] } = earlier
  const sideUsage = [...(earlier.sideUsage ?? []), ...(later.sideUsage ?? [])]
  const usage = later.usage === undefined ? before : addUsage(before ?? {}, later.usage)
  const { ended: _ended, error: _error, ...known } = earlier
  return {
    ...known,
    ...later,
    ...(usage === undefined ? {} : { usage }),
    calls: later.usage === undefined ? calls : [...calls, later.usage],
    ...(sideUsage.length === 0 ? {} : { sideUsage }),
  }
}

/** The same with a call of which the provider has said nothing. @param inputTokens an estimate */
export const withInput = (facts: AnswerFacts, inputTokens: number): AnswerFacts =>
  joinedFacts(facts, { ...facts, usage: { inputTokens }, sideUsage: [] })
