import {
  type Extensions,
  extensionOf,
  type GenerateRequest,
  type JsonObject,
  type ProtocolId,
  type ServerTool,
  type ServerToolDefinition,
  type ToolChoice,
  type ToolDefinition,
} from '../../ir/index.ts'
import type { Pass, TranslationContext } from '../pass.ts'
import { codeExecutionFor, codeProtects } from './code-execution.ts'
import { absent, definition, type HostedTool, mapped, refused } from './hosted-tool.ts'
import { anthropicServers, geminiServers, type McpServer, responsesServer } from './mcp-server.ts'
import { mcpFor } from './mcp-tools.ts'
import { serverAnswer } from './server-answer.ts'
import { withoutServerHistory } from './server-history.ts'
import { fetchProtects, webFetchFor } from './web-fetch.ts'
import { isOffline, type SearchLimits, searchProtects, webSearchFor } from './web-search.ts'
import { withoutExtension } from './without-extension.ts'

/**
 * Tools that run at the provider, as the target has them (translation.md §5.5, §5.6); decided by their type, never by a
 * name. What restricts them is mapped or refused.
 *
 * Agents offer some of them in every request without anybody having asked for them (Codex `web_search` and
 * `tool_search`). One that the target cannot run, that no restriction stands in and that nobody forces is left out with
 * a warning: the model is offered less, which weakens nothing. A search that must not reach the web is left out likewise.
 */
export const serverTools: Pass = {
  name: 'server tools',
  run(request, context) {
    const { target } = context
    if (request.protocol === target.protocol) return { request }
    const settled = settle(request, context)
    const { turns } = settled
    const history = withoutServerHistory(turns, context)
    return {
      request: history === turns ? settled : { ...settled, turns: history },
      answer: () => serverAnswer(request.protocol, target.protocol, serverNames(request, target.protocol)),
    }
  },
}

const settle = (request: GenerateRequest, context: TranslationContext): GenerateRequest => {
  const servers = mcpServers(request)
  const maxCalls = extensionOf(request, 'openai-responses')['max_tool_calls']
  const cap = typeof maxCalls === 'number' ? maxCalls : undefined
  const hosted = request.tools.filter((tool) => tool.type === 'server')
  // Said in other words, or refused, below.
  const consumed = withoutExtension(request, request.protocol, ['mcp_servers', 'max_tool_calls'])
  if (hosted.length === 0 && servers.length === 0) return consumed

  const tools: ToolDefinition[] = []
  const names = new Map<string, string>()
  let members: JsonObject = {}
  let isCapped = cap === undefined
  const adopt = (becomes: HostedTool, tool: ServerToolDefinition | undefined, at: string): void => {
    if (becomes.type !== 'mapped') {
      leaveOut(becomes, tool, at, request, context)
      return
    }
    for (const { member, reason, at: place = at } of becomes.losses) {
      if (member === undefined) context.warn('approximated', tool?.wireType ?? 'mcp', place, reason)
      else context.warn('dropped', member, `${place}.${member}`, reason)
    }
    tools.push(...becomes.tools.map((one) => ({ ...one, at })))
    members = { ...members, ...becomes.members }
    const [first] = becomes.tools
    if (tool === undefined || first === undefined) return
    for (const name of [tool.name, tool.wireType]) {
      if (name !== undefined) names.set(name, first.name ?? first.wireType)
    }
  }

  request.tools.forEach((tool, index) => {
    if (tool.type !== 'server') {
      tools.push(tool)
      return
    }
    if (tool.tool === 'mcp') return
    const at = tool.at ?? `tools[${index}]`
    // One search alone can be held to the number of calls of the whole request.
    const maxUses = cap !== undefined && hosted.length === 1 && tool.tool === 'web-search' ? cap : undefined
    const limits = {
      isAlone: hosted.length === 1 && servers.length === 0,
      ...(maxUses !== undefined && { maxUses }),
    }
    const becomes = together(hostedFor(tool, request, context, limits), tool, request, context)
    if (becomes.type === 'mapped' && maxUses !== undefined) isCapped = true
    adopt(becomes, tool, at)
  })
  if (servers.length > 0) {
    const at = servers[0]?.at ?? 'tools'
    const canConnect = context.target.capabilities.serverTools.includes('mcp')
    adopt(
      canConnect ? mcpFor(servers, context.target.protocol) : refused('it connects to no MCP servers'),
      undefined,
      at,
    )
  }
  if (!isCapped && tools.some((tool) => tool.type === 'server')) {
    context.refuse('max_tool_calls', 'max_tool_calls', 'the target cannot be held to a number of calls')
  }
  return withMembers(
    { ...consumed, tools, ...renamedChoice(request.toolChoice, names) },
    context.target.protocol,
    members,
  )
}

const hostedFor = (
  tool: ServerToolDefinition,
  { protocol, tools }: GenerateRequest,
  { target }: TranslationContext,
  limits: SearchLimits,
): HostedTool => {
  const to = target.protocol
  const lacks = !target.capabilities.serverTools.includes(tool.tool) || !sayableTools[to].has(tool.tool)
  switch (tool.tool) {
    case 'web-search':
      if (isOffline(tool, protocol)) return absent('its search always reaches the web')
      if (lacks) return absent('it does not search the web', searchProtects(tool, protocol))
      return webSearchFor(tool, protocol, to, limits)
    case 'web-fetch':
      if (lacks && to !== 'openai-responses') return absent('it opens no pages', fetchProtects(tool))
      return webFetchFor(tool, to, tools.some(isOf('web-search')))
    case 'code-execution':
      return lacks ? absent('it runs no code', codeProtects(tool)) : codeExecutionFor(tool, to)
    case 'tool-search':
      return lacks ? absent('all tools are offered from the start') : toolSearchFor(to)
    case 'image-generation':
      return lacks ? absent('it makes no pictures') : pictures
    case 'file-search':
      return refused('files that are stored at one provider are not at another')
    case 'computer':
      return refused('screens are described differently, and safety checks must reach a human')
    case 'shell':
    case 'text-editor':
    case 'memory':
    case 'advisor':
    case 'mcp':
      return absent('no counterpart')
    case 'other':
      return tool.wireType === 'programmatic_tool_calling'
        ? absent('the model calls tools directly')
        : refused('no counterpart')
  }
}

/** What each protocol has words for, whatever the model. */
const sayableTools: Readonly<Record<ProtocolId, ReadonlySet<ServerTool>>> = {
  'openai-chat': new Set<ServerTool>(['web-search']),
  'openai-embeddings': new Set<ServerTool>(),
  'openai-responses': new Set<ServerTool>(['web-search', 'code-execution', 'tool-search', 'mcp']),
  'anthropic-messages': new Set<ServerTool>([
    'web-search',
    'web-fetch',
    'code-execution',
    'tool-search',
    'mcp',
  ]),
  gemini: new Set<ServerTool>(['web-search', 'web-fetch', 'code-execution', 'image-generation', 'mcp']),
}

const isOf =
  (kind: ServerTool) =>
  (tool: ToolDefinition): boolean =>
    tool.type === 'server' && tool.tool === kind

const pictures: HostedTool = {
  type: 'mapped',
  tools: [],
  members: { $generationConfig: { responseModalities: ['TEXT', 'IMAGE'] } },
  losses: [],
}

const toolSearchFor = (to: ProtocolId): HostedTool => {
  const losses = [{ reason: 'the other provider searches by its own rules' }]
  if (to === 'openai-responses') {
    return mapped([definition('tool-search', 'tool_search', { type: 'tool_search' })], losses)
  }
  const type = 'tool_search_tool_bm25_20251119'
  const name = 'tool_search_tool_bm25'
  return mapped([definition('tool-search', type, { type, name }, name)], losses)
}

/** Some models take either functions or tools of the provider's (translation.md TD15). */
const together = (
  becomes: HostedTool,
  tool: ServerToolDefinition,
  { protocol, tools }: GenerateRequest,
  { target }: TranslationContext,
): HostedTool => {
  const hasFunctions = tools.some((one) => one.type !== 'server')
  if (becomes.type !== 'mapped' || becomes.tools.length === 0) return becomes
  if (!hasFunctions || target.capabilities.serverToolsWithFunctions) return becomes
  const protects =
    (tool.tool === 'web-search' && searchProtects(tool, protocol)) ||
    (tool.tool === 'web-fetch' && fetchProtects(tool)) ||
    (tool.tool === 'code-execution' && codeProtects(tool))
  return absent('the model takes either functions or tools of the provider’s', protects)
}

const leaveOut = (
  becomes: Exclude<HostedTool, { type: 'mapped' }>,
  tool: ServerToolDefinition | undefined,
  at: string,
  { toolChoice }: GenerateRequest,
  { warn, refuse }: TranslationContext,
): void => {
  const feature = tool === undefined ? 'mcp' : tool.wireType
  const isForced =
    tool !== undefined &&
    toolChoice?.type === 'tool' &&
    toolChoice.kind === 'server' &&
    (toolChoice.name === tool.name || toolChoice.name === tool.wireType)
  if (becomes.type === 'absent' && !becomes.protects && !isForced) {
    warn('dropped', feature, at, becomes.reason)
    return
  }
  const { member, at: owner = at } = becomes.type === 'refused' ? becomes : {}
  const place = member === undefined ? owner : `${owner}.${member}`
  refuse(`unsupported_tool: ${feature}`, place, becomes.reason)
}

const mcpServers = (request: GenerateRequest): readonly McpServer[] => {
  if (request.protocol === 'anthropic-messages') return anthropicServers(request)
  const tools = request.tools.filter((tool) => tool.type === 'server').filter((tool) => tool.tool === 'mcp')
  return request.protocol === 'gemini' ? tools.flatMap(geminiServers) : tools.map(responsesServer)
}

const serverNames = (request: GenerateRequest, upstream: string): readonly string[] =>
  upstream === 'gemini' ? mcpServers(request).map(({ name }) => name) : []

/** A hosted tool is chosen by its name, at OpenAI by its type. */
const renamedChoice = (
  choice: ToolChoice | undefined,
  names: ReadonlyMap<string, string>,
): Pick<GenerateRequest, 'toolChoice'> => {
  if (choice === undefined) return {}
  if (choice.type === 'allowed') {
    return { toolChoice: { ...choice, names: choice.names.map((name) => names.get(name) ?? name) } }
  }
  if (choice.type !== 'tool' || choice.kind !== 'server') return { toolChoice: choice }
  return { toolChoice: { ...choice, name: names.get(choice.name) ?? choice.name } }
}

const withMembers = (
  request: GenerateRequest,
  protocol: GenerateRequest['protocol'],
  members: JsonObject,
): GenerateRequest => {
  if (Object.keys(members).length === 0) return request
  const extensions: Extensions = {
    ...request.extensions,
    [protocol]: { ...request.extensions?.[protocol], ...members },
  }
  return { ...request, extensions }
}
