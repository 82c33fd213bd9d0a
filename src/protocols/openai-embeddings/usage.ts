import { isJsonObject, type Usage } from '../../ir/index.ts'
import type { EmbeddingsUsage } from './wire.ts'

/** Tokens of an answer; undefined when nothing was counted. `total_tokens` stands in for servers that send it alone. */
export const decodeUsage = (value: unknown): Usage | undefined => {
  if (!isJsonObject(value)) return undefined
  const { prompt_tokens: prompt, total_tokens: total, completion_tokens: completion } = value
  const input = typeof prompt === 'number' ? prompt : typeof total === 'number' ? total : undefined
  if (input === undefined) return undefined
  return { inputTokens: input, ...(typeof completion === 'number' ? { outputTokens: completion } : {}) }
}

export const encodeUsage = (usage: Usage): EmbeddingsUsage | undefined =>
  usage.inputTokens === undefined
    ? undefined
    : { prompt_tokens: usage.inputTokens, total_tokens: usage.inputTokens + (usage.outputTokens ?? 0) }
