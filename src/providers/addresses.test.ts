import { describe, expect, test } from 'bun:test'
import type { ProtocolId } from '../ir/index.ts'
import { azureOpenai } from './azure-openai.ts'
import { httpProvider } from './http-provider.ts'
import type { Provider } from './provider.ts'
import { recipes } from './recipes.ts'

const from = (kind: string, settings: object = {}): Provider => {
  const recipe = recipes.find((one) => one.kind === kind)
  if (recipe === undefined) throw new Error(`no recipe ${kind}`)
  return httpProvider(recipe, { id: kind, listed: [], ...settings })
}

const chat = '/v1/chat/completions'
const messages = '/v1/messages'
const generate = '/v1beta/models/m:generateContent'

const address = (provider: Provider, protocol: ProtocolId, path: string, query = ''): string =>
  provider.url({ protocol, operation: 'generate', model: 'm', path, query: new URLSearchParams(query) }).href

const sent = (provider: Provider, protocol: ProtocolId): Record<string, string> => {
  const headers = new Headers()
  provider.authorize(headers, { id: 'c', origin: 'o', reveal: () => 'key' }, protocol)
  return headers.toJSON()
}

describe('a request goes', () => {
  test('where each vendor answers it', () => {
    expect(address(from('openai'), 'openai-chat', chat)).toBe('https://api.openai.com/v1/chat/completions')
    expect(address(from('anthropic'), 'anthropic-messages', messages, 'beta=true')).toBe(
      'https://api.anthropic.com/v1/messages?beta=true',
    )
    expect(address(from('google'), 'gemini', generate)).toBe(
      `https://generativelanguage.googleapis.com${generate}`,
    )
    expect(address(from('google'), 'openai-chat', chat)).toBe(
      'https://generativelanguage.googleapis.com/v1beta/openai/chat/completions',
    )
    expect(address(from('deepseek'), 'anthropic-messages', messages)).toBe(
      'https://api.deepseek.com/anthropic/v1/messages',
    )
    expect(address(from('groq'), 'openai-chat', chat)).toBe('https://api.groq.com/openai/v1/chat/completions')
  })

  test('below a configured base, which ends in the version for OpenAI and before it for the others', () => {
    const vllm = from('vllm', { baseUrl: 'http://gpu:9/v1/' })
    expect(address(vllm, 'openai-chat', chat)).toBe('http://gpu:9/v1/chat/completions')
    expect(address(vllm, 'anthropic-messages', messages)).toBe('http://gpu:9/v1/messages')
    const compatible = from('anthropic-compatible', { baseUrl: 'http://x/prefix' })
    expect(address(compatible, 'anthropic-messages', messages)).toBe('http://x/prefix/v1/messages')
  })

  test('to a deployment at Azure, with its version', () => {
    const azure = azureOpenai({
      id: 'azure',
      listed: [],
      baseUrl: 'https://mine.openai.azure.com/',
      apiVersion: '2024-10-21',
      deployments: { m: 'my deployment' },
    })
    expect(address(azure, 'openai-chat', chat)).toBe(
      'https://mine.openai.azure.com/openai/deployments/my%20deployment/chat/completions?api-version=2024-10-21',
    )
    expect(address(azure, 'openai-responses', '/v1/responses')).toBe(
      'https://mine.openai.azure.com/openai/v1/responses?api-version=preview',
    )
    expect(sent(azure, 'openai-chat')).toEqual({ 'api-key': 'key' })
  })
})

describe('a credential goes', () => {
  test('where the vendor of the protocol wants it', () => {
    expect(sent(from('openai', { organization: 'org', project: 'proj' }), 'openai-chat')).toEqual({
      authorization: 'Bearer key',
      'openai-organization': 'org',
      'openai-project': 'proj',
    })
    expect(sent(from('anthropic'), 'anthropic-messages')).toEqual({ 'x-api-key': 'key' })
    expect(sent(from('google'), 'gemini')).toEqual({ 'x-goog-api-key': 'key' })
    expect(sent(from('google'), 'openai-chat')).toEqual({ authorization: 'Bearer key' })
    expect(sent(from('openrouter'), 'anthropic-messages')).toEqual({ authorization: 'Bearer key' })
  })

  test('to one origin, whatever protocol a provider speaks', () => {
    for (const recipe of recipes) {
      const origins = Object.values(recipe.bases)
        .filter((base) => base !== '')
        .map((base) => new URL(base).origin)
      expect([recipe.kind, new Set(origins).size <= 1]).toEqual([recipe.kind, true])
    }
  })
})

test('only the protocols that have an operation are asked for it', () => {
  const openai = from('openai')
  expect(openai.speaks('m', 'generate')).toEqual(['openai-responses', 'openai-chat'])
  expect(openai.speaks('m', 'embed')).toEqual(['openai-embeddings'])
  expect(openai.speaks('m', 'count-tokens')).toEqual(['openai-responses'])
  expect(from('anthropic').speaks('m', 'embed')).toEqual([])
})
