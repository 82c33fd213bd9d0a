import { describe, expect, test } from 'bun:test'
import { decodeUsage, encodeUsage } from './usage.ts'

describe('usage of dialects', () => {
  test.each([
    [
      'OpenAI',
      {
        prompt_tokens: 10,
        completion_tokens: 5,
        total_tokens: 15,
        prompt_tokens_details: { cached_tokens: 4 },
      },
      { inputTokens: 10, outputTokens: 5, cacheReadTokens: 4 },
    ],
    [
      'DeepSeek',
      { prompt_tokens: 10, completion_tokens: 5, prompt_cache_hit_tokens: 8 },
      { inputTokens: 10, outputTokens: 5, cacheReadTokens: 8 },
    ],
    [
      'Mistral',
      { prompt_tokens: 70, completion_tokens: 12, total_tokens: 82, num_cached_tokens: 69 },
      { inputTokens: 70, outputTokens: 12, cacheReadTokens: 69 },
    ],
    [
      'Moonshot',
      { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10, cached_tokens: 3 },
      { inputTokens: 9, outputTokens: 1, cacheReadTokens: 3 },
    ],
    [
      'Databricks',
      {
        prompt_tokens: 22,
        completion_tokens: null,
        total_tokens: null,
        cache_read_input_tokens: 1,
        cache_creation_input_tokens: 2,
      },
      { inputTokens: 22, cacheReadTokens: 1, cacheWriteTokens: 2 },
    ],
    [
      'OpenRouter',
      {
        prompt_tokens: 2,
        completion_tokens: 3,
        total_tokens: 5,
        server_tool_use: { web_search_requests: 4 },
      },
      { inputTokens: 2, outputTokens: 3, webSearches: 4 },
    ],
    [
      'Perplexity',
      { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5, num_search_queries: 6 },
      { inputTokens: 2, outputTokens: 3, webSearches: 6 },
    ],
    [
      'xAI, reasoning apart',
      {
        prompt_tokens: 12,
        completion_tokens: 1,
        total_tokens: 303,
        completion_tokens_details: { reasoning_tokens: 290 },
      },
      { inputTokens: 12, outputTokens: 291, reasoningTokens: 290 },
    ],
    [
      'Gemini compatibility, reasoning apart and not counted',
      { prompt_tokens: 10, completion_tokens: 4, total_tokens: 34 },
      { inputTokens: 10, outputTokens: 24 },
    ],
  ] as const)('%s', (_name, wire, usage) => {
    expect(decodeUsage(wire)).toEqual(usage)
  })

  test('what nobody counted is absent', () => {
    expect(decodeUsage(null)).toBeUndefined()
    expect(decodeUsage({})).toBeUndefined()
    expect(decodeUsage({ prompt_tokens: null, completion_tokens: '7' })).toBeUndefined()
    expect(encodeUsage({ inputTokens: 3 })).toEqual({ prompt_tokens: 3 })
  })

  test('writes of both lives are one counter, and the total is their sum', () => {
    expect(
      encodeUsage({
        inputTokens: 9,
        outputTokens: 2,
        cacheWriteTokens: 3,
        cacheWriteLongTokens: 4,
        reasoningTokens: 1,
      }),
    ).toEqual({
      prompt_tokens: 9,
      completion_tokens: 2,
      total_tokens: 11,
      prompt_tokens_details: { cache_write_tokens: 7 },
      completion_tokens_details: { reasoning_tokens: 1 },
    })
  })
})
