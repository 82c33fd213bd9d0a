import { describe, expect, test } from 'bun:test'
import type { Part, ToolDefinition, Turn } from '../../ir/index.ts'
import { clientTools } from './client-tools.ts'
import { laterTools } from './later-tools.ts'
import { toolNames } from './tool-names.ts'
import { refusalOf, requestOf, runPasses, targetOf } from './tool-target.fixture.ts'

const fn = (name: string, more = {}): ToolDefinition => ({ type: 'function', name, ...more })
const user = (text: string): Turn => ({ role: 'user', parts: [{ type: 'text', text }] })
const namesOf = (tools: readonly ToolDefinition[]) => tools.map((tool) => tool.name)

describe('tools that the history adds', () => {
  const added: Turn = { role: 'system', parts: [], tools: [fn('exec'), fn('wait')], at: 'input[0]' }

  test('before the user’s first word are simply the tools: Codex sends them so', () => {
    const given = requestOf('openai-responses', { turns: [added, user('go')] })
    const { request, warnings } = runPasses([laterTools], given, targetOf('anthropic-messages'))
    expect(namesOf(request.tools)).toEqual(['exec', 'wait'])
    expect(request.turns).toEqual([user('go')])
    expect(warnings).toEqual([])
  })

  test('later cost the prompt cache, which is told', () => {
    const given = requestOf('openai-responses', { tools: [fn('a'), fn('exec')], turns: [user('go'), added] })
    const { request, warnings } = runPasses([laterTools], given, targetOf('gemini'))
    expect(namesOf(request.tools)).toEqual(['a', 'exec', 'wait'])
    expect(warnings).toMatchObject([{ code: 'approximated', path: 'input[0]' }])
  })

  test('stay in their place where the target takes them there', () => {
    const block: Part = {
      type: 'opaque',
      name: 'tool_addition',
      raw: { protocol: 'anthropic-messages', json: '{"type":"tool_addition"}' },
    }
    const turns: readonly Turn[] = [user('go'), { role: 'system', parts: [block], tools: [fn('late')] }]
    const given = requestOf('anthropic-messages', { turns })
    const { request, warnings } = runPasses([laterTools], given, targetOf('openai-responses'))
    expect(request.turns[1]).toEqual({ role: 'system', parts: [], tools: [fn('late')] })
    expect(request.tools).toEqual([])
    expect(warnings).toEqual([])
  })
})

describe('tools that Anthropic’s history takes away', () => {
  const removal = (tool: object): Turn => ({
    role: 'system',
    parts: [
      {
        type: 'opaque',
        name: 'tool_removal',
        at: 'messages.1.content.0',
        raw: { protocol: 'anthropic-messages', json: JSON.stringify({ type: 'tool_removal', tool }) },
      },
    ],
  })

  test('are not offered any more', () => {
    const turns = [user('go'), removal({ type: 'tool_reference', name: 'b' })]
    const given = requestOf('anthropic-messages', { tools: [fn('a'), fn('b')], turns })
    const { request, warnings } = runPasses([laterTools], given, targetOf('openai-chat'))
    expect(namesOf(request.tools)).toEqual(['a'])
    expect(request.turns).toEqual([user('go')])
    expect(warnings).toMatchObject([{ path: 'messages.1.content.0' }])
  })

  test('must not be offered by mistake', () => {
    const turns = [user('go'), removal({ type: 'mcp_tool_reference', server_name: 's', name: 'b' })]
    const given = requestOf('anthropic-messages', { turns })
    expect(refusalOf(() => runPasses([laterTools], given, targetOf('openai-chat'))).param).toBe(
      'messages.1.content.0',
    )
  })
})

describe('deferred tools', () => {
  const tools = [
    fn('Read'),
    fn('DeferredToolPlaceholder', { deferLoading: true }),
    fn('mcp__a', { deferLoading: true, at: 'tools.2' }),
  ]

  test('are ordinary ones where nobody searches, and Claude Code’s placeholder is none', () => {
    const given = requestOf('anthropic-messages', { tools })
    const { request, warnings } = runPasses([laterTools], given, targetOf('openai-chat'))
    expect(request.tools).toEqual([fn('Read'), fn('mcp__a', { at: 'tools.2' })])
    expect(warnings).toMatchObject([{ code: 'approximated', path: 'tools.2' }])
  })

  test('that a search has brought up are no loss', () => {
    const reference: Part = { type: 'json', json: '{"type":"tool_reference","tool_name":"mcp__a"}' }
    const turns: readonly Turn[] = [
      { role: 'user', parts: [{ type: 'tool-result', kind: 'function', content: [reference] }] },
    ]
    const given = requestOf('anthropic-messages', { tools, turns })
    expect(runPasses([laterTools], given, targetOf('openai-chat')).warnings).toEqual([])
  })

  test('stay deferred between providers that search themselves', () => {
    const search: ToolDefinition = {
      type: 'server',
      tool: 'tool-search',
      wireType: 'tool_search_tool_bm25_20251119',
      config: '{}',
    }
    const given = requestOf('anthropic-messages', { tools: [...tools, search] })
    const target = targetOf('openai-responses', { serverTools: ['tool-search'] })
    expect(runPasses([laterTools], given, target).request.tools[1]).toMatchObject({ deferLoading: true })
  })
})

test('tools that Codex’s own search finds join the list, and the result names them', () => {
  const found = (name: string) =>
    JSON.stringify([
      {
        type: 'namespace',
        name: 'mcp__rec',
        description: 'Records.',
        tools: [{ type: 'function', name, parameters: { type: 'object', properties: {} }, strict: false }],
      },
    ])
  const search = (id: string, name: string): readonly Turn[] => [
    {
      role: 'assistant',
      parts: [
        {
          type: 'server-call',
          id,
          tool: 'tool-search',
          name: 'tool_search',
          input: '{"query":"record"}',
          byClient: true,
        },
      ],
    },
    {
      role: 'user',
      parts: [
        { type: 'server-result', callId: id, tool: 'tool-search', name: 'tool_search', output: found(name) },
      ],
    },
  ]
  const given = requestOf('openai-responses', {
    turns: [user('go'), ...search('c1', 'lookup'), ...search('c2', 'store')],
  })
  const { request } = runPasses([laterTools, clientTools, toolNames], given, targetOf('anthropic-messages'))
  expect(namesOf(request.tools)).toEqual(['mcp__rec__lookup', 'mcp__rec__store'])
  expect(request.turns.slice(1)).toMatchObject([
    { parts: [{ type: 'tool-call', id: 'c1', name: 'tool_search', input: '{"query":"record"}' }] },
    { parts: [{ type: 'tool-result', callId: 'c1', content: [{ type: 'text', text: 'mcp__rec__lookup' }] }] },
    { parts: [{ type: 'tool-call', id: 'c2' }] },
    { parts: [{ type: 'tool-result', content: [{ text: 'mcp__rec__store' }] }] },
  ])
})
