import { describe, expect, test } from 'bun:test'
import type { Capabilities, GenerateRequest, ProtocolId } from '../ir/index.ts'
import { cacheKey } from './cache-key.ts'
import type { TranslationContext } from './pass.ts'

const asked: GenerateRequest = {
  protocol: 'anthropic-messages',
  model: 'm',
  stream: false,
  turns: [
    { role: 'system', parts: [{ type: 'text', text: 'Be brief' }] },
    { role: 'user', parts: [{ type: 'text', text: 'hi' }] },
  ],
  tools: [{ type: 'function', name: 'f' }],
  sampling: {},
}

/** Only what the pass reads. */
const capable = (takesKey: boolean): Capabilities => ({ cacheKey: takesKey }) as Capabilities

const keyOf = (
  request: GenerateRequest,
  given: { organisation?: string; protocol?: ProtocolId; takesKey?: boolean } = {},
): string | undefined => {
  const context: TranslationContext = {
    organisation: given.organisation ?? 'org',
    target: {
      protocol: given.protocol ?? 'openai-responses',
      provider: 'p',
      credential: 'p/1',
      model: 'm',
      capabilities: capable(given.takesKey ?? true),
    },
    warn: () => undefined,
    refuse: () => {
      throw new Error('refused')
    },
  }
  return cacheKey.run(request, context).request.promptCacheKey
}

describe('the cache key', () => {
  test('is the same for every turn of a conversation, and differs by system text, tools and organisation', () => {
    const key = keyOf(asked)
    expect(key).toMatch(/^tgw-[0-9a-f]{32}$/)
    const longer = [...asked.turns, { role: 'assistant' as const, parts: [] }]
    expect(keyOf({ ...asked, turns: longer, stream: true })).toBe(key ?? '')
    expect(keyOf({ ...asked, tools: [] })).not.toBe(key)
    expect(keyOf({ ...asked, turns: asked.turns.slice(1) })).not.toBe(key)
    expect(keyOf(asked, { organisation: 'other' })).not.toBe(key)
  })

  test('is given only where the target takes one and the client could not send its own', () => {
    expect(keyOf(asked, { takesKey: false })).toBeUndefined()
    expect(keyOf(asked, { protocol: 'gemini' })).toBeUndefined()
    expect(keyOf({ ...asked, protocol: 'openai-chat' })).toBeUndefined()
    expect(keyOf({ ...asked, promptCacheKey: 'mine' })).toBe('mine')
    expect(keyOf({ ...asked, tools: [], turns: asked.turns.slice(1) })).toBeUndefined()
  })
})
