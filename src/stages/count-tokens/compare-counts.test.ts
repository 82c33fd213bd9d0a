import { describe, expect, test } from 'bun:test'
import type { GenerateRequest, Part, ProtocolId, Usage } from '../../ir/index.ts'
import { createTokenCounter } from '../../translation/index.ts'
import { compareCounts } from './compare-counts.ts'

const counter = createTokenCounter()
const request: GenerateRequest = {
  protocol: 'openai-chat',
  model: 'm',
  stream: false,
  turns: [{ role: 'user', parts: [{ type: 'text', text: 'Which rivers flow through Paris and Vienna?' }] }],
  tools: [],
  sampling: {},
}
const text: Part = { type: 'text', text: 'The Seine flows through Paris, and the Danube through Vienna.' }
const call: Part = {
  type: 'tool-call',
  id: 'call_1',
  kind: 'function',
  name: 'look_up',
  input: '{"q":"Danube"}',
}

const compare = (parts: readonly Part[], usage: Usage, protocol: ProtocolId = 'openai-chat') =>
  compareCounts(counter, {
    request,
    response: { protocol, choices: [{ index: 0, parts, finish: { reason: 'end' } }] },
    usage,
    target: { provider: 'p', model: 'gpt-4o' },
  })

const tokensOf = async (...parts: readonly Part[]): Promise<number> =>
  (await counter.countAnswer(parts, { model: 'gpt-4o' })).outputTokens

describe('what is compared of an answer', () => {
  test('is everything, beside what was reported', async () => {
    const { inputTokens } = await counter.count(request, { provider: 'p', model: 'gpt-4o' })
    expect(await compare([text, call], { inputTokens: 500, outputTokens: 60, cacheReadTokens: 400 })).toEqual(
      {
        method: 'counted',
        input: { reported: 500, counted: inputTokens },
        output: { reported: 60, counted: await tokensOf(text, call) },
        hiddenReasoning: 0,
      },
    )
  })

  test('is the visible part and what is reported for it, where thoughts are hidden or only summed up', async () => {
    const counted = await tokensOf(text)
    const usage = { outputTokens: 300, reasoningTokens: 256 }
    const summed: Part = { type: 'reasoning', pieces: [{ kind: 'summary', text: 'Thinking about rivers' }] }
    const sealed: Part = {
      type: 'reasoning',
      pieces: [{ kind: 'text', text: 'some of it' }],
      state: { protocol: 'anthropic-messages', kind: 'signature', value: 's' },
    }
    for (const parts of [[text], [summed, text], [sealed, text]]) {
      expect(await compare(parts, usage)).toMatchObject({
        output: { reported: 44, counted },
        hiddenReasoning: 256,
      })
    }
  })

  test('is the thoughts as well, where they are shown word for word', async () => {
    const shown: Part = {
      type: 'reasoning',
      pieces: [{ kind: 'text', text: 'Rivers, hm. Paris has the Seine.' }],
    }
    for (const usage of [{ outputTokens: 40 }, { outputTokens: 40, reasoningTokens: 10 }]) {
      expect(await compare([shown, text], usage)).toMatchObject({
        input: null,
        output: { reported: 40, counted: await tokensOf(shown, text) },
        hiddenReasoning: 0,
      })
    }
  })

  test('is nothing where thoughts are hidden and nobody says how many, and nothing but words is', async () => {
    const usage = { inputTokens: 12, outputTokens: 300 }
    const summed: Part = { type: 'reasoning', pieces: [{ kind: 'summary', text: 'Thinking about rivers' }] }
    const image: Part = { type: 'image', source: { type: 'base64', data: 'AA==' } }
    for (const parts of [
      [summed, text],
      [text, image],
    ]) {
      expect(await compare(parts, usage)).toMatchObject({ input: { reported: 12 }, output: null })
    }
    expect(await compare([text], { ...usage, outputAudioTokens: 5 })).toMatchObject({ output: null })
  })

  test('is nothing at all where tools ran at the provider, for several candidates, or where nothing is reported', async () => {
    const ran: Part = { type: 'server-call', tool: 'web-search', name: 'web_search', input: '{}' }
    const usage = { inputTokens: 12, outputTokens: 30 }
    expect(await compare([ran, text], usage)).toBeUndefined()
    expect(await compare([text], { ...usage, toolPromptTokens: 4 })).toBeUndefined()
    expect(await compare([text], { ...usage, webSearches: 1 })).toBeUndefined()
    expect(await compare([text], {})).toBeUndefined()
    const choice = { index: 0, parts: [text], finish: { reason: 'end' as const } }
    const response = { protocol: 'openai-chat' as const, choices: [choice, { ...choice, index: 1 }] }
    const target = { provider: 'p', model: 'gpt-4o' }
    expect(await compareCounts(counter, { request, response, usage, target })).toBeUndefined()
  })

  test('is no answer that was taken back or broken', async () => {
    const response = {
      protocol: 'openai-chat' as const,
      choices: [{ index: 0, parts: [text], finish: { reason: 'filtered-output' as const } }],
    }
    const usage = { inputTokens: 12, outputTokens: 30 }
    const target = { provider: 'p', model: 'gpt-4o' }
    expect(await compareCounts(counter, { request, response, usage, target })).toMatchObject({ output: null })
  })
})
