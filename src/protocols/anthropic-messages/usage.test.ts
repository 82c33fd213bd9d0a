import { describe, expect, test } from 'bun:test'
import { mergeWireUsage, readUsage, usageRest, writeUsage } from './usage.ts'

describe('counters', () => {
  test('input includes what the cache gave and took', () => {
    const wire = {
      input_tokens: 10,
      cache_read_input_tokens: 20,
      cache_creation_input_tokens: 30,
      cache_creation: { ephemeral_5m_input_tokens: 12, ephemeral_1h_input_tokens: 18 },
      output_tokens: 5,
      output_tokens_details: { thinking_tokens: 3 },
      server_tool_use: { web_search_requests: 1, web_fetch_requests: 0 },
    }
    const usage = readUsage(wire)
    expect(usage).toEqual({
      inputTokens: 60,
      cacheReadTokens: 20,
      cacheWriteTokens: 12,
      cacheWriteLongTokens: 18,
      outputTokens: 5,
      reasoningTokens: 3,
      webSearches: 1,
      webFetches: 0,
    })
    expect(writeUsage(usage, usageRest(wire))).toEqual(wire)
  })

  test('what was not reported is absent, and null is not reported', () => {
    expect(readUsage({})).toEqual({})
    const nulls = { input_tokens: 4, cache_read_input_tokens: null, cache_creation: null, speed: null }
    expect(readUsage(nulls)).toEqual({ inputTokens: 4 })
    expect(writeUsage(readUsage(nulls), usageRest(nulls))).toEqual(nulls)
  })

  test('nonsense is no count, and comes back as it was', () => {
    const wire = { input_tokens: -1, output_tokens: 'many', cache_read_input_tokens: 1.5 }
    expect(readUsage(wire)).toEqual({})
    expect(writeUsage({}, usageRest(wire))).toEqual(wire)
  })

  test('input is never written below zero', () => {
    expect(writeUsage({ inputTokens: 5, cacheReadTokens: 9 }, {})).toEqual({
      input_tokens: 0,
      cache_read_input_tokens: 9,
    })
  })
})

describe('a stream', () => {
  const start = {
    input_tokens: 10,
    cache_read_input_tokens: 0,
    cache_creation_input_tokens: 100,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 100 },
    output_tokens: 1,
  }

  test('a delta that only tells output tells nothing about input', () => {
    const told = { output_tokens: 9 }
    expect(readUsage(mergeWireUsage(start, told), told)).toEqual({ outputTokens: 9 })
  })

  test('a delta that repeats the written sum keeps how long it lives', () => {
    const told = { input_tokens: 10, cache_creation_input_tokens: 100, output_tokens: 9 }
    expect(readUsage(mergeWireUsage(start, told), told)).toEqual({
      inputTokens: 110,
      cacheWriteTokens: 0,
      cacheWriteLongTokens: 100,
      outputTokens: 9,
    })
  })

  test('input that grew while server tools ran is taken from the delta', () => {
    const told = { input_tokens: 50, output_tokens: 9 }
    expect(readUsage(mergeWireUsage(start, told), told).inputTokens).toBe(150)
  })

  test('null does not erase what was known', () => {
    expect(mergeWireUsage({ input_tokens: 3 }, { input_tokens: null, output_tokens: 2 })).toEqual({
      input_tokens: 3,
      output_tokens: 2,
    })
  })
})
