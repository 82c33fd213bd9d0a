import type { JsonObject, ProtocolId, ServerToolDefinition } from '../../ir/index.ts'
import { definition, type HostedLoss, type HostedTool, refused } from './hosted-tool.ts'
import { type McpServer, splitHeaders } from './mcp-server.ts'

/** Anthropic connects to MCP servers only for who asks so. */
const connectorBeta = 'mcp-client-2025-11-20'

/** MCP servers in the target's words; what guards them is mapped or refused (translation.md MCP1–MCP3). */
export const mcpFor = (servers: readonly McpServer[], to: ProtocolId): HostedTool => {
  for (const server of servers) {
    const guard = server.guard ?? unsayable(server, to)
    if (guard === undefined) continue
    const at = guard === 'headers' ? (server.settingsAt ?? server.at) : server.at
    return refused('the target cannot guard the server so', guard, at)
  }
  const losses = servers.flatMap((server) => lossesOf(server, to))
  switch (to) {
    case 'anthropic-messages':
      return {
        type: 'mapped',
        tools: servers.map(toolset),
        members: { mcp_servers: servers.map(anthropicServer), 'anthropic-beta': connectorBeta },
        losses,
      }
    case 'openai-responses':
      return { type: 'mapped', tools: servers.map(responsesTool), losses }
    case 'gemini':
      return {
        type: 'mapped',
        tools: [definition('mcp', 'mcpServers', servers.map(geminiServer))],
        losses,
      }
    default:
      return refused('it connects to no MCP servers')
  }
}

const unsayable = (
  { allowed, allowedBy = 'allowed_tools', headers }: McpServer,
  to: ProtocolId,
): string | undefined => {
  if (to === 'gemini') return allowed === undefined ? undefined : allowedBy
  if (to !== 'anthropic-messages' || headers === undefined) return undefined
  return Object.keys(splitHeaders(headers).headers).length === 0 ? undefined : 'headers'
}

const lossesOf = (server: McpServer, to: ProtocolId): readonly HostedLoss[] => {
  const members = [
    ...(server.lost ?? []),
    ...(server.description === undefined || to === 'openai-responses' ? [] : ['server_description']),
    ...(server.deferLoading !== true || to !== 'gemini' ? [] : ['defer_loading']),
  ]
  const at = server.settingsAt ?? server.at
  return members.map((member) => ({ member, reason: 'no counterpart', ...(at === undefined ? {} : { at }) }))
}

const anthropicServer = ({ name, url, authorization, headers }: McpServer): JsonObject => {
  const token = authorization ?? splitHeaders(headers ?? {}).authorization
  return { type: 'url', name, url, ...(token === undefined ? {} : { authorization_token: token }) }
}

const toolset = ({ name, allowed, deferLoading }: McpServer): ServerToolDefinition => {
  const defaults = {
    ...(allowed === undefined ? {} : { enabled: false }),
    ...(deferLoading === true ? { defer_loading: true } : {}),
  }
  return definition('mcp', 'mcp_toolset', {
    type: 'mcp_toolset',
    mcp_server_name: name,
    ...(Object.keys(defaults).length === 0 ? {} : { default_config: defaults }),
    ...(allowed === undefined
      ? {}
      : { configs: Object.fromEntries(allowed.map((tool) => [tool, { enabled: true }])) }),
  })
}

const responsesTool = (server: McpServer): ServerToolDefinition =>
  definition(
    'mcp',
    'mcp',
    {
      type: 'mcp',
      server_label: server.name,
      server_url: server.url,
      authorization: server.authorization,
      headers: server.headers,
      server_description: server.description,
      allowed_tools: server.allowed,
      // Left out it means always here; elsewhere nobody asks.
      require_approval: 'never',
      defer_loading: server.deferLoading,
    },
    server.name,
  )

const geminiServer = ({ name, url, authorization, headers }: McpServer): JsonObject => {
  const all = {
    ...headers,
    ...(authorization === undefined ? {} : { Authorization: `Bearer ${authorization}` }),
  }
  return {
    name,
    streamableHttpTransport: { url, ...(Object.keys(all).length === 0 ? {} : { headers: all }) },
  }
}
