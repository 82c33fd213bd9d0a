import { describe, expect, test } from 'bun:test'
import type { Capabilities, GenerateRequest, ProtocolId, ServerTool, ToolDefinition } from '../../ir/index.ts'
import { toolsRunAt } from './run-at-target.ts'
import { requestOf, targetOf } from './tool-target.fixture.ts'

const all: Partial<Capabilities> = { serverTools: ['web-search', 'web-fetch', 'code-execution', 'mcp'] }

const server = (tool: ServerTool, wireType: string, config: unknown = {}): ToolDefinition => ({
  type: 'server',
  tool,
  wireType,
  config: JSON.stringify(config),
})
const search = (config: unknown = {}) => server('web-search', 'web_search', config)

const runAt = (
  tools: readonly ToolDefinition[],
  from: ProtocolId,
  to: ProtocolId,
  capabilities: Partial<Capabilities> = all,
  more: Partial<GenerateRequest> = {},
) => toolsRunAt(requestOf(from, { tools, ...more }), targetOf(to, capabilities), 'org')

describe('a tool of the provider', () => {
  test('acts where the target has it', () => {
    expect(runAt([search()], 'openai-responses', 'anthropic-messages')).toEqual(['web-search'])
    expect(runAt([search()], 'openai-responses', 'openai-responses')).toEqual(['web-search'])
  })

  test('does not where it is left out on the way', () => {
    expect(runAt([search()], 'openai-responses', 'anthropic-messages', { serverTools: [] })).toEqual([])
    expect(runAt([search()], 'openai-responses', 'openai-chat', { serverTools: [] })).toEqual([])
    const offline = search({ external_web_access: false })
    expect(runAt([offline], 'openai-responses', 'anthropic-messages')).toEqual([])
    const besides = [search(), { type: 'function', name: 'exec' } as const]
    const apart = { ...all, serverToolsWithFunctions: false }
    expect(runAt(besides, 'openai-responses', 'gemini', apart)).toEqual([])
  })

  test('does not where the request is refused, since nothing is sent', () => {
    const guarded = search({ filters: { allowed_domains: ['a.de'] } })
    expect(runAt([guarded], 'openai-responses', 'gemini')).toEqual([])
  })

  test('acts as well where it came later', () => {
    const turns = [{ role: 'system', parts: [], tools: [search()] }] as const
    for (const to of ['openai-responses', 'anthropic-messages'] as const) {
      expect(runAt([], 'openai-responses', to, all, { turns })).toEqual(['web-search'])
    }
  })

  test('does not act where the client runs it, or where it looks only at the request', () => {
    const local = [
      server('shell', 'local_shell'),
      server('shell', 'shell', { environment: { type: 'local' } }),
      server('text-editor', 'apply_patch'),
      server('computer', 'computer'),
      server('tool-search', 'tool_search'),
    ]
    expect(runAt(local, 'openai-responses', 'openai-responses')).toEqual([])
    const hosted = server('shell', 'shell', { environment: { type: 'container_auto' } })
    expect(runAt([hosted], 'openai-responses', 'openai-responses')).toEqual(['shell'])
  })

  test('may be a server that the request names beside its tools', () => {
    const extensions = {
      'anthropic-messages': { mcp_servers: [{ type: 'url', name: 'a', url: 'https://a.de' }] },
    }
    for (const to of ['anthropic-messages', 'openai-responses'] as const) {
      expect(runAt([], 'anthropic-messages', to, all, { extensions })).toEqual(['mcp'])
    }
  })
})
