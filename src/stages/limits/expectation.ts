import type { AttemptRow } from '../../ledger/index.ts'
import type { Limits, Tokens } from '../../limits/index.ts'
import type { Exchange } from '../../pipeline/index.ts'
import type { Authenticated } from '../authenticate/index.ts'
import type { Matched } from '../match/index.ts'
import type { Received } from '../receive/index.ts'

/** What an exchange is expected to use, and what is learnt from it. */
export interface Expectation {
  /** Read when it is first asked for: it takes a decode. */
  tokens(): Tokens
  /** Counts once, and only where it was asked for and an answer said what it used. */
  learn(used: Tokens, attempts: readonly AttemptRow[]): void
}

export const createExpectation = (
  book: Limits['book'],
  exchange: Exchange & Authenticated & Received & Matched,
): Expectation => {
  const { operation, facts, identity, demands } = exchange
  let known: Tokens | undefined
  let isLearnt = false
  const who = (): string => `${identity.id}\n${facts.model ?? ''}`

  const read = (): Tokens => {
    const generates = operation === 'generate' || operation === 'compact-response'
    if (!generates && operation !== 'embed') return { input: 0, output: 0 }
    const { inputTokens } = demands()
    if (!generates) return { input: inputTokens, output: 0 }
    return book.expect({ who: who(), input: inputTokens, maxOutput: facts.maxOutputTokens })
  }
  return {
    tokens() {
      known ??= read()
      return known
    },
    learn(used, attempts) {
      if (known === undefined || isLearnt || operation !== 'generate') return
      // Calls that came to nothing, or to two answers, say nothing about the next.
      const answered = attempts.filter(({ usage }) => usage?.inputTokens !== undefined)
      if (answered.length !== 1 || answered[0]?.usage?.outputTokens === undefined) return
      isLearnt = true
      book.learn(who(), demands().inputTokens, used)
    },
  }
}
