import type { GenerateRequest, GenerateResponse, Part, Usage } from '../../ir/index.ts'
import type { CountCheck } from '../../ledger/index.ts'
import type { AnswerCounter } from '../../translation/index.ts'
import { seenAnswer } from './seen-answer.ts'
import { isSeen } from './seen-prompt.ts'

/** A call that was read, in the words of the protocol that the provider speaks. */
export interface ReadCall {
  /** As it was sent; absent where it cannot be read, or names what lies at the provider. */
  readonly request: GenerateRequest | undefined
  /** As the provider said it. */
  readonly response: GenerateResponse
  /** As the provider reported it. */
  readonly usage: Usage
  readonly target: { readonly provider: string; readonly model: string }
}

export type ComparedCounts = Pick<CountCheck, 'method' | 'input' | 'output' | 'hiddenReasoning'>

/** Counts what can be counted from outside, beside what was reported for it. Undefined where that is nothing. */
export const compareCounts = async (
  counter: AnswerCounter,
  { request, response, usage, target }: ReadCall,
): Promise<ComparedCounts | undefined> => {
  const [choice, ...others] = response.choices
  if (choice === undefined || others.length > 0 || choice.parts.some(ranAtProvider)) return undefined
  const { inputTokens, toolPromptTokens = 0, webSearches = 0, webFetches = 0 } = usage
  if (toolPromptTokens + webSearches + webFetches > 0) return undefined
  const prompt =
    inputTokens !== undefined && request !== undefined && isSeen(request)
      ? await counter.count(request, target)
      : undefined
  const seen = seenAnswer(choice, usage)
  const answer = seen && (await counter.countAnswer(seen.parts, target))
  const method = (prompt ?? answer)?.method
  if (method === undefined) return undefined
  return {
    method,
    input:
      prompt === undefined || inputTokens === undefined
        ? null
        : { reported: inputTokens, counted: prompt.inputTokens },
    output:
      seen === undefined || answer === undefined
        ? null
        : { reported: seen.reportedTokens, counted: answer.outputTokens },
    hiddenReasoning: seen?.hiddenReasoning ?? null,
  }
}

/** What such tools say is read in the same call, and counted as input and output of it. */
const ranAtProvider = (part: Part): boolean =>
  part.type === 'server-result' || (part.type === 'server-call' && part.byClient !== true)
