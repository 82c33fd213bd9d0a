import { describe, expect, test } from 'bun:test'
import type {
  Capabilities,
  GenerateRequest,
  ProtocolId,
  ServerTool,
  ServerToolDefinition,
  ToolDefinition,
} from '../../ir/index.ts'
import { serverTools } from './server-tools.ts'
import { refusalOf, requestOf, runPasses, targetOf } from './tool-target.fixture.ts'

const all: Partial<Capabilities> = {
  serverTools: ['web-search', 'web-fetch', 'code-execution', 'mcp', 'tool-search', 'image-generation'],
}
const none: Partial<Capabilities> = { serverTools: [] }

const server = (
  tool: ServerTool,
  wireType: string,
  config: unknown = {},
  name?: string,
): ServerToolDefinition => ({
  type: 'server',
  tool,
  wireType,
  ...(name === undefined ? {} : { name }),
  config: JSON.stringify(config),
  at: 'tools.0',
})
const claudeSearch = (config: object = {}) =>
  server('web-search', 'web_search_20250305', config, 'web_search')
const openaiSearch = (config: object = {}) => server('web-search', 'web_search', config)
const googleSearch = (config: object = {}) => server('web-search', 'googleSearch', config)

const run = (
  tools: readonly ToolDefinition[],
  from: ProtocolId,
  to: ProtocolId,
  capabilities: Partial<Capabilities> = all,
  more: Partial<GenerateRequest> = {},
) => runPasses([serverTools], requestOf(from, { tools, ...more }), targetOf(to, capabilities))

const configs = (...given: Parameters<typeof run>) =>
  run(...given).request.tools.map((tool) =>
    tool.type === 'server' ? { wireType: tool.wireType, config: JSON.parse(tool.config) } : tool.name,
  )

const location = { type: 'approximate', city: 'Ulm', country: 'DE' }

describe('a web search', () => {
  test('is the target’s own, with its filters', () => {
    expect(
      configs(
        [claudeSearch({ allowed_domains: ['a.de'], user_location: location })],
        'anthropic-messages',
        'openai-responses',
      ),
    ).toEqual([
      {
        wireType: 'web_search',
        config: { type: 'web_search', filters: { allowed_domains: ['a.de'] }, user_location: location },
      },
    ])
    expect(
      configs(
        [openaiSearch({ filters: { allowed_domains: ['a.de'] } })],
        'openai-responses',
        'anthropic-messages',
      ),
    ).toEqual([
      {
        wireType: 'web_search_20250305',
        config: { type: 'web_search_20250305', name: 'web_search', allowed_domains: ['a.de'] },
      },
    ])
    expect(configs([claudeSearch({ blocked_domains: ['b.de'] })], 'anthropic-messages', 'gemini')).toEqual([
      { wireType: 'googleSearch', config: { excludeDomains: ['b.de'] } },
    ])
    expect(
      configs([googleSearch({ excludeDomains: ['b.de'] })], 'gemini', 'anthropic-messages'),
    ).toMatchObject([{ config: { blocked_domains: ['b.de'] } }])
    const chat = server('web-search', 'web_search_options', {
      search_context_size: 'low',
      user_location: { type: 'approximate', approximate: { city: 'Ulm' } },
    })
    expect(configs([chat], 'openai-chat', 'openai-responses')).toMatchObject([
      { config: { search_context_size: 'low', user_location: { type: 'approximate', city: 'Ulm' } } },
    ])
    expect(configs([openaiSearch({ user_location: location })], 'openai-responses', 'openai-chat')).toEqual([
      {
        wireType: 'web_search_options',
        config: { user_location: { type: 'approximate', approximate: { city: 'Ulm', country: 'DE' } } },
      },
    ])
  })

  test('keeps its restrictions or is refused, at the member that restricts', () => {
    const refused: readonly (readonly [ServerToolDefinition, ProtocolId, ProtocolId, string])[] = [
      [
        claudeSearch({ blocked_domains: ['b.de'] }),
        'anthropic-messages',
        'openai-responses',
        'blocked_domains',
      ],
      [claudeSearch({ max_uses: 3 }), 'anthropic-messages', 'gemini', 'max_uses'],
      [claudeSearch({ allowed_domains: ['a.de'] }), 'anthropic-messages', 'gemini', 'allowed_domains'],
      [claudeSearch({ allowed_domains: ['a.de'] }), 'anthropic-messages', 'openai-chat', 'allowed_domains'],
      [
        openaiSearch({ filters: { allowed_domains: ['a.de'] } }),
        'openai-responses',
        'gemini',
        'filters.allowed_domains',
      ],
      [googleSearch({ excludeDomains: ['b.de'] }), 'gemini', 'openai-responses', 'excludeDomains'],
      [googleSearch({ timeRangeFilter: {} }), 'gemini', 'openai-responses', 'timeRangeFilter'],
      [server('web-search', 'enterpriseWebSearch'), 'gemini', 'anthropic-messages', 'enterpriseWebSearch'],
    ]
    for (const [tool, from, to, member] of refused) {
      expect(refusalOf(() => run([tool], from, to)).param).toBe(`tools.0.${member}`)
    }
  })

  test('is held to its number of uses by OpenAI’s number of all calls, where it is the only one that is called', () => {
    const { request, warnings } = run(
      [claudeSearch({ max_uses: 3 })],
      'anthropic-messages',
      'openai-responses',
    )
    expect(request.tools).toMatchObject([{ config: '{"type":"web_search"}' }])
    expect(request.extensions?.['openai-responses']).toEqual({ max_tool_calls: 3 })
    expect(warnings).toMatchObject([
      { code: 'approximated', feature: 'web_search_20250305', path: 'tools.0' },
    ])
    const besides = [
      server('code-execution', 'code_execution_20260120', {}, 'code_execution'),
      server('web-fetch', 'web_fetch_20260318', {}, 'web_fetch'),
    ]
    for (const other of besides) {
      const both = () => run([claudeSearch({ max_uses: 3 }), other], 'anthropic-messages', 'openai-responses')
      expect(refusalOf(both).param).toBe('tools.0.max_uses')
    }
    // Functions are called by the client.
    const fn = { type: 'function', name: 'f' } as const
    const beside = run([fn, claudeSearch({ max_uses: 3 })], 'anthropic-messages', 'openai-responses')
    expect(beside.request.extensions?.['openai-responses']).toEqual({ max_tool_calls: 3 })
  })

  test('warns of what only shapes it', () => {
    const { warnings } = run(
      [openaiSearch({ search_context_size: 'high', user_location: location })],
      'openai-responses',
      'gemini',
    )
    expect(warnings.map(({ path }) => path)).toEqual(['tools.0.search_context_size', 'tools.0.user_location'])
  })

  test('warns of pictures that only OpenAI finds', () => {
    const warned = (types: readonly string[]) =>
      run([openaiSearch({ search_content_types: types })], 'openai-responses', 'anthropic-messages').warnings
    expect(warned(['text', 'image']).map(({ path }) => path)).toEqual(['tools.0.search_content_types'])
    expect(warned(['text'])).toEqual([])
  })

  test('with absent or null filters has none', () => {
    const empty = claudeSearch({
      allowed_domains: null,
      blocked_domains: [],
      max_uses: null,
      user_location: null,
    })
    expect(configs([empty], 'anthropic-messages', 'gemini')).toEqual([
      { wireType: 'googleSearch', config: {} },
    ])
  })
})

describe('a tool that the target cannot run', () => {
  test('is left out with a warning when it is merely offered, as Codex does in every request', () => {
    const { request, warnings } = run(
      [openaiSearch({ external_web_access: true }), { type: 'function', name: 'exec' }],
      'openai-responses',
      'anthropic-messages',
      none,
    )
    expect(request.tools).toEqual([{ type: 'function', name: 'exec' }])
    expect(warnings).toMatchObject([{ code: 'dropped', feature: 'web_search', path: 'tools.0' }])
  })

  test('is refused when it is forced, or when something in it protects', () => {
    const choice = { toolChoice: { type: 'tool', name: 'web_search', kind: 'server' } } as const
    const forced = () => run([claudeSearch()], 'anthropic-messages', 'openai-chat', none, choice)
    expect(refusalOf(forced)).toMatchObject({
      param: 'tools.0',
      message: expect.stringContaining('unsupported_tool'),
    })
    const guarded = () => run([claudeSearch({ max_uses: 1 })], 'anthropic-messages', 'openai-chat', none)
    expect(refusalOf(guarded).param).toBe('tools.0')
  })

  test('is left out when it must not reach the web, which that fulfils', () => {
    const offline = openaiSearch({ external_web_access: false, filters: { allowed_domains: ['a.de'] } })
    for (const capabilities of [all, none]) {
      expect(run([offline], 'openai-responses', 'anthropic-messages', capabilities).request.tools).toEqual([])
    }
  })

  test('beside functions is left out where the model takes either', () => {
    const either = { ...all, serverToolsWithFunctions: false }
    const fn = { type: 'function', name: 'f' } as const
    expect(configs([openaiSearch(), fn], 'openai-responses', 'gemini', either)).toEqual(['f'])
    expect(configs([openaiSearch()], 'openai-responses', 'gemini', either)).toHaveLength(1)
  })

  test('is decided by its type: a client’s function may be called web_search', () => {
    const own: ToolDefinition = { type: 'function', name: 'web_search' }
    const { request, warnings } = run([own], 'anthropic-messages', 'openai-chat', none)
    expect(request.tools).toEqual([own])
    expect(warnings).toEqual([])
  })
})

describe('other tools of the provider’s', () => {
  test('have their counterparts', () => {
    const code = server('code-execution', 'code_execution_20260120', {}, 'code_execution')
    expect(configs([code], 'anthropic-messages', 'openai-responses')).toEqual([
      { wireType: 'code_interpreter', config: { type: 'code_interpreter', container: { type: 'auto' } } },
    ])
    expect(configs([code], 'anthropic-messages', 'gemini')).toEqual([
      { wireType: 'codeExecution', config: {} },
    ])
    const fetch = server('web-fetch', 'urlContext')
    expect(configs([fetch], 'gemini', 'anthropic-messages')).toEqual([
      { wireType: 'web_fetch_20250910', config: { type: 'web_fetch_20250910', name: 'web_fetch' } },
    ])
    const search = server('tool-search', 'tool_search')
    expect(configs([search], 'openai-responses', 'anthropic-messages')).toMatchObject([
      { wireType: 'tool_search_tool_bm25_20251119' },
    ])
    const pictures = server('image-generation', 'image_generation')
    const { request } = run([pictures], 'openai-responses', 'gemini')
    expect(request.tools).toEqual([])
    expect(request.extensions?.gemini).toEqual({
      $generationConfig: { responseModalities: ['TEXT', 'IMAGE'] },
    })
  })

  test('that open pages are part of OpenAI’s search', () => {
    const fetch = server('web-fetch', 'web_fetch_20260318', {}, 'web_fetch')
    expect(configs([fetch, claudeSearch()], 'anthropic-messages', 'openai-responses')).toMatchObject([
      { wireType: 'web_search' },
    ])
    const guarded = server('web-fetch', 'web_fetch_20260318', { url_sources: {} }, 'web_fetch')
    expect(refusalOf(() => run([guarded], 'anthropic-messages', 'gemini')).param).toBe('tools.0.url_sources')
  })

  test('do not take files, containers or stores along', () => {
    const files = server('code-execution', 'code_interpreter', {
      container: { type: 'auto', file_ids: ['f'] },
    })
    expect(refusalOf(() => run([files], 'openai-responses', 'gemini')).param).toBe(
      'tools.0.container.file_ids',
    )
    const container = server('code-execution', 'code_interpreter', { container: 'cntr_1' })
    expect(refusalOf(() => run([container], 'openai-responses', 'gemini')).param).toBe('tools.0.container')
    const store = server('file-search', 'file_search', { vector_store_ids: ['vs_1'] })
    expect(refusalOf(() => run([store], 'openai-responses', 'gemini')).param).toBe('tools.0')
    const screen = server('computer', 'computer')
    expect(refusalOf(() => run([screen], 'openai-responses', 'anthropic-messages')).param).toBe('tools.0')
  })

  test('are chosen by the target’s name', () => {
    const choice = { toolChoice: { type: 'tool', name: 'web_search_preview', kind: 'server' } } as const
    const preview = server('web-search', 'web_search_preview')
    expect(
      run([preview], 'openai-responses', 'anthropic-messages', all, choice).request.toolChoice,
    ).toMatchObject({
      name: 'web_search',
    })
  })

  test('are held to a number of calls where one search can be, and else refused', () => {
    const capped = { extensions: { 'openai-responses': { max_tool_calls: 2, other: 1 } } }
    const { request } = run([openaiSearch()], 'openai-responses', 'anthropic-messages', all, capped)
    expect(request.tools).toMatchObject([{ config: expect.stringContaining('"max_uses":2') }])
    expect(request.extensions).toEqual({ 'openai-responses': { other: 1 } })
    const code = server('code-execution', 'code_interpreter')
    const both = () => run([openaiSearch(), code], 'openai-responses', 'anthropic-messages', all, capped)
    expect(refusalOf(both).param).toBe('max_tool_calls')
    const fn = { type: 'function', name: 'f' } as const
    expect(run([fn], 'openai-responses', 'gemini', all, capped).request.tools).toEqual([fn])
  })
})

describe('MCP servers', () => {
  const url = 'https://mcp.example'
  const anthropic = (toolset: object | undefined, more: object = {}) =>
    [
      toolset === undefined ? [] : [server('mcp', 'mcp_toolset', { mcp_server_name: 'acme', ...toolset })],
      'anthropic-messages',
      {
        extensions: {
          'anthropic-messages': {
            mcp_servers: [{ type: 'url', name: 'acme', url, authorization_token: 'tok', ...more }],
          },
        },
      },
    ] as const
  const fromAnthropic = (to: ProtocolId, toolset?: object, more?: object) => {
    const [tools, from, request] = anthropic(toolset, more)
    return run(tools, from, to, all, request)
  }

  test('of Anthropic run without asking elsewhere as well', () => {
    const { request } = fromAnthropic('openai-responses', {
      default_config: { enabled: false },
      configs: { ping: { enabled: true }, pong: { enabled: false } },
    })
    expect(request.tools).toMatchObject([
      {
        wireType: 'mcp',
        name: 'acme',
        config: JSON.stringify({
          type: 'mcp',
          server_label: 'acme',
          server_url: url,
          authorization: 'tok',
          allowed_tools: ['ping'],
          require_approval: 'never',
        }),
      },
    ])
    expect(request.extensions?.['anthropic-messages']).toEqual({})
    expect(fromAnthropic('gemini', {}).request.tools).toMatchObject([
      {
        wireType: 'mcpServers',
        config: JSON.stringify([
          {
            name: 'acme',
            streamableHttpTransport: { url, headers: { Authorization: 'Bearer tok' } },
          },
        ]),
      },
    ])
  })

  test('keep the tools that are excluded, or are refused', () => {
    const excludes = { configs: { rm: { enabled: false } } }
    expect(refusalOf(() => fromAnthropic('openai-responses', excludes)).param).toBe('tools.0.configs')
    const old = { tool_configuration: { enabled: true, allowed_tools: ['ping'] } }
    expect(fromAnthropic('openai-responses', undefined, old).request.tools).toMatchObject([
      { config: expect.stringContaining('"allowed_tools":["ping"]') },
    ])
    expect(refusalOf(() => fromAnthropic('gemini', undefined, old)).param).toBe(
      'mcp_servers.0.tool_configuration.allowed_tools',
    )
    const off = { tool_configuration: { enabled: false } }
    expect(fromAnthropic('gemini', undefined, off).request.tools).toEqual([])
    expect(refusalOf(() => fromAnthropic('openai-chat', {})).param).toBe('tools.0')
  })

  const openai = (more: object) =>
    server('mcp', 'mcp', { type: 'mcp', server_label: 'acme', server_url: url, ...more }, 'acme')

  test('of OpenAI that ask before a call are refused, which they do unless told not to', () => {
    const guards: readonly (readonly [object, string])[] = [
      [{}, 'require_approval'],
      [{ require_approval: 'always' }, 'require_approval'],
      [{ require_approval: { never: { tool_names: ['a'] } } }, 'require_approval'],
      [{ require_approval: 'never', allowed_tools: { read_only: true } }, 'allowed_tools.read_only'],
      [{ require_approval: 'never', connector_id: 'c' }, 'connector_id'],
      [{ require_approval: 'never', headers: { 'X-A': '1' } }, 'headers'],
    ]
    for (const [more, member] of guards) {
      expect(refusalOf(() => run([openai(more)], 'openai-responses', 'anthropic-messages')).param).toBe(
        `tools.0.${member}`,
      )
    }
  })

  test('of OpenAI become a server and a toolset, with the beta that Anthropic wants', () => {
    const tool = openai({
      require_approval: 'never',
      allowed_tools: ['ping'],
      headers: { authorization: 'Bearer tok' },
    })
    const { request } = run([tool], 'openai-responses', 'anthropic-messages')
    expect(request.tools).toMatchObject([
      {
        wireType: 'mcp_toolset',
        config: JSON.stringify({
          type: 'mcp_toolset',
          mcp_server_name: 'acme',
          default_config: { enabled: false },
          configs: { ping: { enabled: true } },
        }),
      },
    ])
    expect(request.extensions?.['anthropic-messages']).toEqual({
      mcp_servers: [{ type: 'url', name: 'acme', url, authorization_token: 'tok' }],
      'anthropic-beta': 'mcp-client-2025-11-20',
    })
  })

  test('of Gemini keep their headers at OpenAI', () => {
    const transport = { url, headers: { AUTHORIZATION: 'Bearer tok', 'X-A': '1' }, timeout: '10s' }
    const tool = server('mcp', 'mcpServers', [{ name: 'acme', streamableHttpTransport: transport }])
    const { request, warnings } = run([tool], 'gemini', 'openai-responses')
    expect(request.tools).toMatchObject([
      {
        config: JSON.stringify({
          type: 'mcp',
          server_label: 'acme',
          server_url: url,
          authorization: 'tok',
          headers: { 'X-A': '1' },
          require_approval: 'never',
        }),
      },
    ])
    expect(warnings).toMatchObject([
      { feature: 'timeout', path: 'tools.0[0].streamableHttpTransport.timeout' },
    ])
    expect(refusalOf(() => run([tool], 'gemini', 'anthropic-messages')).param).toBe(
      'tools.0[0].streamableHttpTransport.headers',
    )
  })
})

describe('what ran at another provider', () => {
  const pair = (tool: ServerTool, input: string, output: string) =>
    [
      { type: 'server-call', id: 'x', tool, name: 'n', input },
      { type: 'server-result', callId: 'x', tool, name: 'n', output },
    ] as const

  test('is left out of the history with a warning: the text says what came of it', () => {
    const turns = [
      {
        role: 'assistant',
        parts: [...pair('web-search', '{}', '[]'), { type: 'text', text: 'So.' }],
        at: 'messages.1',
      },
      { role: 'assistant', parts: pair('mcp', '{}', '""'), at: 'messages.2' },
    ] as const
    const { request, warnings } = run([], 'anthropic-messages', 'openai-responses', all, { turns })
    expect(request.turns).toEqual([
      { role: 'assistant', parts: [{ type: 'text', text: 'So.' }], at: 'messages.1' },
    ])
    expect(warnings.map(({ path }) => path)).toEqual(['messages.1', 'messages.2'])
  })

  test('as code is told to Gemini, without the other’s ids', () => {
    const turns = [{ role: 'assistant', parts: pair('code-execution', '{"code":"1"}', '[]') }] as const
    const { request } = run([], 'openai-responses', 'gemini', all, { turns })
    expect(request.turns[0]?.parts).toEqual([
      { type: 'server-call', tool: 'code-execution', name: 'n', input: '{"code":"1"}' },
      { type: 'server-result', tool: 'code-execution', name: 'n', output: '[]' },
    ])
  })
})
