import { expect, test } from 'bun:test'
import { runMachine, wireRequest } from '../../../test/support/corpus.ts'
import { type GenerateResponse, replay } from '../../ir/index.ts'
import { decodeRequest } from './decode-request.ts'
import { encodeResponse } from './encode-response.ts'
import { streamEncoder } from './encode-stream.ts'
import { gemini } from './index.ts'

const reply = {
  request: decodeRequest(
    wireRequest(gemini, { path: '/v1beta/models/gemini-3.8-flash:generateContent', body: '{"contents":[]}' }),
  ),
  headers: new Headers(),
  id: 'exchange1',
  now: 0,
}

const served = (serviceTier: string): GenerateResponse => ({
  protocol: 'openai-chat',
  serviceTier,
  usage: { inputTokens: 1, outputTokens: 1 },
  choices: [{ index: 0, parts: [{ type: 'text', text: 'Hello' }], finish: { reason: 'end' } }],
})

test('an answer of another provider was served in a tier that Gemini has a word for, or in none', () => {
  for (const [tier, word] of [
    ['default', 'standard'],
    ['priority', 'priority'],
    ['flex', 'flex'],
    ['scale', undefined],
  ] as const) {
    const whole = JSON.parse(encodeResponse(served(tier), reply).body)
    const [last] = runMachine(streamEncoder(reply), replay(served(tier))).slice(-1)
    expect(whole.usageMetadata.serviceTier).toBe(word)
    expect(JSON.parse(last?.data ?? '').usageMetadata.serviceTier).toBe(word)
  }
})
