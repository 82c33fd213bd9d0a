import { defaultOrganisation } from '../../accounts/index.ts'
import { globTest } from '../../ir/index.ts'
import type { CanaryPrompt, CanaryRun } from '../../ledger/index.ts'
import {
  type AnswerOfParts,
  answerOf,
  type QuestionParts,
  questionExchange,
  readAnswer,
  saidText,
} from '../own-exchange/index.ts'

export interface AskCanaryParts extends AnswerOfParts, QuestionParts {}

/** A signal that ends it is taken for its time limit. */
export type CanaryOutcome = Pick<CanaryRun, 'exchange' | 'at' | 'result' | 'error'>

/**
 * Asks once and judges the answer. Undefined where nothing can be asked: there is no such provider, or it generates
 * nothing. Never throws.
 */
export const askCanary = async (
  parts: AskCanaryParts,
  prompt: CanaryPrompt,
  signal: AbortSignal,
): Promise<CanaryOutcome | undefined> => {
  const exchange = questionExchange(parts, {
    ...{ kind: 'canary', tenant, signal },
    target: { provider: prompt.provider, model: prompt.model },
    prompt: prompt.prompt,
    maxOutputTokens: prompt.max_output_tokens,
  })
  if (exchange === undefined) return undefined
  const answer = await answerOf(parts, exchange)
  const asked = { exchange: exchange.id, at: exchange.startedAt }
  if ('error' in answer) {
    return { ...asked, result: 'no_answer', error: answer.error === 'aborted' ? 'timeout' : answer.error }
  }
  const response = readAnswer(exchange.protocol, answer.bytes)
  if (response === undefined) return { ...asked, result: 'no_answer', error: 'unreadable' }
  return { ...asked, result: isRight(saidText(response), prompt.expect) ? 'passed' : 'failed', error: null }
}

/** Nobody's: it belongs to no team, user or key, so no client's usage has it. */
const tenant = { organisation: defaultOrganisation, team: null, user: null, key: null }

const isRight = (text: string, expect: string | undefined): boolean =>
  expect === undefined ? text !== '' : globTest(expect.trim().toLowerCase())(text.toLowerCase())
