import type { GenerateRequest, Part } from '../../ir/index.ts'
import type { Calibration } from './calibration.ts'
import { countAnswer, readAnswer } from './count-answer.ts'
import { countPrompt, readPrompt } from './count-prompt.ts'
import { boundedEstimator } from './estimate-text.ts'
import { tokenProfile } from './token-profile.ts'
import { type CountText, countTexts, openTokenizer } from './tokenizer.ts'

export interface TokenCount {
  readonly inputTokens: number
  /** `counted`: in the model's own alphabet; what the provider adds to texts is known only roughly. */
  readonly method: 'counted' | 'estimated'
}

export interface TokenCounter {
  /** Tokens of a prompt, as well as can be told here. */
  count(
    request: GenerateRequest,
    target: { readonly provider: string; readonly model: string },
  ): Promise<TokenCount>
  /** The same at once, without any alphabet. */
  estimate(request: GenerateRequest, target: { readonly provider: string; readonly model: string }): number
}

/** Counts answers as well. */
export interface AnswerCounter extends TokenCounter {
  /** Tokens of what a model wrote: of all these parts, hidden thoughts excepted. */
  countAnswer(parts: readonly Part[], target: { readonly model: string }): Promise<AnswerCount>
}

export interface AnswerCount {
  readonly outputTokens: number
  readonly method: TokenCount['method']
}

/** Counts without asking a provider. */
export const createTokenCounter = (calibration?: Pick<Calibration, 'factor'>): AnswerCounter => {
  const tokenizers = new Map<string, Promise<CountText>>()
  const tokenizer = (encoding: 'o200k_base' | 'cl100k_base'): Promise<CountText> => {
    const open = tokenizers.get(encoding) ?? openTokenizer(encoding)
    tokenizers.set(encoding, open)
    return open
  }
  const estimate: TokenCounter['estimate'] = (request, { provider, model }) => {
    const tokens = countPrompt(readPrompt(request, tokenProfile(model)), boundedEstimator())
    return Math.ceil(tokens * (calibration?.factor(provider, model) ?? 1))
  }
  return {
    estimate,
    async count(request, target) {
      const profile = tokenProfile(target.model)
      if (profile.encoding === undefined) {
        return { inputTokens: estimate(request, target), method: 'estimated' }
      }
      const prompt = readPrompt(request, profile)
      const tokens = await countTexts(prompt.texts, await tokenizer(profile.encoding))
      return { inputTokens: countPrompt(prompt, (text) => tokens.get(text) ?? 0), method: 'counted' }
    },
    async countAnswer(parts, { model }) {
      const profile = tokenProfile(model)
      const answer = readAnswer(parts)
      if (profile.encoding === undefined) {
        return { outputTokens: countAnswer(answer, profile, boundedEstimator()), method: 'estimated' }
      }
      const tokens = await countTexts(answer.texts, await tokenizer(profile.encoding))
      return {
        outputTokens: countAnswer(answer, profile, (text) => tokens.get(text) ?? 0),
        method: 'counted',
      }
    },
  }
}
