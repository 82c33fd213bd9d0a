import { describe, expect, test } from 'bun:test'
import type { Capabilities, GenerateRequest } from '../ir/index.ts'
import { cacheMarks } from './cache-marks.ts'

const cache = { ttl: '5m' } as const

const asked: GenerateRequest = {
  protocol: 'anthropic-messages',
  model: 'm',
  stream: false,
  cache,
  tools: [{ type: 'function', name: 'f', cache }],
  turns: [
    { role: 'system', parts: [{ type: 'text', text: 'a', cache }] },
    {
      role: 'user',
      parts: [
        {
          type: 'tool-result',
          callId: 'c',
          kind: 'function',
          content: [{ type: 'text', text: 'b', cache }],
          cache,
        },
      ],
    },
  ],
  sampling: {},
}

const run = (request: GenerateRequest, taken: Capabilities['cache']): GenerateRequest =>
  cacheMarks.run(request, {
    organisation: 'org',
    target: {
      protocol: 'openai-chat',
      provider: 'p',
      credential: 'p/1',
      model: 'm',
      capabilities: { cache: taken } as Capabilities,
    },
    warn: () => {
      throw new Error('nothing is lost')
    },
    refuse: () => {
      throw new Error('refused')
    },
  }).request

describe('cache marks', () => {
  test('are taken out, wherever they stand, for a model that caches by itself', () => {
    const request = run(asked, 'implicit')
    expect(JSON.stringify(request)).not.toContain('"cache"')
    expect(request.turns[1]?.parts[0]).toMatchObject({ type: 'tool-result', callId: 'c' })
  })

  test('stay for a model that takes them', () => {
    expect(run(asked, 'breakpoints')).toBe(asked)
  })

  test('that are not there cost nothing', () => {
    const { cache: _cache, ...rest } = asked
    const bare: GenerateRequest = { ...rest, tools: [], turns: [] }
    expect(run(bare, 'implicit')).toBe(bare)
  })
})
