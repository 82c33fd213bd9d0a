import {
  extensionOf,
  type GenerateRequest,
  isJsonObject,
  type JsonObject,
  type ServerToolDefinition,
} from '../../ir/index.ts'
import { memberOf, objectMember, objectOf, parsedJson, textMember, textsMember } from './json-source.ts'

/** An MCP server that the provider connects to, as any protocol can name it (translation.md §5.6). */
export interface McpServer {
  readonly name: string
  readonly url: string
  /** A bearer token. */
  readonly authorization?: string
  readonly headers?: JsonObject
  /** The tools that may be called; absent: all. */
  readonly allowed?: readonly string[]
  /** The member of the client's definition that says so, where it has another name than OpenAI's. */
  readonly allowedBy?: string
  readonly description?: string
  readonly deferLoading?: boolean
  /** What protects and only the source can say, by its member. */
  readonly guard?: string
  /** Members that have no counterpart and protect nothing. */
  readonly lost?: readonly string[]
  readonly at?: string
  /** Where its settings stand, if not in itself. */
  readonly settingsAt?: string
}

/** Anthropic names servers beside the tools, and what of them is offered among the tools. */
export const anthropicServers = (request: GenerateRequest): readonly McpServer[] => {
  const listed = extensionOf(request, 'anthropic-messages')['mcp_servers']
  const servers = Array.isArray(listed) ? listed.filter(isJsonObject) : []
  return servers.flatMap((server, index): readonly McpServer[] => {
    const name = textMember(server, 'name')
    const url = textMember(server, 'url')
    if (name === undefined || url === undefined) return []
    const toolset = request.tools.find(
      (tool): tool is ServerToolDefinition =>
        tool.type === 'server' &&
        tool.wireType === 'mcp_toolset' &&
        objectOf(tool.config)['mcp_server_name'] === name,
    )
    const settings = objectMember(server, 'tool_configuration')
    if (toolset === undefined && settings?.['enabled'] === false) return []
    const authorization = textMember(server, 'authorization_token')
    const offered =
      toolset === undefined ? oldFilter(settings ?? {}) : toolsetFilter(objectOf(toolset.config))
    const at = toolset?.at ?? `mcp_servers.${index}`
    return [
      {
        name,
        url,
        ...(authorization === undefined ? {} : { authorization }),
        ...offered,
        at,
        settingsAt: `${at}.default_config`,
      },
    ]
  })
}

const oldFilter = (settings: JsonObject): Partial<McpServer> => {
  const allowed = textsMember(settings, 'allowed_tools')
  return allowed === undefined ? {} : { allowed, allowedBy: 'tool_configuration.allowed_tools' }
}

const toolsetFilter = (toolset: JsonObject): Partial<McpServer> => {
  const defaults = objectMember(toolset, 'default_config') ?? {}
  const configs = Object.entries(objectMember(toolset, 'configs') ?? {})
  const enabled = (config: unknown): unknown => (isJsonObject(config) ? config['enabled'] : undefined)
  const deferred = defaults['defer_loading'] === true ? { deferLoading: true } : {}
  if (defaults['enabled'] === false) {
    const allowed = configs.filter(([, config]) => enabled(config) === true).map(([name]) => name)
    return { ...deferred, allowed, allowedBy: 'default_config.enabled' }
  }
  const excludes = configs.some(([, config]) => enabled(config) === false)
  return { ...deferred, ...(excludes ? { guard: 'configs' } : {}) }
}

/** OpenAI asks before each call unless it is told not to: other providers cannot ask. */
export const responsesServer = (tool: ServerToolDefinition): McpServer => {
  const config = objectOf(tool.config)
  const authorization = textMember(config, 'authorization')
  const headers = objectMember(config, 'headers')
  const description = textMember(config, 'server_description')
  const filter = memberOf(config, 'allowed_tools')
  const allowed = isJsonObject(filter)
    ? textsMember(filter, 'tool_names')
    : textsMember(config, 'allowed_tools')
  const guards = {
    require_approval: config['require_approval'] !== 'never',
    connector_id: textMember(config, 'connector_id') !== undefined,
    tunnel_id: textMember(config, 'tunnel_id') !== undefined,
    'allowed_tools.read_only': isJsonObject(filter) && filter['read_only'] === true,
    // An empty list allows nothing.
    allowed_tools: Array.isArray(filter) && filter.length === 0,
    server_url: textMember(config, 'server_url') === undefined,
  }
  const guard = Object.entries(guards).find(([, isSet]) => isSet)?.[0]
  return {
    name: textMember(config, 'server_label') ?? '',
    url: textMember(config, 'server_url') ?? '',
    ...(authorization === undefined ? {} : { authorization }),
    ...(headers === undefined ? {} : { headers }),
    ...(allowed === undefined ? {} : { allowed }),
    ...(description === undefined ? {} : { description }),
    ...(config['defer_loading'] === true ? { deferLoading: true } : {}),
    ...(guard === undefined ? {} : { guard }),
    ...(tool.at === undefined ? {} : { at: tool.at }),
  }
}

export const geminiServers = (tool: ServerToolDefinition): readonly McpServer[] => {
  const listed = parsedJson(tool.config)
  const servers = Array.isArray(listed) ? listed.filter(isJsonObject) : []
  return servers.map((server, index) => {
    const at = tool.at === undefined ? undefined : `${tool.at}[${index}]`
    const transport = objectMember(server, 'streamableHttpTransport') ?? {}
    const { authorization, headers } = splitHeaders(objectMember(transport, 'headers') ?? {})
    const url = textMember(transport, 'url')
    const lost = ['timeout', 'sseReadTimeout', 'terminateOnClose'].filter(
      (key) => memberOf(transport, key) !== undefined,
    )
    return {
      name: textMember(server, 'name') ?? '',
      url: url ?? '',
      ...(authorization === undefined ? {} : { authorization }),
      ...(Object.keys(headers).length === 0 ? {} : { headers }),
      ...(url === undefined ? { guard: 'streamableHttpTransport' } : {}),
      ...(lost.length === 0 ? {} : { lost }),
      ...(at === undefined ? {} : { at, settingsAt: `${at}.streamableHttpTransport` }),
    }
  })
}

/** A bearer token is a member of its own elsewhere; header names know no case. */
export const splitHeaders = (
  given: JsonObject,
): { readonly authorization?: string; readonly headers: JsonObject } => {
  const entries = Object.entries(given)
  const isToken = ([name, value]: readonly [string, unknown]): boolean =>
    name.toLowerCase() === 'authorization' && typeof value === 'string' && /^bearer /i.test(value)
  const token = entries.find(isToken)?.[1]
  return {
    ...(typeof token === 'string' ? { authorization: token.slice('bearer '.length) } : {}),
    headers: Object.fromEntries(entries.filter((entry) => !isToken(entry))),
  }
}
