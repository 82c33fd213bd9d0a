import type { JsonObject, Usage } from '../../ir/index.ts'
import { numberOf, objectOf, optional } from './members.ts'
import type { ChatUsage } from './wire.ts'

/**
 * Token counts of an answer or of a stream's chunk, OpenAI's and its dialects' (translation.md §12):
 * DeepSeek `prompt_cache_hit_tokens`, Mistral `num_cached_tokens`, Moonshot `cached_tokens`, Databricks and proxies of
 * Anthropic `cache_read_input_tokens` and `cache_creation_input_tokens`, Perplexity `num_search_queries`.
 * Undefined when nothing was counted.
 */
export const decodeUsage = (value: unknown): Usage | undefined => {
  const wire = objectOf(value)
  if (wire === undefined) return undefined
  const prompt = objectOf(wire['prompt_tokens_details']) ?? {}
  const completion = objectOf(wire['completion_tokens_details']) ?? {}
  const reasoning = firstNumber(completion['reasoning_tokens'], wire['reasoning_tokens'])
  const usage: Usage = {
    ...optional('inputTokens', numberOf(wire['prompt_tokens'])),
    ...optional('outputTokens', outputTokens(wire, reasoning)),
    ...optional(
      'cacheReadTokens',
      firstNumber(
        prompt['cached_tokens'],
        wire['prompt_cache_hit_tokens'],
        wire['num_cached_tokens'],
        wire['cached_tokens'],
        wire['cache_read_input_tokens'],
      ),
    ),
    ...optional(
      'cacheWriteTokens',
      firstNumber(
        prompt['cache_write_tokens'],
        prompt['cache_creation_input_tokens'],
        wire['cache_creation_input_tokens'],
      ),
    ),
    ...optional('reasoningTokens', reasoning),
    ...optional('inputAudioTokens', numberOf(prompt['audio_tokens'])),
    ...optional('outputAudioTokens', numberOf(completion['audio_tokens'])),
    ...optional('inputImageTokens', numberOf(prompt['image_tokens'])),
    ...optional('outputImageTokens', numberOf(completion['image_tokens'])),
    ...optional(
      'webSearches',
      firstNumber(objectOf(wire['server_tool_use'])?.['web_search_requests'], wire['num_search_queries']),
    ),
  }
  return Object.keys(usage).length === 0 ? undefined : usage
}

/**
 * Some servers leave reasoning out of `completion_tokens` (xAI, Gemini's compatibility endpoint). It shows in the total,
 * which is input plus output everywhere else.
 */
const outputTokens = (wire: JsonObject, reasoning: number | undefined): number | undefined => {
  const output = numberOf(wire['completion_tokens'])
  const input = numberOf(wire['prompt_tokens'])
  const total = numberOf(wire['total_tokens'])
  if (output === undefined || input === undefined || total === undefined || total <= input + output) {
    return output
  }
  if (reasoning === undefined) return total - input
  return total === input + output + reasoning ? output + reasoning : output
}

/** Writes only what is known: an unknown counter is absent, not 0. */
export const encodeUsage = (usage: Usage): ChatUsage => {
  const { inputTokens, outputTokens: output } = usage
  const written =
    usage.cacheWriteTokens === undefined && usage.cacheWriteLongTokens === undefined
      ? undefined
      : (usage.cacheWriteTokens ?? 0) + (usage.cacheWriteLongTokens ?? 0)
  const prompt = {
    ...optional('cached_tokens', usage.cacheReadTokens),
    ...optional('cache_write_tokens', written),
    ...optional('audio_tokens', usage.inputAudioTokens),
    ...optional('image_tokens', usage.inputImageTokens),
  }
  const completion = {
    ...optional('reasoning_tokens', usage.reasoningTokens),
    ...optional('audio_tokens', usage.outputAudioTokens),
    ...optional('image_tokens', usage.outputImageTokens),
  }
  return {
    ...optional('prompt_tokens', inputTokens),
    ...optional('completion_tokens', output),
    ...(inputTokens === undefined || output === undefined ? {} : { total_tokens: inputTokens + output }),
    ...(Object.keys(prompt).length === 0 ? {} : { prompt_tokens_details: prompt }),
    ...(Object.keys(completion).length === 0 ? {} : { completion_tokens_details: completion }),
  }
}

const firstNumber = (...values: readonly unknown[]): number | undefined => {
  for (const value of values) {
    const number = numberOf(value)
    if (number !== undefined) return number
  }
  return undefined
}
