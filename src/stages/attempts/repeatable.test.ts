import { describe, expect, test } from 'bun:test'
import { createCatalog } from '../../catalog/index.ts'
import type { ProtocolId } from '../../ir/index.ts'
import { protocols } from '../../protocols/index.ts'
import { scanJson } from '../../wire/index.ts'
import type { AnsweredExchange } from './attempt.ts'
import { isRepeatable } from './repeatable.ts'

const catalog = createCatalog({ overrides: [] })

const repeatable = (
  client: 'openai-responses' | 'openai-chat' | 'anthropic-messages',
  body: object,
  [kind, protocol, model]: readonly [kind: string, protocol: ProtocolId, model: string],
): boolean => {
  const bytes = new TextEncoder().encode(JSON.stringify({ model: 'asked', ...body }))
  const spoken = protocols[client]
  const [endpoint] = spoken.endpoints
  if (endpoint === undefined) throw new Error('no endpoint')
  const request = {
    endpoint,
    method: 'POST',
    path: '/v1',
    parameters: {},
    query: new URLSearchParams(),
    headers: new Headers({ 'anthropic-version': '2023-06-01' }),
    body: bytes,
    scan: scanJson(bytes, spoken.watchedKeys, 100),
  }
  const exchange = {
    operation: 'generate',
    protocol: spoken,
    request,
    facts: spoken.facts(request),
    identity: { tenant: { organisation: 'org' } },
  }
  const target = { provider: { id: 'up', kind }, model }
  // Of exchange and target only this much is looked at.
  return isRepeatable(catalog, exchange as unknown as AnsweredExchange, {
    target: target as never,
    protocol,
  })
}

const search = { store: false, input: 'hi', tools: [{ type: 'web_search' }] }

describe('a request with tools of the provider', () => {
  test('is repeatable at a target that gets none of them', () => {
    expect(repeatable('openai-responses', search, ['deepseek', 'openai-chat', 'deepseek-chat'])).toBe(true)
    expect(repeatable('openai-responses', search, ['vllm', 'openai-chat', 'mine'])).toBe(true)
    expect(repeatable('openai-responses', search, ['anthropic', 'anthropic-messages', 'claude-2.1'])).toBe(
      true,
    )
  })

  test('is not at one that runs them', () => {
    const claude = ['anthropic', 'anthropic-messages', 'claude-sonnet-4-5'] as const
    expect(repeatable('openai-responses', search, claude)).toBe(false)
    expect(repeatable('openai-responses', search, ['openai', 'openai-responses', 'gpt-5.1'])).toBe(false)
  })

  test('is repeatable where its own bytes go to a provider that is known to run nothing of the kind', () => {
    expect(repeatable('openai-responses', search, ['deepseek', 'openai-responses', 'deepseek-chat'])).toBe(
      true,
    )
    const unknown = ['openai-compatible', 'openai-responses', 'mine'] as const
    expect(repeatable('openai-responses', search, unknown)).toBe(false)
    const other = { ...search, tools: [{ type: 'of_tomorrow' }] }
    expect(repeatable('openai-responses', other, ['deepseek', 'openai-responses', 'deepseek-chat'])).toBe(
      false,
    )
  })

  test('is not repeatable where it is stored as well, but only at the provider that stores it', () => {
    const stored = { input: 'hi', tools: [] }
    expect(repeatable('openai-responses', stored, ['deepseek', 'openai-responses', 'deepseek-chat'])).toBe(
      false,
    )
    expect(repeatable('openai-responses', stored, ['deepseek', 'openai-chat', 'deepseek-chat'])).toBe(true)
  })
})
