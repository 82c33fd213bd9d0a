import type { AttemptRow } from '../../ledger/index.ts'
import type { Tokens } from '../../limits/index.ts'

/** Tokens that upstream calls used, as metered; where nobody counted an answer, what was expected of it. */
export const usedBy = (attempts: readonly AttemptRow[], expected: Tokens): Tokens => {
  let input = 0
  let output = 0
  for (const { usage, status, error } of attempts) {
    const answered = status !== null && status < 400
    // Whoever left did not take back what the provider was asked.
    const wasRead = answered || error === 'gateway_client_gone'
    input += usage?.inputTokens ?? (wasRead ? expected.input : 0)
    output += usage?.outputTokens ?? (answered ? expected.output : 0)
  }
  return { input, output }
}
