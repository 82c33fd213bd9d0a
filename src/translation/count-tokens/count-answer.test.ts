import { describe, expect, test } from 'bun:test'
import type { Part, ToolCallPart } from '../../ir/index.ts'
import { requestOf } from '../settings/context.fixture.ts'
import { countEdition, createTokenCounter } from './index.ts'

const counter = createTokenCounter()
const text = (words: string): Part => ({ type: 'text', text: words })
const call = (name: string, input: string): ToolCallPart => ({
  type: 'tool-call',
  kind: 'function',
  name,
  input,
})
const count = (model: string, ...parts: readonly Part[]) => counter.countAnswer(parts, { model })

describe('the tokens of an answer', () => {
  test('are counted in the alphabet of OpenAIs models', async () => {
    // 9 tokens of text and the one that ends it.
    expect(await count('gpt-4o', text('The quick brown fox jumps over the fence.'))).toEqual({
      outputTokens: 10,
      method: 'counted',
    })
    expect((await count('claude-sonnet-4-5', text('The quick brown fox.'))).method).toBe('estimated')
  })

  test('hold calls with their frames, of which a second one costs more than the first', async () => {
    const one = call('get_weather', '{"city":"Paris"}')
    const [bare, single, double] = await Promise.all([
      count('gpt-4o', text(one.name), text(one.input)),
      count('gpt-4o', one),
      count('gpt-4o', one, one),
    ])
    expect(single.outputTokens - bare.outputTokens).toBe(6)
    expect(double.outputTokens - single.outputTokens).toBe(bare.outputTokens - 1 + 24)
  })

  test('hold refusals and thoughts that are given, and nothing that is no word of the model', async () => {
    const words = 'I would rather not say anything about that.'
    const { outputTokens } = await count('gpt-4o', text(words))
    expect(await count('gpt-4o', { type: 'refusal', text: words })).toMatchObject({ outputTokens })
    const thoughts: Part = { type: 'reasoning', pieces: [{ kind: 'text', text: words }] }
    expect(await count('gpt-4o', thoughts)).toMatchObject({ outputTokens })
    const image: Part = { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } }
    expect(await count('gpt-4o', text(words), image)).toMatchObject({ outputTokens })
  })

  test('of a long text are counted in bounded time', async () => {
    const sentence = 'The quick brown fox jumps over the lazy dog, and then it rests for 125 minutes. '
    const short = (await count('gpt-4o', text(sentence.repeat(100)))).outputTokens
    const long = (await count('gpt-4o', text(sentence.repeat(20_000)))).outputTokens
    expect(Math.abs(long / (short * 200) - 1)).toBeLessThan(0.05)
  })
})

test('whatever changes a count raises the edition, so that the audit compares counts of one edition only', async () => {
  const request = requestOf('openai-chat', {
    turns: [
      {
        role: 'system',
        parts: [text('Answer in one sentence, and name the source: “Müller & Söhne”, 漢字, 12,345.')],
      },
      { role: 'user', parts: [text('const total = rows.map((row) => row.price).reduce(sum, 0)')] },
      { role: 'assistant', parts: [call('search', '{"query":"prices","limit":25}')] },
    ],
    tools: [{ type: 'function', name: 'search', description: 'Searches.', parameters: '{"type":"object"}' }],
  })
  const models = ['gpt-3.5-turbo', 'gpt-4o', 'gpt-5', 'claude-sonnet-4-5', 'claude-opus-5', 'gemini-2.5-pro']
  const counts = await Promise.all(
    [...models, 'gemini-3-pro', 'gpt-oss-20b', 'another'].map(async (model) => {
      const { inputTokens } = await counter.count(request, { provider: 'p', model })
      const parts = request.turns.flatMap((turn) => turn.parts)
      return [inputTokens, (await counter.countAnswer(parts, { model })).outputTokens]
    }),
  )
  // Other numbers here: raise `countEdition`, and write down both.
  expect({ countEdition, counts }).toEqual({
    countEdition: 1,
    counts: [
      [99, 64],
      [97, 63],
      [94, 66],
      [623, 99],
      [641, 113],
      [68, 58],
      [68, 58],
      [169, 68],
      [167, 66],
    ],
  })
})
