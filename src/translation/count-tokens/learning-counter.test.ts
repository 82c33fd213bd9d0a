import { expect, test } from 'bun:test'
import type { GenerateRequest } from '../../ir/index.ts'
import { createLearningCounter } from './learning-counter.ts'
import { createTokenCounter } from './token-counter.ts'

const request: GenerateRequest = {
  protocol: 'anthropic-messages',
  model: 'm',
  stream: false,
  turns: [
    { role: 'user', parts: [{ type: 'text', text: 'the quick brown fox jumps over the dog. '.repeat(60) }] },
  ],
  tools: [],
  sampling: {},
}
const target = { provider: 'p', model: 'some-model' }

test('estimates come closer to what the provider reports for this model', async () => {
  const before = createTokenCounter().estimate(request, target)
  const counter = createLearningCounter({ every: 2, later: (work) => work() })
  for (let round = 0; round < 20; round++) counter.learn(request, target, before * 2)
  expect(counter.estimate(request, target)).toBeGreaterThan(before * 1.9)
  expect(counter.estimate(request, target)).toBeLessThan(before * 2.1)
  expect((await counter.count(request, target)).inputTokens).toBe(counter.estimate(request, target))
  expect(counter.estimate(request, { ...target, model: 'another' })).toBe(before)
})
