import { isJsonObject, type JsonObject, type Usage, usageCounters } from '../../ir/index.ts'
import { numberMember, objectMember } from './members.ts'
import type { WireToolUsage, WireUsage } from './wire.ts'

type Counters = { -readonly [counter in keyof Usage]?: number }

/**
 * Token counters of a `usage` object (translation.md §12). What the provider did not report is absent.
 * @param toolUsage the response's `tool_usage`, which counts web searches
 */
export const decodeUsage = (usage: unknown, toolUsage?: unknown): Usage | undefined => {
  if (!isJsonObject(usage)) return undefined
  const input = numberMember(usage, 'input_tokens')
  const output = numberMember(usage, 'output_tokens')
  const inputDetails = objectMember(usage, 'input_tokens_details') ?? {}
  const outputDetails = objectMember(usage, 'output_tokens_details') ?? {}
  const written = objectMember(inputDetails, 'cache_write_tokens_details') ?? {}
  const reasoning = numberMember(outputDetails, 'reasoning_tokens')
  const searches = objectMember(isJsonObject(toolUsage) ? toolUsage : {}, 'web_search') ?? {}
  // xAI counts them inside `usage`.
  const serverTools = objectMember(usage, 'server_side_tool_usage_details') ?? {}
  return defined({
    inputTokens: input,
    outputTokens: wholeOutput(usage, input, output, reasoning),
    cacheReadTokens: numberMember(inputDetails, 'cached_tokens'),
    cacheWriteTokens:
      numberMember(written, 'ttl_30m_tokens') ?? numberMember(inputDetails, 'cache_write_tokens'),
    cacheWriteLongTokens: numberMember(written, 'ttl_12h_tokens'),
    reasoningTokens: reasoning,
    inputAudioTokens: numberMember(inputDetails, 'audio_tokens'),
    outputAudioTokens: numberMember(outputDetails, 'audio_tokens'),
    inputImageTokens: numberMember(inputDetails, 'image_tokens'),
    outputImageTokens: numberMember(outputDetails, 'image_tokens'),
    webSearches: numberMember(searches, 'num_requests') ?? numberMember(serverTools, 'web_search_calls'),
  })
}

/** Some servers count reasoning beside the output instead of inside it; the total gives them away. */
const wholeOutput = (
  usage: JsonObject,
  input: number | undefined,
  output: number | undefined,
  reasoning: number | undefined,
): number | undefined => {
  const total = numberMember(usage, 'total_tokens')
  if (input === undefined || output === undefined || reasoning === undefined || total === undefined) {
    return output
  }
  return total !== input + output && total === input + output + reasoning ? output + reasoning : output
}

/** Both detail objects are required on the wire: a counter in them that nobody reported is written as 0. */
export const encodeUsage = (usage: Usage): WireUsage => {
  const short = usage.cacheWriteTokens
  const long = usage.cacheWriteLongTokens
  return {
    input_tokens: usage.inputTokens ?? 0,
    input_tokens_details: {
      cached_tokens: usage.cacheReadTokens ?? 0,
      cache_write_tokens: (short ?? 0) + (long ?? 0),
      ...(long === undefined
        ? {}
        : { cache_write_tokens_details: { ttl_30m_tokens: short ?? 0, ttl_12h_tokens: long } }),
      ...(usage.inputAudioTokens === undefined ? {} : { audio_tokens: usage.inputAudioTokens }),
      ...(usage.inputImageTokens === undefined ? {} : { image_tokens: usage.inputImageTokens }),
    },
    output_tokens: usage.outputTokens ?? 0,
    output_tokens_details: {
      reasoning_tokens: usage.reasoningTokens ?? 0,
      ...(usage.outputAudioTokens === undefined ? {} : { audio_tokens: usage.outputAudioTokens }),
      ...(usage.outputImageTokens === undefined ? {} : { image_tokens: usage.outputImageTokens }),
    },
    total_tokens: (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0),
  }
}

/** The response's `tool_usage`: written where somebody counted, as the type wants it, with both tools. */
export const encodeToolUsage = (usage: Usage | undefined): WireToolUsage | undefined => {
  if (usage?.webSearches === undefined) return undefined
  const tokens = { image_tokens: 0, text_tokens: 0 }
  return {
    image_gen: { input_tokens: 0, input_tokens_details: tokens, output_tokens: 0, total_tokens: 0 },
    web_search: { num_requests: usage.webSearches },
  }
}

const defined = (counters: { readonly [counter in keyof Usage]: number | undefined }): Usage => {
  const usage: Counters = {}
  for (const counter of usageCounters) {
    const value = counters[counter]
    if (value !== undefined) usage[counter] = value
  }
  return usage
}
